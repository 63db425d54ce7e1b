/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of templates. */
#ifndef BOX_TEMPLATE_FUNCTIONS_H
#define BOX_TEMPLATE_FUNCTIONS_H

#include "base/str.h"
#include "box/template/value.h"

#define FUNCTIONS_MAX_ARGS 16

struct functions_call {
        const struct value *args[FUNCTIONS_MAX_ARGS];
        size_t n;
        struct oci_arena *arena;
        struct cfs_error *err;
};

typedef int (*functions_function)(const struct functions_call *c, const struct value **ret);

/* NULL: there is none of that name. */
functions_function functions_find(const char *name, size_t len);

/* As Go prints it: [a b], map[k:v]. NULL is `<no value>`. */
void functions_print(struct str *s, const struct value *v);

#endif
