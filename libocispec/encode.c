/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The encoder: structures become JSON, by the same descriptors that the decoder reads.
 *
 * Properties come in the order of the schema, so that output is stable and reads as the specification lists
 * it. What is absent from the structure is absent from the text; an empty array, which is not the same, is
 * written.
 *
 * JSON is UTF-8, but a path on Linux is any bytes. Such a string is an error here rather than something to be
 * written differently from what it is: a record that does not read back is worse than none.
 */
#include "oci_internal.h"
#include "json.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
        char *text;
        size_t len;
        size_t size;
        int indent;
        int level;
        bool track; /* keep the path; only when there is an error to tell */
        struct docpath path;
        struct cfs_error *err;
        int result;
};

/* ---- text ---------------------------------------------------------------------------------------------- */

/* After an error nothing is written any more; encode_*() need not look, oci_encode() does. */
static void put(struct writer *w, const char *s, size_t len)
{
        if (w->result < 0)
                return;
        if (w->size - w->len <= len) {
                size_t size = len >= w->size ? w->size + len + 4096 : w->size * 2;
                char *bigger = realloc(w->text, size);

                if (!bigger) {
                        w->result = err_nomem(w->err);
                        return;
                }
                w->text = bigger;
                w->size = size;
        }
        memcpy(w->text + w->len, s, len);
        w->len += len;
        w->text[w->len] = '\0';
}

static void put_text(struct writer *w, const char *s)
{
        put(w, s, strlen(s));
}

static void put_newline(struct writer *w)
{
        static const char spaces[] = "                                ";

        if (w->indent == 0)
                return;
        put(w, "\n", 1);
        for (int n = w->indent * w->level; n > 0; n -= (int)sizeof(spaces) - 1)
                put(w, spaces, (size_t)n < sizeof(spaces) ? (size_t)n : sizeof(spaces) - 1);
}

/* Before each member of an object or array: a comma when it is not the first, and its line. */
static void put_separator(struct writer *w, bool *first)
{
        if (!*first)
                put(w, ",", 1);
        *first = false;
        put_newline(w);
}

static void put_open(struct writer *w, char bracket)
{
        put(w, &bracket, 1);
        w->level++;
}

static void put_close(struct writer *w, char bracket, bool empty)
{
        w->level--;
        if (!empty)
                put_newline(w);
        put(w, &bracket, 1);
}

static void put_escape(struct writer *w, char c)
{
        static const char letters[] = "btn\0fr"; /* of \b, which is 8, to \r */
        char text[8];

        if (c == '"' || c == '\\')
                snprintf(text, sizeof(text), "\\%c", c);
        else if (c >= 8 && c <= 13 && letters[c - 8])
                snprintf(text, sizeof(text), "\\%c", letters[c - 8]);
        else
                snprintf(text, sizeof(text), "\\u%04x", (unsigned)c);
        put_text(w, text);
}

static void put_string(struct writer *w, const char *s)
{
        size_t len = strlen(s), from = 0;

        if (json_utf8_length(s, len) < len) {
                if (w->result == 0 && !w->track) {
                        w->result = -EINVAL;
                } else if (w->result == 0) {
                        w->result = err_set(w->err, CFS_E_INVALID,
                                            "%s: the string is not UTF-8, which JSON cannot represent",
                                            w->path.buf);
                        snprintf(w->err->property, sizeof(w->err->property), "%s", w->path.buf);
                }
                return;
        }
        put(w, "\"", 1);
        for (size_t i = 0; i < len; i++) {
                if ((unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
                        continue;
                put(w, s + from, i - from);
                put_escape(w, s[i]);
                from = i + 1;
        }
        put(w, s + from, len - from);
        put(w, "\"", 1);
}

static void put_key(struct writer *w, const char *key)
{
        put_string(w, key);
        put_text(w, w->indent ? ": " : ":");
}

/* ---- values -------------------------------------------------------------------------------------------- */

static void encode_object(struct writer *w, const struct oci_type *type, const char *object);

static void encode_integer(struct writer *w, const struct oci_property *p, const char *where)
{
        uint64_t magnitude;
        bool negative;
        char text[24], *s = text + sizeof(text);

        value_integer_load(p, where, &negative, &magnitude);
        do
                *--s = (char)('0' + magnitude % 10);
        while (magnitude /= 10);
        if (negative)
                *--s = '-';
        put(w, s, (size_t)(text + sizeof(text) - s));
}

/* One value of the property's kind: `where` is the field, or the place of an entry. */
static void encode_value(struct writer *w, const struct oci_property *p, const char *where)
{
        const char *pointer;

        switch (p->kind) {
        case OCI_STRING:
                memcpy(&pointer, where, sizeof(pointer));
                put_string(w, pointer);
                break;
        case OCI_BOOLEAN:
                put_text(w, *(const bool *)where ? "true" : "false");
                break;
        case OCI_INTEGER:
                encode_integer(w, p, where);
                break;
        case OCI_OBJECT:
                memcpy(&pointer, where, sizeof(pointer));
                encode_object(w, p->type, pointer);
                break;
        case OCI_IGNORED:
                break;
        }
}

static void encode_array(struct writer *w, const struct oci_property *p, const char *object)
{
        size_t width = p->kind == OCI_INTEGER ? p->width : sizeof(void *), n, cut = w->path.len;
        bool first = true;
        const char *array;

        memcpy(&array, object + p->offset, sizeof(array));
        memcpy(&n, object + p->count_offset, sizeof(n));
        put_open(w, '[');
        for (size_t i = 0; i < n; i++) {
                put_separator(w, &first);
                if (w->track)
                        docpath_index(&w->path, i);
                encode_value(w, p, array + i * width);
                docpath_cut(&w->path, cut);
        }
        put_close(w, ']', first);
}

static void encode_map(struct writer *w, const struct oci_property *p, const char *object)
{
        const struct any_map *map;
        size_t cut = w->path.len;
        bool first = true;

        memcpy(&map, object + p->offset, sizeof(map));
        put_open(w, '{');
        for (size_t i = 0; i < map->n; i++) {
                put_separator(w, &first);
                if (w->track)
                        docpath_key(&w->path, map->entries[i].key, strlen(map->entries[i].key));
                put_key(w, map->entries[i].key);
                encode_value(w, p, (const char *)&map->entries[i].value);
                docpath_cut(&w->path, cut);
        }
        put_close(w, '}', first);
}

static void encode_object(struct writer *w, const struct oci_type *type, const char *object)
{
        size_t cut = w->path.len;
        bool first = true;

        put_open(w, '{');
        for (size_t i = 0; i < type->n_properties; i++) {
                const struct oci_property *p = &type->properties[i];

                if (!value_present(p, object))
                        continue;
                put_separator(w, &first);
                put_key(w, p->name);
                if (w->track)
                        docpath_key(&w->path, p->name, strlen(p->name));
                if (p->shape == OCI_ARRAY)
                        encode_array(w, p, object);
                else if (p->shape == OCI_MAP)
                        encode_map(w, p, object);
                else
                        encode_value(w, p, object + p->offset);
                docpath_cut(&w->path, cut);
        }
        put_close(w, '}', first);
}

int oci_encode(const struct oci_type *type, const void *root, int indent, char **ret_text, size_t *ret_len,
               struct cfs_error *err)
{
        struct writer w = { .indent = indent, .err = err };
        char path[sizeof(err->property)];

        docpath_init(&w.path, path, sizeof(path));
        encode_object(&w, type, root);
        if (w.result == -EINVAL) {
                /* Once more, to learn where. */
                w.result = 0;
                w.len = 0;
                w.level = 0;
                w.track = true;
                encode_object(&w, type, root);
        }
        if (w.result < 0) {
                free(w.text);
                return w.result;
        }
        *ret_text = w.text;
        if (ret_len)
                *ret_len = w.len;
        return 0;
}
