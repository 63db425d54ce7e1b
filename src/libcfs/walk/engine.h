/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks the table of plan.c. Nothing here knows any row by name, except that MEET rows synchronise. */
#ifndef LIBCFS_ENGINE_H
#define LIBCFS_ENGINE_H

#include "libcfs/walk/ctx.h"
#include "libcfs/walk/problem.h"

/* All checks of the walk. Returns 0, or the number of problems as a positive value. */
int engine_check_all(const struct ctx *ctx, bool host, problem_fn report, void *data);

/* All checks of the walk; the first problem becomes the error, located in the document when ctx knows its text. */
int engine_check(const struct ctx *ctx, struct cfs_error *err);

int engine_prepare(struct ctx *ctx, struct cfs_error *err);

/* Once the new process is forked, or will not be: closes and puts back what prepare held for it. */
void engine_release(struct ctx *ctx);

/* The runtime's column, from the first row to (not including) the row after `until` (a row's name), or to the end
 * when NULL. */
int engine_host(struct ctx *ctx, const char *until, struct cfs_error *err);

/* The host column of the rows after the MEET "created" marked WALK_START, for `start`. */
int engine_start(struct ctx *ctx, struct cfs_error *err);

/* The init's column, to the execve: returns only on failure. */
int engine_init(struct ctx *ctx, struct cfs_error *err);

/* All undo callbacks, last row first. Goes on after a failure; returns the first. */
int engine_undo(struct state *state, struct cfs_error *err);

void engine_explain(const struct ctx *ctx, report_fn report, void *data);

#endif
