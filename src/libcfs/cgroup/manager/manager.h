/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The managers of cgroups: cgroupfs.c makes directories itself, systemd.c asks systemd to, none.c makes
 * none. */
#ifndef LIBCFS_CGROUP_MANAGER_H
#define LIBCFS_CGROUP_MANAGER_H

#include "libcfs/cgroup/hierarchy/handle.h"

extern const struct manager_ops cgroupfs_ops;
extern const struct manager_ops systemd_ops;
extern const struct manager_ops none_ops;

#endif
