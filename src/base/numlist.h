/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of CPUs and of memory nodes as people and the kernel write them, cpuset(7) "List format": "0-3,7". */
#ifndef BASE_NUMLIST_H
#define BASE_NUMLIST_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* The largest number a list may hold. Linux knows at most 8192 CPUs and 1024 nodes. */
#define NUMLIST_MAX 65535

/* A set of numbers as the bit mask that sched_setaffinity(2) and set_mempolicy(2) take. */
struct numlist {
        unsigned long *words; /* bit i of the mask: i is in the set */
        size_t n_words;
};

/* Blanks around numbers and empty items ("0,,1") are allowed, as in the kernel. -EINVAL for a text that is
 * not a list: the message quotes it and says why. *ret is filled on success only; numlist_free() frees it. */
int numlist_parse(const char *text, struct numlist *ret, struct cfs_error *err);

bool numlist_has(const struct numlist *l, unsigned n);
bool numlist_empty(const struct numlist *l);

static inline void numlist_free(struct numlist *l)
{
        free(l->words);
        *l = (struct numlist){ 0 };
}

#define _cleanup_numlist_ __attribute__((cleanup(numlist_free)))

#endif
