/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A JSON document as a tree, for templates, which ask for any part of it by name. (What cfs itself needs of a
 * document is decoded by its schema, not by this.)
 */
#ifndef BOX_TEMPLATE_VALUE_H
#define BOX_TEMPLATE_VALUE_H

#include "oci.h"

enum value_kind { VALUE_NULL, VALUE_BOOLEAN, VALUE_NUMBER, VALUE_STRING, VALUE_LIST, VALUE_MAP };

struct value {
        enum value_kind kind;
        bool truth;       /* of a boolean                                           */
        bool free_keys;   /* a map whose keys are data, such as labels             */
        const char *key;  /* in its parent, when that is a map                      */
        const char *text; /* a string; a number as it is written; true, false       */
        const char *json; /* where it stands in the document, which need not end in NUL */
        size_t json_len;
        struct value *first, *last, *next; /* its members; the next one of its parent's */
        struct value *parent;
        size_t n; /* of members */
};

/* The whole lives in the arena, and refers to `text`. */
int value_parse(const char *text, size_t len, struct oci_arena *arena, struct value **ret,
                struct cfs_error *err);

/* The member of that name, or NULL. */
const struct value *value_member(const struct value *v, const char *key);

/* Values that a template makes. NULL: out of memory. */
struct value *value_string(struct oci_arena *arena, const char *text);
struct value *value_number(struct oci_arena *arena, int64_t n);
struct value *value_boolean(struct oci_arena *arena, bool truth);

/* Is it true for `if`, as Go has it: neither false, 0, "", nil nor empty? NULL is not. */
bool value_is_true(const struct value *v);

#endif
