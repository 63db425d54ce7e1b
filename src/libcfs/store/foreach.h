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

/* The same, where no more of the record is looked at than record_read_head() reads. Of many containers, some
 * are looked at by other processes (base/share.h). */
struct store_heads {
        bool annotations; /* are looked at */
        int (*fn)(void *data, struct state *s);

        /* In place of fn, when both are there: `look`, in another process, stores what is to be known of a
         * container; its size, or negative when it has to be fn. Then, in its turn, `give` gets it here. */
        ssize_t (*look)(void *data, struct state *s, void *ret, size_t size);
        int (*give)(void *data, const char *id, void *found, size_t size);
};
int store_foreach_head(const char *root, bool must_exist, const struct store_heads *heads, void *data,
                       struct cfs_error *err);

#endif
