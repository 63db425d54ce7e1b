/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Completes or undoes what a command that was killed has left half done.
 */
#ifndef BOX_CONTAINER_REPAIR_H
#define BOX_CONTAINER_REPAIR_H

#include "box/core/box.h"

/* At the start of every command: finds containers whose init is gone while the store still has them running,
 * and those whose creator was killed. Cheap when there is nothing to do: one look at the rows that are in
 * such a state. */
int repair_all(const struct box *box, struct cfs_error *err);

/* Whether it would find something: 1 or 0. */
int repair_needed(const struct box *box, struct cfs_error *err);

/* orphans.c: removes what a power cut has left of containers that have no row any more. How many there
 * were. */
int orphans_remove(const struct box *box, struct cfs_error *err);

#endif
