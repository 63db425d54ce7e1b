/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device rules in force: v1's lists, v2's BPF program. */
#ifndef LIBCFS_CGROUP_DEVCG_H
#define LIBCFS_CGROUP_DEVCG_H

#include "libcfs/cgroup/hierarchy/handle.h"

/* Puts rq's rules in force on every hierarchy of cg that can have them. update: older ones are in force.
 * With ret_later, what need not be done at once is left to devcg_apply_later(), and *ret_later set. */
int devcg_apply(const struct cgroup *cg, const struct cgroup_request *rq, bool update, bool *ret_later,
                struct cfs_error *err);
void devcg_apply_later(const struct cgroup *cg, const struct cgroup_request *rq);

/* One line per thing that devcg_apply() would write. */
void devcg_explain(const struct cgroup *cg, const struct cgroup_request *rq,
                   void (*line)(void *data, const char *text), void *data);

#endif
