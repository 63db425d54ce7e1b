/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a path back to the line: errors that are found long after decoding can still point into the file.
 *
 * Nothing is remembered while decoding; the text is read a second time when, and only when, an error is to be shown. The
 * path is consumed step by step as the events of the text agree with it. A dotted path is ambiguous where keys contain
 * dots ("annotations.a.b"), so a step is not cut off the path beforehand: each key of the text is tried as its beginning.
 */
#include "oci-internal.h"
#include "json.h"
#include <errno.h>
#include <string.h>

struct locate {
        const char *rest;  /* what of the path is still to be found                        */
        bool pointer;      /* it is a JSON pointer                                         */
        bool found;        /* all of it                                                    */
        bool matched;      /* the next value is what the last matched step leads to        */
        bool in_array;     /* the value that was matched last is an array                  */
        bool any;          /* there was a value at all                                     */
        size_t offset;     /* of the value that was matched last                           */
        size_t index;      /* in_array: of the next entry                                  */
        unsigned depth;    /* brackets open                                                */
        unsigned at_depth; /* depth inside the value that was matched last                 */
};

/* Does the path go on with this key? Then *ret_rest is what is left. */
static bool locate_pointer_key(const char *rest, const char *key, size_t len, const char **ret_rest)
{
        if (*rest++ != '/')
                return false;
        for (size_t i = 0; i < len; i++, rest++) {
                char c = *rest;

                if (c == '~') {
                        rest++;
                        c = *rest == '0' ? '~' : *rest == '1' ? '/' : '\0';
                }
                if (c != key[i] || c == '\0')
                        return false;
        }
        *ret_rest = rest;
        return *rest == '\0' || *rest == '/';
}

/* ["KEY"] with \" and \\ */
static bool locate_quoted_key(const char *rest, const char *key, size_t len, const char **ret_rest)
{
        for (size_t i = 0; i < len; i++, rest++) {
                if (*rest == '\\')
                        rest++;
                if (*rest != key[i] || *rest == '\0')
                        return false;
        }
        *ret_rest = rest + 2;
        return rest[0] == '"' && rest[1] == ']';
}

static bool locate_dotted_key(const char *rest, const char *key, size_t len, const char **ret_rest)
{
        if (rest[0] == '[' && rest[1] == '"')
                return locate_quoted_key(rest + 2, key, len, ret_rest);
        if (*rest == '.')
                rest++;
        if (len == 0 || strncmp(rest, key, len) != 0)
                return false;
        *ret_rest = rest + len;
        return rest[len] == '\0' || rest[len] == '.' || rest[len] == '[';
}

static bool locate_index(const struct locate *l, const char **ret_rest)
{
        const char *s = l->rest;
        size_t index = 0;

        if (*s++ != (l->pointer ? '/' : '['))
                return false;
        if (*s < '0' || *s > '9')
                return false;
        for (; *s >= '0' && *s <= '9' && index < OCI_MAX_SIZE; s++)
                index = index * 10 + (size_t)(*s - '0');
        if (!l->pointer && *s++ != ']')
                return false;
        *ret_rest = s;
        return index == l->index;
}

/* Any value: is it the one that is looked for? Returns 1 to stop. */
static int locate_value(struct locate *l, size_t offset)
{
        bool next = l->matched;

        if (l->in_array && l->depth == l->at_depth) {
                const char *rest;

                next = locate_index(l, &rest);
                l->index++;
                if (next)
                        l->rest = rest;
        }
        if (!next)
                return 0;
        l->matched = false;
        l->in_array = false;
        l->any = true;
        l->offset = offset;
        l->at_depth = l->depth + 1;
        l->found = *l->rest == '\0';
        return l->found;
}

static int locate_null(void *data, size_t offset)
{
        return locate_value(data, offset);
}

static int locate_boolean(void *data, size_t offset, bool value)
{
        (void)value;
        return locate_value(data, offset);
}

static int locate_text(void *data, size_t offset, const char *s, size_t len)
{
        (void)s;
        (void)len;
        return locate_value(data, offset);
}

static int locate_key(void *data, size_t offset, const char *key, size_t len)
{
        struct locate *l = data;
        const char *rest = NULL;

        (void)offset;
        if (l->depth != l->at_depth || l->in_array)
                return 0;
        l->matched = (l->pointer ? locate_pointer_key : locate_dotted_key)(l->rest, key, len, &rest);
        if (l->matched)
                l->rest = rest;
        return 0;
}

static int locate_begin_object(void *data, size_t offset)
{
        struct locate *l = data;
        int r = locate_value(l, offset);

        l->depth++;
        return r;
}

static int locate_begin_array(void *data, size_t offset)
{
        struct locate *l = data;
        bool is_next = l->matched || (l->in_array && l->depth == l->at_depth);
        int r = locate_value(l, offset);

        /* at_depth is now this array's, if it was the one. */
        if (is_next && l->at_depth == l->depth + 1 && l->offset == offset) {
                l->in_array = true;
                l->index = 0;
        }
        l->depth++;
        return r;
}

/* When the value that was matched last ends, what is looked for is not in it. */
static int locate_end(void *data, size_t offset)
{
        struct locate *l = data;

        (void)offset;
        return l->depth-- == l->at_depth;
}

int oci_locate(const char *text, size_t len, const char *path, unsigned *ret_line, unsigned *ret_column)
{
        static const struct json_events events = {
                .null = locate_null,
                .boolean = locate_boolean,
                .number = locate_text,
                .string = locate_text,
                .key = locate_key,
                .begin_object = locate_begin_object,
                .end_object = locate_end,
                .begin_array = locate_begin_array,
                .end_array = locate_end,
        };
        struct locate l = { .rest = path, .pointer = path[0] == '/', .matched = true };
        struct json_problem ignored;

        (void)json_parse(text, len, &events, &l, &ignored);
        if (!l.any)
                return -ENOENT;
        json_position(text, len, l.offset, ret_line, ret_column);
        return l.found ? 0 : 1;
}
