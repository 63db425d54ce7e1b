/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hierarchy of cgroup v2. */
#ifndef LIBCFS_CGROUP_V2_H
#define LIBCFS_CGROUP_V2_H

#include "libcfs/cgroup/hierarchy/handle.h"

extern const struct hierarchy_ops v2_ops;

/* The text of cgroup.freeze */
bool v2_says_frozen(const char *freeze);

/* Enables a controller, or with NULL every one that there is, for the children of every directory from
 * the mount point down to h->path's parent. What fails is a line of the debug log, and h->not_enabled. */
void v2_enable(struct hierarchy *h, const char *controller);

/* Kills every process in the directory and below. 0 or -errno. */
int v2_kill(const struct hierarchy *h);

/* Waits until no process is left in it. 0, -ETIMEDOUT, -errno. */
int v2_wait_empty(const struct hierarchy *h, int timeout_ms);

/* Gives the directory, which exists, to rq->owner_uid. */
int v2_delegate(const char *path, uid_t owner, struct cfs_error *err);

#endif
