/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device rules in force: v1's lists, v2's BPF program. */
#ifndef LIBCFS_CGROUP_DEVCG_H
#define LIBCFS_CGROUP_DEVCG_H

#include "libcfs/cgroup/handle.h"

/* Puts rq's rules in force on every hierarchy of cg that can have them. update: older ones are in force. */
int devcg_apply(const struct cgroup *cg, const struct cgroup_request *rq, bool update, struct cfs_error *err);

/* One line per thing that devcg_apply() would write. */
void devcg_explain(const struct cgroup *cg, const struct cgroup_request *rq,
                   void (*line)(void *data, const char *text), void *data);

#endif
