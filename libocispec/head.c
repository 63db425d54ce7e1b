/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first properties of a document that oci_encode() has written, without reading the rest.
 *
 * Such a document needs no parser: its properties come in the order of the schema, with nothing between them.
 * What is not exactly that (a blank, an escape, an object) may well be right, and is for oci_decode() to
 * judge. Nothing is copied: strings end where their closing quote was.
 */
#include "oci_internal.h"
#include "base/utf8.h"
#include <string.h>

/* The end of a string that begins at s, behind its opening quote; NULL: it is not a plain one. */
static char *string_end(const struct oci_property *p, char *s, const char *end)
{
        char *q = s;
        size_t n;

        while (q < end && *q != '"' && *q != '\\' && (unsigned char)*q >= ' ')
                q++;
        n = (size_t)(q - s);
        if (q == end || *q != '"' || (n == 0 && p->empty_is_absent))
                return NULL;
        return utf8_length(s, n) == n && value_allowed(p->rule, s, n) ? q : NULL;
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

/* Stores the value at s; behind it, or NULL. */
static char *value_take(const struct oci_property *p, char *s, const char *end, char *object)
{
        char *q;

        if (p->shape != OCI_ONE || s == end)
                return NULL;
        if (p->kind == OCI_INTEGER)
                return integer_take(p, s, end, object);
        if (p->kind != OCI_STRING || *s != '"')
                return NULL;
        s++;
        q = string_end(p, s, end);
        if (!q)
                return NULL;
        *q = '\0';
        memcpy(object + p->offset, &s, sizeof(s));
        return q + 1;
}

/* Behind `"NAME":`, or NULL when another property comes. */
static char *name_take(const struct oci_property *p, char *s, const char *end)
{
        size_t n = strlen(p->name);

        if ((size_t)(end - s) < n + 3 || s[0] != '"' || memcmp(s + 1, p->name, n) != 0 || s[n + 1] != '"' ||
            s[n + 2] != ':')
                return NULL;
        return s + n + 3;
}

bool oci_take_head(const struct oci_type *type, char *text, size_t len, const char *last, void *root)
{
        const char *end = text + len;
        char *s = text;

        memset(root, 0, type->size);
        if (len == 0 || *s++ != '{')
                return false;
        for (size_t i = 0; i < type->n_properties; i++) {
                const struct oci_property *p = &type->properties[i];
                char *value = name_take(p, s, end);

                if (value)
                        s = value_take(p, value, end, root);
                else if (p->required)
                        return false;
                if (!s || s == end)
                        return false;
                if (value && strcmp(p->name, last) == 0)
                        return *s == ',' || *s == '}';
                if (value && *s++ != ',')
                        return false;
        }
        return false;
}
