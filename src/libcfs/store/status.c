/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state store knows whether the init lives; whether it is frozen only its cgroup knows. One read more.
 *
 * A created container can be frozen, too, and whoever talks to its init then waits: it is "paused" like a running one.
 */
#include "libcfs/store/status.h"
#include "libcfs/cgroup/cgroup.h"

enum container_status status_of(struct state *s)
{
        enum container_status st = state_status(s);
        struct cfs_error ignored = { 0 };
        struct cgroup *cg = NULL;

        if ((st != STATUS_RUNNING && st != STATUS_CREATED) || !s->record->cgroup)
                return st;
        if (cgroup_open(s->record, &cg, &ignored) >= 0 && cgroup_is_frozen(cg) > 0)
                st = STATUS_PAUSED;
        cgroup_close(cg);
        return st;
}
