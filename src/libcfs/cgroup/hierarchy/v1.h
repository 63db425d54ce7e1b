/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hierarchy of cgroup v1. */
#ifndef LIBCFS_CGROUP_V1_H
#define LIBCFS_CGROUP_V1_H

#include "libcfs/cgroup/hierarchy/handle.h"

extern const struct hierarchy_ops v1_ops;

#endif
