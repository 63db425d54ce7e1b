/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the systemd manager shares with cgroupfs: directories that exist are filled in the same way. */
#ifndef LIBCFS_CGROUP_CGROUPFS_H
#define LIBCFS_CGROUP_CGROUPFS_H

#include "libcfs/cgroup/limits/settings.h"

/* Makes the directories of those hierarchies that are not denied. */
int cgroupfs_make_directories(struct cgroup *cg, struct cfs_error *err);

/* Removes the cgroups that were made and hold no process, and forgets the rest, which belong to another
 * container. */
void cgroupfs_withdraw(struct cgroup *cg);

/* Limits and device rules of cg->rq. */
int cgroupfs_fill(struct cgroup *cg, struct cfs_error *err);

/* Opens what the init enters through. */
int cgroupfs_open(struct cgroup *cg, struct cfs_error *err);

/* Converts and writes, all or nothing; s remembers what was there. */
int cgroupfs_update_settings(struct cgroup *cg, const struct oci_resources *res, struct settings *s,
                             struct cfs_error *err);

/* Where a container whose path is `inner` begins in a hierarchy: "/", or near our own cgroup (detect_own()
 * first). The caller frees. */
struct detect_mount;
int cgroupfs_base(const struct detect_mount *m, const char *inner, char **ret, struct cfs_error *err);

#endif
