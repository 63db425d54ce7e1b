/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a container's cgroup, all together. */
#ifndef LIBCFS_CGROUP_MEMBERS_H
#define LIBCFS_CGROUP_MEMBERS_H

#include "libcfs/cgroup/hierarchy/handle.h"
#include "libcfs/cgroup/hierarchy/tree.h"

/* The hierarchy that freezes: v2's, else v1's freezer, or NULL. */
const struct hierarchy *members_freezer(const struct cgroup *cg);

/* That of v1, where there are two; or NULL. */
const struct hierarchy *members_freezer_v1(const struct cgroup *cg);

/* All pids, sorted, each one once. The caller frees. */
int members_list(const struct cgroup *cg, struct tree_pids *ret, struct cfs_error *err);

/* Lets those go on that v1 has frozen, and that have been killed: SIGKILL waits for that. */
void members_wake(const struct cgroup *cg);

/* Signals them all; SIGKILL wakes the frozen ones. Returns 1, or 0 when there is no process. */
int members_kill(const struct cgroup *cg, int sig, struct cfs_error *err);

/* Of cg->n_not_ours: removes the directories that were made for this container. While another container uses
 * them they are only marked, and the last container that leaves removes them. */
void members_leave(struct cgroup *cg);

/* Removes every directory that was made for the container, and before that, if need be, the processes in
 * them. */
int members_remove(struct cgroup *cg, struct cfs_error *err);

#endif
