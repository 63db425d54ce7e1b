/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading JSON, on top of yajl.
 *
 * yajl is a stream parser: it calls back for each token and builds nothing, which is what the decoder wants.
 * What it does not do is done here: the position of tokens (it only tells how far it has read), strict UTF-8
 * (it lets overlong forms and surrogates pass, and replaces lone \u surrogates by question marks), NUL in
 * strings, which C could not represent, and limits on size and depth.
 */
#include "json.h"
#include "base/utf8.h"
#include "json_memory.h"
#include "oci.h"
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct reader {
        const char *text;
        size_t len;
        const struct json_events *events;
        void *data;
        yajl_handle yajl;
        struct json_problem *problem;
        unsigned depth;
        bool complete; /* all of the text has been given to yajl        */
        bool failed;   /* a callback of ours found a problem            */
};

/* How far yajl has read. The end of the text is a last, separate bite, whose offsets count anew. */
static size_t reader_consumed(const struct reader *r)
{
        return r->complete ? r->len : yajl_get_bytes_consumed(r->yajl);
}

/* ---- problems ------------------------------------------------------------------------------------------ */

static int problem(struct json_problem *p, size_t offset, const char *text)
{
        p->offset = offset;
        snprintf(p->text, sizeof(p->text), "%s", text);
        return -EINVAL;
}

/* From within a callback: stops yajl. */
static int reader_problem(struct reader *r, size_t offset, const char *text)
{
        problem(r->problem, offset, text);
        r->failed = true;
        return 0;
}

/* A comma with nothing after it: the most common mistake gets the place and the words that it deserves. */
static bool trailing_comma(struct reader *r, size_t offset)
{
        size_t i = offset;

        if (offset >= r->len || (r->text[offset] != '}' && r->text[offset] != ']'))
                return false;
        while (i > 0 && strchr(" \t\r\n", r->text[i - 1]) && r->text[i - 1])
                i--;
        if (i == 0 || r->text[i - 1] != ',')
                return false;
        problem(r->problem, i - 1,
                r->text[offset] == '}' ? "a comma after the last property" : "a comma after the last entry");
        return true;
}

/* yajl's "lexical error: invalid char in json text.\n" as "invalid char in json text". */
static int yajl_problem(struct reader *r)
{
        size_t consumed = reader_consumed(r);
        unsigned char *message = yajl_get_error(r->yajl, 0, (const unsigned char *)r->text, r->len);
        const char *text = message ? (const char *)message : "not JSON";
        const char *colon = strstr(text, "error: ");

        if (colon)
                text = colon + strlen("error: ");
        if (strncmp(text, "premature EOF", 13) == 0) {
                problem(r->problem, r->len, "the text ends too early");
        } else {
                /* yajl steps back from a character that ends a token badly, but not from one that begins
                 * none. */
                bool stepped_back = message && strncmp((const char *)message, "lexical error", 13) == 0 &&
                                    strncmp(text, "invalid char in", 15) != 0;

                size_t offset = consumed > 0 && !stepped_back ? consumed - 1 : consumed;

                if (!trailing_comma(r, offset))
                        problem(r->problem, offset, text);
                r->problem->text[strcspn(r->problem->text, ".\n")] = '\0';
        }
        if (message)
                yajl_free_error(r->yajl, message);
        return -EINVAL;
}

/* ---- yajl's callbacks: they return 1 to go on, 0 to stop ----------------------------------------------- */

static int on_null(void *data)
{
        struct reader *r = data;

        return r->events->null(r->data, reader_consumed(r) - 4) == 0;
}

static int on_boolean(void *data, int value)
{
        struct reader *r = data;

        return r->events->boolean(r->data, reader_consumed(r) - (value ? 4 : 5), value != 0) == 0;
}

static int on_number(void *data, const char *s, size_t len)
{
        struct reader *r = data;

        return r->events->number(r->data, reader_consumed(r) - len, s, len) == 0;
}

static unsigned hex4(const char *s)
{
        unsigned value = 0;

        for (int i = 0; i < 4; i++) {
                char c = s[i];

                value = value * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return value;
}

/* Looks at the escapes of a string that yajl has accepted: s to end is what stands between the quotes. */
static const char *escapes_problem(const char *s, const char *end)
{
        while (s < end) {
                unsigned code;

                if (*s != '\\') {
                        s++;
                        continue;
                }
                if (s[1] != 'u') {
                        s += 2;
                        continue;
                }
                code = hex4(s + 2);
                s += 6;
                if (code == 0)
                        return "a string contains the character NUL";
                if (code >= 0xd800 && code <= 0xdbff && end - s >= 6 && s[0] == '\\' && s[1] == 'u' &&
                    hex4(s + 2) >= 0xdc00 && hex4(s + 2) <= 0xdfff)
                        s += 6;
                else if (code >= 0xd800 && code <= 0xdfff)
                        return "a string contains half of a surrogate pair";
        }
        return NULL;
}

/* Where the string token that yajl has just read begins, or SIZE_MAX when its escapes are bad. */
static size_t string_offset(struct reader *r, const char *s)
{
        const char *close, *open;
        const char *what;

        /* Without escapes yajl hands out the text itself. */
        if ((uintptr_t)s > (uintptr_t)r->text && (uintptr_t)s <= (uintptr_t)r->text + r->len)
                return (size_t)(s - r->text) - 1;

        /* The opening quote is the nearest before the closing one that is not escaped. */
        close = open = r->text + reader_consumed(r) - 1;
        for (;;) {
                size_t backslashes = 0;

                open--;
                if (*open != '"')
                        continue;
                while (open - backslashes > r->text && open[-1 - (ptrdiff_t)backslashes] == '\\')
                        backslashes++;
                if (backslashes % 2 == 0)
                        break;
        }
        what = escapes_problem(open + 1, close);
        if (what) {
                reader_problem(r, (size_t)(open - r->text), what);
                return SIZE_MAX;
        }
        return (size_t)(open - r->text);
}

static int on_string(void *data, const unsigned char *s, size_t len)
{
        struct reader *r = data;
        size_t offset = string_offset(r, (const char *)s);

        return offset != SIZE_MAX && r->events->string(r->data, offset, (const char *)s, len) == 0;
}

static int on_key(void *data, const unsigned char *s, size_t len)
{
        struct reader *r = data;
        size_t offset = string_offset(r, (const char *)s);

        return offset != SIZE_MAX && r->events->key(r->data, offset, (const char *)s, len) == 0;
}

static int on_begin(struct reader *r, int (*event)(void *data, size_t offset))
{
        size_t offset = reader_consumed(r) - 1;

        if (++r->depth > OCI_MAX_DEPTH)
                return reader_problem(r, offset, "nested too deeply");
        return event(r->data, offset) == 0;
}

static int on_end(struct reader *r, int (*event)(void *data, size_t offset))
{
        r->depth--;
        return event(r->data, reader_consumed(r) - 1) == 0;
}

static int on_begin_object(void *data)
{
        struct reader *r = data;

        return on_begin(r, r->events->begin_object);
}

static int on_end_object(void *data)
{
        struct reader *r = data;

        return on_end(r, r->events->end_object);
}

static int on_begin_array(void *data)
{
        struct reader *r = data;

        return on_begin(r, r->events->begin_array);
}

static int on_end_array(void *data)
{
        struct reader *r = data;

        return on_end(r, r->events->end_array);
}

static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_begin_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end_object,
        .yajl_start_array = on_begin_array,
        .yajl_end_array = on_end_array,
};

/* ---- reading ------------------------------------------------------------------------------------------- */

static int check_text(const char *text, size_t len, struct json_problem *p)
{
        size_t valid;

        if (len > OCI_MAX_SIZE)
                return problem(p, 0, "larger than 16 MiB");
        if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                return problem(p, 0,
                               "begins with a byte order mark, which JSON must not (RFC 8259, section 8.1)");
        if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
                return problem(p, 0, "encoded in UTF-16, but JSON is UTF-8 (RFC 8259, section 8.1)");
        valid = utf8_length(text, len);
        if (valid < len)
                return problem(p, valid, "not valid UTF-8");
        for (size_t i = 0; i < len; i++)
                if (!strchr(" \t\r\n", text[i]) || text[i] == '\0')
                        return 0;
        return problem(p, len, "empty");
}

static int parse(struct reader *r, struct json_memory *m)
{
        yajl_alloc_funcs funcs = json_memory_funcs(m);
        yajl_status status;
        int ret = 0;

        if (__builtin_setjmp(m->failed) != 0)
                return -ENOMEM;
        r->yajl = yajl_alloc(&callbacks, &funcs, r);
        /* check_text() has done it, and better. */
        yajl_config(r->yajl, yajl_dont_validate_strings, 1);
        status = yajl_parse(r->yajl, (const unsigned char *)r->text, r->len);
        if (status == yajl_status_ok) {
                r->complete = true;
                status = yajl_complete_parse(r->yajl);
        }
        if (r->failed)
                return -EINVAL;
        if (status == yajl_status_client_canceled)
                return 1;
        if (status != yajl_status_ok)
                ret = yajl_problem(r);
        return ret;
}

int json_parse(const char *text, size_t len, const struct json_events *events, void *data,
               struct json_problem *ret_problem)
{
        struct json_memory m = { .first = NULL };
        struct reader r = {
                .text = text, .len = len, .events = events, .data = data, .problem = ret_problem
        };
        int ret = check_text(text, len, ret_problem);

        if (ret < 0)
                return ret;
        ret = parse(&r, &m);
        json_memory_free(&m);
        return ret;
}
