/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All containers of a state directory, one after the other. */
#ifndef LIBCFS_STORE_FOREACH_H
#define LIBCFS_STORE_FOREACH_H

#include "base/err.h"
#include <stdbool.h>

struct state;

/* Calls fn for every container below root, in order of ID, unlocked; a container that vanishes meanwhile
 * is skipped. A missing root is an empty one unless must_exist; a container whose record cannot be read is
 * skipped with a warning. Stops at fn's first non-zero and returns it. */
int store_foreach(const char *root, bool must_exist, int (*fn)(void *data, struct state *s), void *data,
                  struct cfs_error *err);

/* The same, where fn looks at no more of the record than record_read_head() reads. */
int store_foreach_head(const char *root, bool must_exist, bool annotations,
                       int (*fn)(void *data, struct state *s), void *data, struct cfs_error *err);

#endif
