/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking a container down, by walking the undo column of the plan backwards with nothing but the record: for `delete`,
 * for the end of a foreground `run`, and for what a killed create left.
 */
#include "libcfs/container/destroy.h"
#include "base/cleanup.h"
#include "base/proc.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/record.h"
#include "libcfs/walk/engine.h"
#include <signal.h>

#define KILL_TIMEOUT_MS 10000

int destroy_stop(struct state *s, struct cfs_error *err)
{
        struct proc_identity id;
        _cleanup_close_ int pidfd = -1;
        int r;

        if (!record_identity(s, &id))
                return 0;
        r = proc_status(&id);
        if (r < 0)
                return err_sys(err, -r, "read", "look whether the container's init %d is alive", (int)id.pid);
        if (r != PROC_ALIVE)
                return 0;
        pidfd = proc_pidfd(&id);
        if (pidfd == -ESRCH)
                return 0;
        if (pidfd < 0)
                return err_sys(err, -pidfd, "pidfd_open", "open a pidfd of the container's init %d",
                               (int)id.pid);
        r = proc_signal(pidfd, SIGKILL);
        if (r < 0 && r != -ESRCH)
                return err_sys(err, -r, "pidfd_send_signal", "kill the container's init %d", (int)id.pid);
        /* A frozen process takes the signal only when its cgroup is thawed. */
        struct cgroup *cg = NULL;
        struct cfs_error ignored = { 0 };

        if (s->record->cgroup && cgroup_open(s->record, &cg, &ignored) >= 0) {
                if (cgroup_is_frozen(cg) > 0)
                        (void)cgroup_freeze(cg, false, &ignored);
                cgroup_close(cg);
        }
        r = proc_wait_gone(pidfd, KILL_TIMEOUT_MS);
        if (r == -ETIMEDOUT)
                return err_set(err, CFS_E_TIMEOUT,
                               "the container's init %d did not end within %d s of SIGKILL", (int)id.pid,
                               KILL_TIMEOUT_MS / 1000);
        return 0;
}

int destroy_container(struct state *s, struct cfs_error *err)
{
        struct cfs_error first = { 0 };
        int r = destroy_stop(s, err), u;

        if (r < 0)
                return r;
        u = engine_undo(plan, s, &first);
        /* What could not be undone must stay known, or nobody could try again. */
        if (u < 0) {
                *err = first;
                return u;
        }
        return state_remove(s, err);
}
