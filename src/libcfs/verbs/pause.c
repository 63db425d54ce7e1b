/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs pause and cfs resume: the freezer of the container's cgroup. Both wait until the kernel says that it is
 * done, and leave nothing half frozen when it never gets there.
 */
#include "base/cleanup.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include <sys/file.h>

static int set_frozen(struct state *s, bool freeze, struct cfs_error *err)
{
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        int r = cgroup_open(s->record, &cg, err);

        return r < 0 ? r : cgroup_freeze(cg, freeze, err);
}

static int pause_or_resume(const struct cfs_runtime *rt, const char *id, bool freeze, struct cfs_error *err)
{
        _cleanup_state_ struct state *s = NULL;
        int r = state_open(rt->root, id, LOCK_EX, &s, err), st;

        if (r < 0)
                return r;
        st = status_of(s, err);
        if (st < 0)
                r = st;
        else if (freeze && st != STATUS_RUNNING && st != STATUS_CREATED)
                r = err_set(err, CFS_E_STATE, "container not running or created: %s", status_name(st));
        else if (!freeze && st != STATUS_PAUSED)
                r = err_set(err, CFS_E_STATE, "container not paused: %s", status_name(st));
        else
                r = set_frozen(s, freeze, err);
        return r < 0 ? err_prefix(err, r, freeze ? "pause" : "resume") : 0;
}

int cfs_pause(const struct cfs_runtime *rt, const char *id, struct cfs_error *err)
{
        return pause_or_resume(rt, id, true, err);
}

int cfs_resume(const struct cfs_runtime *rt, const char *id, struct cfs_error *err)
{
        return pause_or_resume(rt, id, false, err);
}
