/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container has used. */
#ifndef LIBCFS_CGROUP_STATS_H
#define LIBCFS_CGROUP_STATS_H

#include "libcfs/cgroup/hierarchy/handle.h"

struct json_writer;

/* Writes an object. */
int stats_write(const struct cgroup *cg, struct json_writer *w, struct cfs_error *err);

#endif
