/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs kill: send a signal to the container's init (runtime.md, "Kill"), or with --all to every process of its
 * cgroup.
 *
 * The init is addressed by a pidfd that was verified to be that very process (proc.h): a stranger who got its
 * pid is safe. Without a PID namespace of its own (a joined one is the init of another container's), the
 * death of the init leaves the other processes alive; so SIGKILL then goes to the whole cgroup, even when the
 * init is gone already.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/signals.h"
#include "base/str.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/cfs.h"
#include "libcfs/store/record.h"
#include "libcfs/store/status.h"
#include "libcfs/store/state.h"
#include <signal.h>
#include <string.h>

static bool has_pid_namespace(const struct oci_record *rec)
{
        for (size_t i = 0; i < rec->n_namespaces; i++) {
                const struct oci_namespace *n = rec->namespaces[i];

                if (n->type && STREQ(n->type, "pid"))
                        return str_empty(n->path);
        }
        return false;
}

/* Returns 1 when there was a process in the cgroup. */
static int kill_cgroup(const struct state *s, int sig, struct cfs_error *err)
{
        _cleanup_free_ pid_t *pids = NULL;
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        struct cfs_error ignored = { 0 };
        size_t n = 0;
        int r = cgroup_open(s->record, &cg, err);

        if (r < 0)
                return r;
        if (cgroup_pids(cg, &pids, &n, &ignored) >= 0 && n == 0)
                return 0;
        return cgroup_kill(cg, sig, err);
}

/* Paused by cgroup v1, a process dies only when it is thawed. */
static void wake_killed(const struct state *s)
{
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        struct cfs_error ignored = { 0 };

        if (cgroup_open(s->record, &cg, &ignored) >= 0)
                cgroup_wake_killed(cg);
}

static int kill_init(struct state *s, int sig, struct cfs_error *err)
{
        _cleanup_close_ int pidfd = record_pidfd(s);
        int r = pidfd < 0 ? pidfd : proc_signal(pidfd, sig);

        if (r == -ESRCH)
                return err_set(err, CFS_E_STATE, "container not running");
        if (r == -EXDEV)
                return record_elsewhere(s, err);
        if (r < 0)
                return err_sys(err, -r, pidfd < 0 ? "pidfd_open" : "pidfd_send_signal",
                               "send signal %d to pid %d", sig, (int)s->record->pid);
        log_debug("signal %d was sent to process %d", sig, (int)s->record->pid);
        if (sig == SIGKILL)
                wake_killed(s);
        return 0;
}

int cfs_kill(const struct cfs_runtime *rt, const char *id, int sig, bool all, struct cfs_error *err)
{
        _cleanup_state_ struct state *s = NULL;
        int r = state_open(rt->root, id, 0, &s, err), st;
        bool own_pids;

        if (r < 0)
                return r;
        st = status_hold(s, false, err);
        if (st < 0)
                return st;
        own_pids = has_pid_namespace(s->record);
        if (all || (sig == SIGKILL && !own_pids && s->record->cgroup && st != STATUS_CREATING)) {
                r = kill_cgroup(s, sig, err);
                /* A container without cgroups has its init still. Without an init there may have been
                 * others to kill. */
                if (r == 0 && st != STATUS_STOPPED)
                        r = kill_init(s, sig, err);
                else if (r == 0 && !all)
                        r = err_set(err, CFS_E_STATE, "container not running");
        } else if (st == STATUS_STOPPED || st == STATUS_CREATING) {
                r = err_set(err, CFS_E_STATE, "container not running");
        } else {
                r = kill_init(s, sig, err);
        }
        return r < 0 ? r : 0;
}

int cfs_signal_number(const char *name)
{
        return signals_number(name);
}
