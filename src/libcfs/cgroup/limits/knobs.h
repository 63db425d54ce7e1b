/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of linux.resources: what each property is called in cgroup v1, in v2, and by systemd. */
#ifndef LIBCFS_CGROUP_KNOBS_H
#define LIBCFS_CGROUP_KNOBS_H

#include "libcfs/cgroup/limits/job.h"

/* Ends with a row whose property is NULL. */
extern const struct knob knobs[];

#endif
