/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking a container down, from its record alone. */
#ifndef LIBCFS_DESTROY_H
#define LIBCFS_DESTROY_H

#include "libcfs/store/state.h"

struct step;

/* Kills the init if it runs, frozen or not, and waits until it is gone (10 s). */
int destroy_stop(struct state *s, struct cfs_error *err);

/* Walks the undo column of the table and removes the state directory; without the lock while others are
 * waited for. s stays open. When something could not be undone the state stays, so that one can try again. */
int destroy_undo(const struct step *rows, struct state *s, struct cfs_error *err);

/* Stops it first. */
int destroy_container(struct state *s, struct cfs_error *err);

/* Opens a container with the exclusive lock, to delete it; waits while another cfs deletes it
 * (CFS_E_NOT_FOUND when that one is done). Returns 1, without a state, when that one waits for us, and
 * force is set. */
int destroy_open(const char *root, const char *id, bool force, struct state **ret, struct cfs_error *err);

#endif
