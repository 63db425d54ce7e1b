/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which container a cgroup belongs to: the mark that a container leaves on the first directory that it makes
 * or takes. */
#ifndef LIBCFS_CGROUP_CLAIM_H
#define LIBCFS_CGROUP_CLAIM_H

#include "libcfs/cgroup/hierarchy/handle.h"

enum claim { CLAIM_NONE, CLAIM_OURS, CLAIM_OTHER };

/* Makes h->path, or takes the empty one that is there, and, when h->claim, marks it with rq->owner.
 * CFS_E_STATE when it is not empty, or another container's. Sets h->made. */
int claim_directory(struct hierarchy *h, const struct cgroup_request *rq, struct cfs_error *err);

/* Marks h->path, which exists. CFS_E_STATE when it is another container's. */
int claim_mark(const struct hierarchy *h, const struct cgroup_request *rq, struct cfs_error *err);

/* Takes the mark off a directory that stays. */
void claim_release(const struct hierarchy *h);

/* Which container do the directories of cg belong to? Returns an enum claim, or a negative value. trusted:
 * ignores a mark that the container itself could have changed. */
int claim_find(const struct cgroup *cg, const char *owner, bool trusted, struct cfs_error *err);

/* The mark of an open directory: the state directory of a container. 1, 0 when it has none, or -errno. */
int claim_read(int fd, bool trusted, char *buf, size_t size);

#endif
