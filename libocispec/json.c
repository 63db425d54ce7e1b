/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON, on top of yajl.
 *
 * yajl is a stream parser: it calls back for each token and builds nothing, which is what the decoder wants.
 * What it does not do is done here: the position of tokens (it only tells how far it has read), strict UTF-8
 * (it lets overlong forms and surrogates pass, and replaces lone \u surrogates by question marks), NUL in
 * strings, which C could not represent, and limits on size and depth.
 *
 * Its generator puts the commas, the quotes and the escapes of what is written. It takes any bytes for a
 * string, so bytes that are not UTF-8 are replaced here. Its own layout, with lines and indentation, writes
 * an empty object on three lines; so the layout is made here, around the pieces that the generator hands
 * out.
 */
#include "json.h"
#include "base/str.h"
#include "base/utf8.h"
#include "oci.h"
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>
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

/* ---- yajl's memory ------------------------------------------------------------------------------------- */

/* yajl writes to what malloc(3) has returned without a look. So what it allocates comes from here, and a
 * failure leaves it by a jump, from between two callbacks; all blocks are on a list, and are freed
 * together. */
struct block {
        struct block *next, **link; /* link: what points to us */
        max_align_t data[];
};

struct memory {
        void *failed[5]; /* the compiler's own setjmp: no library, whose structures could differ */
        struct block *first;
};

static void memory_link(struct memory *m, struct block *b)
{
        b->next = m->first;
        b->link = &m->first;
        if (b->next)
                b->next->link = &b->next;
        m->first = b;
}

static void memory_unlink(const struct block *b)
{
        *b->link = b->next;
        if (b->next)
                b->next->link = b->link;
}

static struct block *block_of(void *p)
{
        return p ? (struct block *)((char *)p - offsetof(struct block, data)) : NULL;
}

static void *memory_realloc(void *ctx, void *p, size_t size)
{
        struct memory *m = ctx;
        struct block *b = block_of(p), *new;

        if (b)
                memory_unlink(b);
        new = size > SIZE_MAX - sizeof(*b) ? NULL : realloc(b, sizeof(*b) + size);
        if (!new) {
                if (b)
                        memory_link(m, b);
                __builtin_longjmp(m->failed, 1);
        }
        memory_link(m, new);
        return new->data;
}

static void *memory_malloc(void *ctx, size_t size)
{
        return memory_realloc(ctx, NULL, size);
}

static void memory_free(void *ctx, void *p)
{
        (void)ctx;
        if (!p)
                return;
        memory_unlink(block_of(p));
        free(block_of(p));
}

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

static int parse(struct reader *r, struct memory *m)
{
        yajl_alloc_funcs funcs = { memory_malloc, memory_realloc, memory_free, m };
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
        struct memory m = { .first = NULL };
        struct reader r = {
                .text = text, .len = len, .events = events, .data = data, .problem = ret_problem
        };
        int ret = check_text(text, len, ret_problem);

        if (ret < 0)
                return ret;
        ret = parse(&r, &m);
        while (m.first) /* as yajl_free() would, also after a failure */
                memory_free(&m, m.first->data);
        return ret;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

struct json_writer {
        struct memory memory;
        yajl_gen gen;
        struct str text;
        unsigned indent, depth;
        bool start;  /* a call of yajl begins: its first piece may be a separator       */
        bool line;   /* the entry that begins stands on a line of its own               */
        bool misuse; /* nested more deeply than yajl can, or not a document at all      */
        char open;   /* '{' or '[': a bracket that yajl will be told of with what is in it */
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
        if (start && *s == ',')
                put_newline(w);
        else if (start && *s == ':' && w->indent)
                put(w, " ", 1);
}

static yajl_gen generator(struct memory *m)
{
        yajl_alloc_funcs funcs = { memory_malloc, memory_realloc, memory_free, m };

        if (__builtin_setjmp(m->failed) != 0)
                return NULL;
        return yajl_gen_alloc(&funcs);
}

/* With a function of ours for the text, the generator allocates nothing after this. */
struct json_writer *json_writer_new(int indent)
{
        struct json_writer *w = calloc(1, sizeof(*w));

        if (!w)
                return NULL;
        w->gen = generator(&w->memory);
        if (!w->gen) {
                json_writer_free(w);
                return NULL;
        }
        w->indent = (unsigned)indent;
        (void)yajl_gen_config(w->gen, yajl_gen_print_callback, on_text, w);
        return w;
}

void json_writer_free(struct json_writer *w)
{
        if (!w)
                return;
        while (w->memory.first)
                memory_free(&w->memory, w->memory.first->data);
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

void json_write_text(struct json_writer *w, const char *s, size_t len)
{
        if (ready(w))
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

int json_writer_take(struct json_writer *w, char **ret, size_t *ret_len, struct cfs_error *err)
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
        json_writer_free(w);
        return r;
}

int json_wrap(const char *key, const char *text, char **ret, struct cfs_error *err)
{
        struct json_writer *w = json_writer_new(0);

        json_write_object(w);
        json_write_key(w, key);
        json_write_raw(w, text);
        json_write_object_end(w);
        return json_writer_take(w, ret, NULL, err);
}
