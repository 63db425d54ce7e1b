/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing and reading the fields of a protocol buffer: see wire.h. */
#include "criu/wire.h"
#include <errno.h>

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

#define MAX_FIELD ((1U << 29) - 1)

static void put_varint(struct str *s, uint64_t v)
{
        char buf[10];
        size_t n = 0;

        do {
                buf[n] = (char)(v & 0x7f);
                v >>= 7;
                if (v)
                        buf[n] |= (char)0x80;
                n++;
        } while (v);
        str_add_n(s, buf, n);
}

static void put_bytes(struct str *s, unsigned field, const char *data, size_t len)
{
        put_varint(s, (uint64_t)field << 3 | BYTES);
        put_varint(s, len);
        str_add_n(s, data, len);
}

void wire_put_number(struct str *s, unsigned field, int64_t value)
{
        put_varint(s, (uint64_t)field << 3 | VARINT);
        put_varint(s, (uint64_t)value);
}

void wire_put_text(struct str *s, unsigned field, const char *text)
{
        put_bytes(s, field, text, strlen(text));
}

void wire_put_message(struct str *s, unsigned field, const struct str *message)
{
        s->failed |= message->failed;
        put_bytes(s, field, message->len ? message->p : "", message->len);
}

static int get_varint(struct wire_reader *r, uint64_t *ret)
{
        uint64_t v = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                unsigned char c;

                if (r->n == 0)
                        return -EBADMSG;
                c = (unsigned char)*r->p++;
                r->n--;
                if (shift == 63 && c > 1) /* more than 64 bits */
                        return -EBADMSG;
                v |= (uint64_t)(c & 0x7f) << shift;
                if (!(c & 0x80)) {
                        *ret = v;
                        return 0;
                }
        }
        return -EBADMSG;
}

static int skip(struct wire_reader *r, uint64_t len)
{
        if (len > r->n)
                return -EBADMSG;
        r->p += len;
        r->n -= (size_t)len;
        return 0;
}

int wire_next(struct wire_reader *r, struct wire_field *ret)
{
        struct wire_field f = { 0 };
        uint64_t tag, len;

        if (r->n == 0)
                return 0;
        if (get_varint(r, &tag) < 0 || tag >> 3 == 0 || tag >> 3 > MAX_FIELD)
                return -EBADMSG;
        f.number = (unsigned)(tag >> 3);
        switch (tag & 7) {
        case VARINT:
                if (get_varint(r, &f.value) < 0)
                        return -EBADMSG;
                break;
        case FIXED64:
        case FIXED32:
                if (skip(r, (tag & 7) == FIXED64 ? 8 : 4) < 0)
                        return -EBADMSG;
                break;
        case BYTES:
                if (get_varint(r, &len) < 0 || len > r->n)
                        return -EBADMSG;
                f.data = r->p;
                f.len = (size_t)len;
                (void)skip(r, len);
                break;
        default: /* groups, which are obsolete */
                return -EBADMSG;
        }
        *ret = f;
        return 1;
}
