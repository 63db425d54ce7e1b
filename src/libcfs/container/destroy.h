/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking a container down, from its record alone. */
#ifndef LIBCFS_DESTROY_H
#define LIBCFS_DESTROY_H

#include "libcfs/store/state.h"

struct step;

/* Kills the init if it runs, frozen or not, and waits until it is gone (10 s). */
int destroy_stop(struct state *s, struct cfs_error *err);

/* Walks the undo column of the table, then removes the state directory. Releases the lock while it waits for
 * programs of others. s stays open. When something could not be undone, the state directory stays, so that
 * `delete` can be tried again. */
int destroy_undo(const struct step *rows, struct state *s, struct cfs_error *err);

/* destroy_stop(), then destroy_undo(). */
int destroy_container(struct state *s, struct cfs_error *err);

/* Opens a container with the exclusive lock, to delete it. Waits while another cfs deletes it; then it is
 * CFS_E_NOT_FOUND. Returns 1, without a state, when force is set and the other cfs waits for this process:
 * it runs a hook that has called `cfs delete`. */
int destroy_open(const char *root, const char *id, bool force, struct state **ret, struct cfs_error *err);

#endif
