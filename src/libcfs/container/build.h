/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building a container up to "created", for create and run; and what exec shares with it. */
#ifndef LIBCFS_BUILD_H
#define LIBCFS_BUILD_H

#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"

/* Loads, checks, prepares, spawns and walks to "state created". On failure nothing is left; or, with a
 * warning, the record of what could not be undone. */
int build_container(struct ctx *c, const struct cfs_runtime *rt, const char *id,
                    const struct cfs_create_options *o, struct cfs_error *err);

/* Kills and reaps the child if there is one, undoes and removes the state: after a failure. */
void build_abandon(struct ctx *c);

/* --pid-file: decimal, no newline, atomic. --pidfd-socket: one message with a pidfd. Either may be NULL. */
int build_announce(struct ctx *c, const char *pid_file, const char *pidfd_socket, struct cfs_error *err);

/* The init's side of a walk, for spawn(): runs the init column, reports the failure, ends. */
void build_child(struct ctx *c);

/* A peer that ended without a word: completes CFS_E_DIED with how it ended. Reaps ctx->pid. Returns r. */
int build_explain_death(struct ctx *c, int r, struct cfs_error *err);

#endif
