/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking a container down, from its record alone. */
#ifndef LIBCFS_DESTROY_H
#define LIBCFS_DESTROY_H

#include "libcfs/store/state.h"

/* Kills the init if it runs, frozen or not, and waits until it is gone (10 s). */
int destroy_stop(struct state *s, struct cfs_error *err);

/* Stops it, walks the undo column and removes the state directory. s stays open. When something could not be undone the
 * state stays, so that one can try again. */
int destroy_container(struct state *s, struct cfs_error *err);

#endif
