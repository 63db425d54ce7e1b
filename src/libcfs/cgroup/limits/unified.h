/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* resources.unified as properties of a systemd unit. */
#ifndef LIBCFS_CGROUP_UNIFIED_H
#define LIBCFS_CGROUP_UNIFIED_H

#include "libcfs/cgroup/limits/job.h"

/* Adds the properties that say the same as `value` in `file` of cgroup v2: none, one or several. 0, or
 * negative with an error in j->err. */
int unified_add(struct knobs_job *j, const char *file, const char *value);

#endif
