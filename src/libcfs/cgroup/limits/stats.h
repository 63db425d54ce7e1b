/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container has used. */
#ifndef LIBCFS_CGROUP_STATS_H
#define LIBCFS_CGROUP_STATS_H

#include "libcfs/cgroup/hierarchy/handle.h"

/* A JSON object; the caller frees. */
int stats_json(const struct cgroup *cg, char **ret, struct cfs_error *err);

#endif
