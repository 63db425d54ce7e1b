/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other containers whose cgroups are below a container's own. */
#ifndef LIBCFS_CGROUP_OTHERS_H
#define LIBCFS_CGROUP_OTHERS_H

#include "libcfs/cgroup/hierarchy/handle.h"
#include "libcfs/cgroup/hierarchy/tree.h"

/* Their directories, in all hierarchies, and those between them and the container's. The caller frees. */
int others_find(const struct cgroup *cg, struct tree_kept *ret, struct cfs_error *err);

#endif
