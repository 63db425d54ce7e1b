/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts device rules into force: by the lists of cgroup v1, and by a BPF program for v2. */
#ifndef LIBCFS_CGROUP_DEVCG_H
#define LIBCFS_CGROUP_DEVCG_H

#include "libcfs/cgroup/hierarchy/handle.h"

/* Puts the rules of rq into force on every hierarchy of cg that can have them. update: older rules are in
 * force. ret_later (may be NULL): part of the work may wait; then *ret_later is set, and the caller must
 * call devcg_apply_later(). */
int devcg_apply(const struct cgroup *cg, const struct cgroup_request *rq, bool update, bool *ret_later,
                struct cfs_error *err);
void devcg_apply_later(const struct cgroup *cg, const struct cgroup_request *rq);

/* One line per thing that devcg_apply() would write. */
void devcg_explain(const struct cgroup *cg, const struct cgroup_request *rq,
                   void (*line)(void *data, const char *text), void *data);

#endif
