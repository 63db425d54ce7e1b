/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hierarchy of cgroup v1. */
#ifndef LIBCFS_CGROUP_V1_H
#define LIBCFS_CGROUP_V1_H

#include "libcfs/cgroup/hierarchy/handle.h"

extern const struct hierarchy_ops v1_ops;

/* Can a process be frozen that was seen asleep or stopped (S, T, t of proc(5))? */
bool v1_freezes_asleep(void);

/* The text of freezer.state */
bool v1_says_frozen(const char *state);

#endif
