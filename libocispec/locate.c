/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a path back to the line: errors that are found long after decoding can still point into the file.
 *
 * Nothing is remembered while decoding; the text is read a second time when, and only when, an error is to be
 * shown. The path is consumed step by step as the events of the text agree with it. A dotted path is
 * ambiguous where keys contain dots ("annotations.a.b"), so a step is not cut off the path beforehand: each
 * key of the text is tried as its beginning, and when it turns out to lead nowhere, its siblings get their
 * turn.
 */
#include "oci_internal.h"
#include "base/utf8.h"
#include "json.h"
#include <errno.h>
#include <string.h>

/* An open object or array that a beginning of the path leads to. */
struct level {
        const char *rest; /* what of the path is still to be found in it */
        bool is_array;
        size_t index; /* of the next entry                           */
};

struct locate {
        const char *path;
        bool pointer;                       /* it is a JSON pointer                              */
        struct level levels[OCI_MAX_DEPTH]; /* the outermost first                               */
        unsigned n_levels;
        unsigned depth;   /* brackets open, n_levels of them as levels         */
        const char *next; /* after a key: what is left of the path behind it   */
        bool any;         /* something matched, if only the document           */
        size_t offset;    /* of the value that the longest beginning led to    */
        size_t consumed;  /* how long that was                                 */
        bool found;       /* all of the path                                   */
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

/* Does the path go on with the next index of the array? */
static const char *locate_index(const struct locate *l, struct level *level)
{
        const char *s = level->rest;
        size_t wanted = 0, index = level->index++;

        if (*s++ != (l->pointer ? '/' : '['))
                return NULL;
        if (*s < '0' || *s > '9')
                return NULL;
        for (; *s >= '0' && *s <= '9' && wanted < OCI_MAX_SIZE; s++)
                wanted = wanted * 10 + (size_t)(*s - '0');
        if (!l->pointer && *s++ != ']')
                return NULL;
        return wanted == index ? s : NULL;
}

/* Any value: what is left of the path when a beginning of it leads here, otherwise NULL. */
static const char *locate_value(struct locate *l, size_t offset)
{
        struct level *level = l->n_levels ? &l->levels[l->n_levels - 1] : NULL;
        const char *rest;

        if (l->depth != l->n_levels)
                return NULL;
        if (!level)
                rest = l->path;
        else
                rest = level->is_array ? locate_index(l, level) : l->next;
        l->next = NULL;
        if (!rest)
                return NULL;
        if (!l->any || (size_t)(rest - l->path) > l->consumed) {
                l->consumed = (size_t)(rest - l->path);
                l->offset = offset;
        }
        l->any = true;
        l->found = *rest == '\0';
        return rest;
}

static int locate_null(void *data, size_t offset)
{
        struct locate *l = data;

        (void)locate_value(l, offset);
        return l->found;
}

static int locate_boolean(void *data, size_t offset, bool value)
{
        (void)value;
        return locate_null(data, offset);
}

static int locate_text(void *data, size_t offset, const char *s, size_t len)
{
        (void)s;
        (void)len;
        return locate_null(data, offset);
}

static int locate_key(void *data, size_t offset, const char *key, size_t len)
{
        struct locate *l = data;
        const char *rest = NULL;

        (void)offset;
        l->next = NULL;
        if (l->depth == l->n_levels && (l->pointer ? locate_pointer_key : locate_dotted_key)(
                                               l->levels[l->n_levels - 1].rest, key, len, &rest))
                l->next = rest;
        return 0;
}

static int locate_begin(struct locate *l, size_t offset, bool is_array)
{
        const char *rest = locate_value(l, offset);

        if (rest)
                l->levels[l->n_levels++] = (struct level){ .rest = rest, .is_array = is_array };
        l->depth++;
        return l->found;
}

static int locate_begin_object(void *data, size_t offset)
{
        return locate_begin(data, offset, false);
}

static int locate_begin_array(void *data, size_t offset)
{
        return locate_begin(data, offset, true);
}

static int locate_end(void *data, size_t offset)
{
        struct locate *l = data;

        (void)offset;
        if (l->depth-- == l->n_levels)
                l->n_levels--;
        return 0;
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
        struct locate l = { .path = path, .pointer = path[0] == '/' };
        struct json_problem ignored;

        (void)json_parse(text, len, &events, &l, &ignored);
        if (!l.any)
                return -ENOENT;
        utf8_position(text, len, l.offset, ret_line, ret_column);
        return l.found ? 0 : 1;
}
