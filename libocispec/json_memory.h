/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of yajl, which writes to what malloc(3) has returned without a look. So what it allocates comes
 * from here, and a failure leaves yajl by a jump, from between two callbacks; all blocks are on a list, and
 * are freed together.
 */
#ifndef JSON_MEMORY_H
#define JSON_MEMORY_H

#include <yajl/yajl_common.h>

struct json_block;

/* Zeroed at first. Before yajl is called: if (__builtin_setjmp(m.failed) != 0) return -ENOMEM; */
struct json_memory {
        void *failed[5]; /* the compiler's own setjmp: no library, whose structures could differ */
        struct json_block *first;
};

/* For yajl_alloc() and yajl_gen_alloc(). */
yajl_alloc_funcs json_memory_funcs(struct json_memory *m);

/* Frees all of it: as yajl_free() and yajl_gen_free() would, also after a failure. */
void json_memory_free(struct json_memory *m);

#endif
