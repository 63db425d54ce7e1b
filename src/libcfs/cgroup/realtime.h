/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shares of real time that cgroups of v1 have. */
#ifndef LIBCFS_CGROUP_REALTIME_H
#define LIBCFS_CGROUP_REALTIME_H

#include "base/err.h"
#include "libcfs/cgroup/hierarchy/handle.h"

/* Would no process of the container be allowed a real-time policy here? False for an ordinary user's, which
 * may stay in its caller's cgroup. */
bool realtime_is_missing(const struct cgroup_request *rq);

/* After a process could not join h->path: adds the hint that it is a real-time process. Returns r. */
int realtime_hint(const struct hierarchy *h, int r, struct cfs_error *err);

#endif
