/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All containers of a state directory, one after the other. */
#ifndef LIBCFS_STORE_FOREACH_H
#define LIBCFS_STORE_FOREACH_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

struct state;

/* Calls fn for every container below root, in order of ID, unlocked; a container that vanishes meanwhile
 * is skipped. A missing root is an empty one unless must_exist; a container whose record cannot be read is
 * skipped with a warning. Stops at fn's first non-zero and returns it. */
int store_foreach(const char *root, bool must_exist, int (*fn)(void *data, struct state *s), void *data,
                  struct cfs_error *err);

/* The same, faster, for a caller that needs only what record_read_head() reads of the record. With many
 * containers it forks processes, each of which looks at some of them (base/share.h). */
struct store_heads {
        bool annotations; /* the caller needs them, too */
        int (*fn)(void *data, struct state *s);

        /* With both of these, fn is called only when look() fails. look() is called in one of the other
         * processes: it stores what the caller needs of the container in ret, and returns its size; a
         * negative value leaves the container to fn. give() is called in this process, in order of ID,
         * with what look() has stored. */
        ssize_t (*look)(void *data, struct state *s, void *ret, size_t size);
        int (*give)(void *data, const char *id, void *found, size_t size);
};
int store_foreach_head(const char *root, bool must_exist, const struct store_heads *heads, void *data,
                       struct cfs_error *err);

#endif
