/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes killed for lack of memory. */
#ifndef LIBCFS_CGROUP_OOM_H
#define LIBCFS_CGROUP_OOM_H

#include "libcfs/cgroup/hierarchy/handle.h"
#include <stdint.h>

int oom_watch(const struct hierarchy *h, int *ret_fd, struct cfs_error *err);
int oom_count(const struct hierarchy *h, uint64_t *ret);

#endif
