/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first properties of a document that oci_encode() has written, without reading the rest.
 *
 * Such a document needs no parser: its properties come in the order of the schema, with nothing between them.
 * What is not exactly that (a blank, an escape, an object) may well be right, and is for oci_decode() to
 * judge. Nothing is copied: strings end where their closing quote was.
 */
#include "oci_internal.h"
#include "json.h"
#include "base/utf8.h"
#include <string.h>

/* The end of a string that begins at s, behind its opening quote; NULL: it is not a plain one. */
static char *string_end(const struct oci_property *p, char *s, const char *end)
{
        char *q = memchr(s, '"', (size_t)(end - s));
        size_t n = q ? (size_t)(q - s) : 0;

        if (!q || (n == 0 && p->empty_is_absent))
                return NULL;
        if (!json_write_is_plain(s, n))
                for (const char *c = s; c < q; c++)
                        if (*c == '\\' || (unsigned char)*c < ' ' || (c == s && utf8_length(s, n) != n))
                                return NULL;
        return value_allowed(p->rule, s, n) ? q : NULL;
}

/* Stores the integer at s; behind it, or NULL. */
static char *integer_take(const struct oci_property *p, char *s, const char *end, char *object)
{
        bool negative, has = true;
        uint64_t magnitude;
        size_t n = 0;

        while (s + n < end && s[n] >= '0' && s[n] <= '9')
                n++;
        if (n == 0 || (n > 1 && *s == '0') || p->decimals ||
            value_integer_parse(s, n, &negative, &magnitude) != 0 ||
            !value_integer_fits(p, negative, magnitude))
                return NULL;
        value_integer_store(p, object + p->offset, negative, magnitude);
        memcpy(object + p->has_offset, &has, sizeof(has));
        return s + n;
}

/* Ends the string at s, which is behind its opening quote. Behind the closing one, or NULL. */
static char *string_take(const struct oci_property *p, char *s, const char *end)
{
        char *q = string_end(p, s, end);

        if (!q)
                return NULL;
        *q = '\0';
        return q + 1;
}

/* `"KEY":"VALUE"` of a map. Behind it, or NULL. */
static char *pair_take(const struct oci_property *p, char *s, const char *end, struct any_pair *ret)
{
        const struct oci_property key = { .rule = p->key_rule };

        if (end - s < 2 || *s != '"')
                return NULL;
        ret->key = s + 1;
        s = string_take(&key, s + 1, end);
        if (!s || end - s < 2 || s[0] != ':' || s[1] != '"')
                return NULL;
        ret->value = s + 2;
        return string_take(p, s + 2, end);
}

/* Stores the map at s, which is behind its opening bracket. Behind the closing one, or NULL. */
static char *map_take(const struct oci_property *p, char *s, const char *end, struct oci_arena *arena,
                      char *object)
{
        struct any_map *map = oci_arena_alloc(arena, sizeof(*map));
        size_t room = 0;

        while (map && s && s < end && *s != '}') {
                if (map->n == room) {
                        struct any_pair *more = oci_arena_alloc(arena, (2 * room + 8) * sizeof(*more));

                        if (!more)
                                return NULL;
                        if (room > 0)
                                memcpy(more, map->entries, room * sizeof(*more));
                        map->entries = more;
                        room = 2 * room + 8;
                }
                s = pair_take(p, s, end, &map->entries[map->n]);
                if (!s || s == end || (*s != ',' && *s != '}'))
                        return NULL;
                s += *s == ',';
                map->n++;
        }
        if (!map || !s || s == end || (s[-1] == ',' && map->n > 0))
                return NULL;
        memcpy(object + p->offset, &map, sizeof(map));
        return s + 1;
}

/* Stores the value at s; behind it, or NULL. */
static char *value_take(const struct oci_property *p, char *s, const char *end, struct oci_arena *arena,
                        char *object)
{
        if (s == end)
                return NULL;
        if (p->shape == OCI_MAP)
                return p->kind == OCI_STRING && *s == '{' && arena ? map_take(p, s + 1, end, arena, object)
                                                                   : NULL;
        if (p->shape != OCI_ONE)
                return NULL;
        if (p->kind == OCI_INTEGER)
                return integer_take(p, s, end, object);
        if (p->kind != OCI_STRING || *s != '"')
                return NULL;
        s++;
        memcpy(object + p->offset, &s, sizeof(s));
        return string_take(p, s, end);
}

/* Behind `"NAME":`, or NULL when another property comes. */
static char *name_take(const struct oci_property *p, char *s, const char *end)
{
        size_t n;

        if (end - s < 2 || s[0] != '"' || s[1] != p->name[0])
                return NULL;
        n = strlen(p->name);
        if ((size_t)(end - s) < n + 3 || memcmp(s + 1, p->name, n) != 0 || s[n + 1] != '"' || s[n + 2] != ':')
                return NULL;
        return s + n + 3;
}

/* Does the document end at s, or go on with one of the properties from the i-th on? */
static bool goes_on(const struct oci_type *type, size_t i, char *s, const char *end)
{
        for (; i < type->n_properties && *s != '}'; i++)
                if (name_take(&type->properties[i], s, end))
                        return true;
        return *s == '}';
}

bool oci_take_head(const struct oci_type *type, char *text, size_t len, const char *last,
                   struct oci_arena *arena, void *root)
{
        const char *end = text + len;
        char *s = text;

        memset(root, 0, type->size);
        if (len < 2 || *s++ != '{')
                return false;
        for (size_t i = 0; i < type->n_properties; i++) {
                const struct oci_property *p = &type->properties[i];
                bool is_last = strcmp(p->name, last) == 0;
                char *value = name_take(p, s, end);

                if (value)
                        s = value_take(p, value, end, arena, root);
                else if (p->required)
                        return false;
                if (!s || s == end || (value && *s != ',' && *s != '}'))
                        return false;
                if (is_last)
                        return value || goes_on(type, i + 1, s, end);
                if (value && *s == ',' && ++s == end)
                        return false;
        }
        return false;
}
