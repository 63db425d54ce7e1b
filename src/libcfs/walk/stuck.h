/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message about an init that does not answer any more. */
#ifndef LIBCFS_STUCK_H
#define LIBCFS_STUCK_H

#include "libcfs/walk/ctx.h"

/* Completes CFS_E_TIMEOUT of the row: what the init is doing, where the kernel has it wait, whether its
 * cgroup is frozen. Returns r. */
int stuck_explain(const struct ctx *c, const char *row, int r, struct cfs_error *err);

#endif
