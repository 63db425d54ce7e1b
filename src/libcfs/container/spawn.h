/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making the container's first process, or one more: see the diagram in spawn.c. */
#ifndef LIBCFS_SPAWN_H
#define LIBCFS_SPAWN_H

#include "libcfs/walk/ctx.h"

/* Forks a process into the namespaces that ctx->ns_new and ctx->namespaces ask for, and runs child(ctx) in
 * it; child never returns. Sets ctx->pid, ctx->pidfd, ctx->sync. On failure no process is left. */
int spawn(struct ctx *ctx, void (*child)(struct ctx *), struct cfs_error *err);

/* Kills and reaps what spawn() made; for failed creates. */
void spawn_abort(struct ctx *ctx);

#endif
