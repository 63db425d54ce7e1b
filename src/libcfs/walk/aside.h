/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The runtime releases the container's lock while it waits for programs of others (store/worker.h). */
#ifndef LIBCFS_ASIDE_H
#define LIBCFS_ASIDE_H

#include "libcfs/walk/ctx.h"

/* Before the runtime runs a program of others or waits for one. */
int aside_begin(struct ctx *c, struct cfs_error *err);

/* Afterwards. Returns r, the result of the work, or the error that another command has taken the
 * container. */
int aside_end(struct ctx *c, int r, struct cfs_error *err);

/* When the runtime has waited for the init for a second, it releases the lock as for a program of others.
 * Called by struct sync (waited_long); data is the context. */
void aside_after_a_while(void *data);

#endif
