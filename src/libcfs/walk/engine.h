/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks the table of plan.c, or another one. Nothing here knows any row by name. */
#ifndef LIBCFS_ENGINE_H
#define LIBCFS_ENGINE_H

#include "libcfs/walk/ctx.h"
#include "libcfs/walk/problem.h"

/* All checks of the walk, with `look` the column of that name too. Returns 0, or the number of problems as
 * a positive value. */
int engine_check_all(const struct ctx *ctx, bool host, bool look, problem_fn report, void *data);

/* All checks of the walk; the first problem becomes the error, located in the document when ctx knows its
 * text. */
int engine_check(const struct ctx *ctx, struct cfs_error *err);

int engine_prepare(struct ctx *ctx, struct cfs_error *err);

/* Once the new process is forked, or will not be: closes and puts back what prepare held for it. */
void engine_release(struct ctx *ctx);

/* The runtime's column, as far as the row flagged STEP_CREATE_ENDS, or to the end in a walk that has none
 * (exec). */
int engine_host(struct ctx *ctx, struct cfs_error *err);

/* The runtime's column after that row, for `start` and `run`. */
int engine_start(struct ctx *ctx, struct cfs_error *err);

/* The init's column, to the execve: returns only on failure. */
int engine_init(struct ctx *ctx, struct cfs_error *err);

/* All undo callbacks of a table that ends like plan.c, last row first. Goes on after a failure; returns
 * the first. */
int engine_undo(const struct step *rows, struct state *state, struct cfs_error *err);

void engine_explain(const struct ctx *ctx, report_fn report, void *data);

#endif
