/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the runtime does while it waits for others: it lets go of the container's lock (store/worker.h). */
#ifndef LIBCFS_ASIDE_H
#define LIBCFS_ASIDE_H

#include "libcfs/walk/ctx.h"

/* Before programs of others are run or waited for. */
int aside_begin(struct ctx *c, struct cfs_error *err);

/* Afterwards, with what came of it: r, or the error that the container is not ours any more. */
int aside_end(struct ctx *c, int r, struct cfs_error *err);

/* The init is waited for, which should take no time. After a second it is as if a program of others were.
 * For struct sync (waited_long); data is the context. */
void aside_after_a_while(void *data);

#endif
