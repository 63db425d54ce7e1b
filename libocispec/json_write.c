/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing JSON, on top of yajl.
 *
 * Its generator puts the commas, the quotes and the escapes of what is written. It takes any bytes for a
 * string, so bytes that are not UTF-8 are replaced here. Its own layout, with lines and indentation, writes
 * an empty object on three lines; so the layout is made here, around the pieces that the generator hands
 * out. It looks at each character of a string for one to be escaped; where none is, which can be seen eight
 * at a time, it is given an empty string, and the text is put between the quotes.
 */
#include "json.h"
#include "base/str.h"
#include "base/utf8.h"
#include "json_memory.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#define ONES UINT64_C(0x0101010101010101) /* one in each of eight characters */

struct json_writer {
        struct json_memory memory;
        yajl_gen gen;
        struct str text;
        unsigned indent, depth;
        bool start;        /* a call of yajl begins: its first piece may be a separator       */
        bool line;         /* the entry that begins stands on a line of its own               */
        bool misuse;       /* nested more deeply than yajl can, or not a document at all      */
        char open;         /* '{' or '[': a bracket that yajl will be told of with what is in it */
        const char *plain; /* what goes behind the opening quote that yajl will write, or NULL */
        size_t plain_len;
};

static void put(struct json_writer *w, const char *s, size_t len)
{
        /* Most pieces are a quote, a comma or a bracket. */
        if (len == 1 && w->text.cap - w->text.len > 1) {
                w->text.p[w->text.len++] = *s;
                w->text.p[w->text.len] = '\0';
                return;
        }
        str_add_n(&w->text, s, len);
}

static void put_newline(struct json_writer *w)
{
        static const char spaces[] = "\n                                                                ";
        size_t n = (size_t)w->indent * w->depth;

        if (w->indent)
                put(w, spaces, 1 + (n < sizeof(spaces) - 2 ? n : sizeof(spaces) - 2));
        else if (w->line)
                put(w, spaces, 2);
}

/* The pieces that yajl makes. */
static void on_text(void *data, const char *s, size_t len)
{
        struct json_writer *w = data;
        bool start = w->start;

        w->start = false;
        put(w, s, len);
        if (w->plain && len == 1 && *s == '"') {
                str_add_n(&w->text, w->plain, w->plain_len);
                w->plain = NULL;
        }
        if (start && *s == ',')
                put_newline(w);
        else if (start && *s == ':' && w->indent)
                put(w, " ", 1);
}

static yajl_gen generator(struct json_memory *m)
{
        yajl_alloc_funcs funcs = json_memory_funcs(m);

        if (__builtin_setjmp(m->failed) != 0)
                return NULL;
        return yajl_gen_alloc(&funcs);
}

/* With a function of ours for the text, the generator allocates nothing after this. */
struct json_writer *json_write_new(int indent)
{
        struct json_writer *w = calloc(1, sizeof(*w));

        if (!w)
                return NULL;
        w->gen = generator(&w->memory);
        if (!w->gen) {
                json_write_free(w);
                return NULL;
        }
        w->indent = (unsigned)indent;
        (void)yajl_gen_config(w->gen, yajl_gen_print_callback, on_text, w);
        return w;
}

void json_write_free(struct json_writer *w)
{
        if (!w)
                return;
        json_memory_free(&w->memory);
        str_free(&w->text);
        free(w);
}

static void written(struct json_writer *w, yajl_gen_status status)
{
        w->misuse |= status != yajl_gen_status_ok;
        w->start = w->line = false;
}

static void open_bracket(struct json_writer *w)
{
        written(w, w->open == '{' ? yajl_gen_map_open(w->gen) : yajl_gen_array_open(w->gen));
        w->open = 0;
}

/* Before each value and key. Returns whether there is a writer, and a document: yajl that has refused a
 * bracket for its depth would read behind its stack of states at the next call. */
static bool ready(struct json_writer *w)
{
        if (!w || w->misuse)
                return false;
        w->start = true;
        if (!w->open)
                return true;
        open_bracket(w);
        w->depth++;
        put_newline(w);
        return !w->misuse;
}

void json_write_object(struct json_writer *w)
{
        if (ready(w))
                w->open = '{';
}

void json_write_array(struct json_writer *w)
{
        if (ready(w))
                w->open = '[';
}

void json_write_raw(struct json_writer *w, const char *text)
{
        if (ready(w))
                written(w, yajl_gen_number(w->gen, text, strlen(text)));
}

/* Before a closing bracket, which is beside the opening one when there is nothing between them. */
static bool close_bracket(struct json_writer *w)
{
        if (!w || w->misuse)
                return false;
        if (w->open) {
                open_bracket(w);
        } else {
                w->depth--;
                put_newline(w);
        }
        return !w->misuse;
}

void json_write_object_end(struct json_writer *w)
{
        if (close_bracket(w))
                written(w, yajl_gen_map_close(w->gen));
}

void json_write_array_end(struct json_writer *w)
{
        if (close_bracket(w))
                written(w, yajl_gen_array_close(w->gen));
}

/* In which of eight characters is the highest bit of `x - n` set and that of x not: n is larger. */
static uint64_t below(uint64_t x, uint64_t n)
{
        return (x - ONES * n) & ~x & (ONES << 7);
}

bool json_write_is_plain(const char *s, size_t len)
{
        for (; len >= 8; s += 8, len -= 8) {
                uint64_t x;

                memcpy(&x, s, 8);
                if ((x & ONES << 7) | below(x, ' ') | below(x ^ ONES * '"', 1) | below(x ^ ONES * '\\', 1))
                        return false;
        }
        for (; len > 0; s++, len--)
                if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x80 || *s == '"' || *s == '\\')
                        return false;
        return true;
}

bool json_write_plain(struct json_writer *w, const char *s, size_t len)
{
        if (!json_write_is_plain(s, len))
                return false;
        if (!ready(w))
                return true;
        w->plain = s;
        w->plain_len = len;
        written(w, yajl_gen_string(w->gen, (const unsigned char *)"", 0));
        w->plain = NULL;
        return true;
}

void json_write_text(struct json_writer *w, const char *s, size_t len)
{
        if (!json_write_plain(w, s, len) && ready(w))
                written(w, yajl_gen_string(w->gen, (const unsigned char *)s, len));
}

void json_write_string(struct json_writer *w, const char *s)
{
        _cleanup_str_ struct str repaired = { 0 };
        size_t len = s ? strlen(s) : 0, valid = s ? utf8_length(s, len) : 0;

        if (!s) {
                json_write_raw(w, "null");
                return;
        }
        if (valid == len) {
                json_write_text(w, s, len);
                return;
        }
        for (; len > 0; valid = utf8_length(s, len)) {
                str_add_n(&repaired, s, valid);
                s += valid;
                len -= valid;
                if (len > 0) {
                        str_add(&repaired, "\357\277\275");
                        s++;
                        len--;
                }
        }
        if (w)
                w->text.failed |= repaired.failed;
        json_write_text(w, repaired.p ? repaired.p : "", repaired.len);
}

void json_write_decimal(struct json_writer *w, bool negative, uint64_t magnitude, unsigned decimals)
{
        char text[300], *s = text + sizeof(text) - 1; /* for 255 digits behind the point */
        unsigned digits = 0;

        *s = '\0';
        do {
                if (digits++ == decimals && decimals > 0)
                        *--s = '.';
                *--s = (char)('0' + magnitude % 10);
                magnitude /= 10;
        } while (magnitude > 0 || (digits <= decimals && digits < 256));
        if (negative)
                *--s = '-';
        json_write_raw(w, s);
}

void json_write_number(struct json_writer *w, int64_t n)
{
        json_write_decimal(w, n < 0, n < 0 ? -(uint64_t)n : (uint64_t)n, 0);
}

void json_write_unsigned(struct json_writer *w, uint64_t n)
{
        json_write_decimal(w, false, n, 0);
}

void json_write_member(struct json_writer *w, const char *key, const char *value)
{
        if (!value || !*value)
                return;
        json_write_key(w, key);
        json_write_string(w, value);
}

void json_write_line(struct json_writer *w)
{
        if (ready(w))
                w->line = true;
}

int json_write_take(struct json_writer *w, char **ret, size_t *ret_len, struct cfs_error *err)
{
        int r;

        if (!w)
                return err_nomem(err);
        if (w->indent)
                put(w, "\n", 1);
        if (ret_len)
                *ret_len = w->text.len;
        r = w->misuse ? err_set(err, CFS_E_INVALID, "the document is nested too deeply to be written")
                      : str_take(&w->text, ret, err);
        json_write_free(w);
        return r;
}

int json_write_wrap(const char *key, const char *text, char **ret, struct cfs_error *err)
{
        struct json_writer *w = json_write_new(0);

        json_write_object(w);
        json_write_key(w, key);
        json_write_raw(w, text);
        json_write_object_end(w);
        return json_write_take(w, ret, NULL, err);
}
