/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building a container up to "created", for create and run; and what exec shares with it. */
#ifndef LIBCFS_BUILD_H
#define LIBCFS_BUILD_H

#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"

/* Reads the bundle. A file that it names may be a FIFO, for which this waits. So it is called before
 * anything is made, and before signals are blocked. */
int build_load(struct ctx *c, const struct cfs_runtime *rt, const char *id,
               const struct cfs_create_options *o, struct cfs_error *err);

/* After build_load(): checks, prepares, spawns and walks to the row that ends create. On failure nothing is
 * left; or, with a warning, the record of what could not be undone. */
int build_container(struct ctx *c, struct cfs_error *err);

/* Kills and reaps the child if there is one, undoes and removes the state: after a failure. */
void build_abandon(struct ctx *c);

/* Takes back the pid file: after a failure. */
void build_withdraw(struct ctx *c);

/* The init's side of a walk, for spawn(): runs the init column, reports the failure, ends. */
void build_child(struct ctx *c);

/* After a failure in the runtime: when the init has failed or been killed, that is the cause. Adds to
 * CFS_E_DIED how the init ended, and reaps it. Returns r, or the init's error. */
int build_explain(struct ctx *c, int r, struct cfs_error *err);

/* Adds to CFS_E_DIED how the init ended, by its wait status. Returns r. */
int build_explain_end(const struct ctx *c, int status, int r, struct cfs_error *err);

#endif
