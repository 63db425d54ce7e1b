/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The box of an ordinary user: everything happens in a user namespace whose root is that user.
 */
#ifndef BOX_ROOTLESS_H
#define BOX_ROOTLESS_H

#include "base/err.h"
#include "libcfs/cfs.h"
#include <stdbool.h>

/* Is this an ordinary user's, or already in the namespace of one? */
bool rootless_is(void);

/* As an ordinary user: makes the namespaces and executes this program in them again, or joins those of the
 * box's containers that run. Returns 0 at once for root, and in the namespaces. */
int rootless_enter(char **argv, struct cfs_error *err);

/* Which manager to use: cgroups only where they are delegated to the user. */
enum cfs_cgroup_manager rootless_cgroup_manager(void);

#endif
