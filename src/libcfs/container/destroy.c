/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking a container down, by walking the undo column of the plan backwards with nothing but the record: for
 * `delete`, for the end of a foreground `run`, and for what a killed create left.
 */
#include "libcfs/container/destroy.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "libcfs/store/worker.h"
#include "libcfs/walk/engine.h"
#include "oci.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#define KILL_TIMEOUT_MS 10000
#define PATIENCE_MS     1000

/* A checkpoint whose cfs was killed, and whose CRIU still waits: for a restore to fetch lazy pages, say. It
 * holds the processes by ptrace(2), also those that were killed (PTRACE_O_TRACEEXIT). Another tracer is a
 * debugger, whose user knows what it does. */
static void end_tracer(const struct proc_identity *init)
{
        struct proc_identity tracer = { 0 };
        _cleanup_close_ int pidfd = -1;
        char path[64], text[4096], name[32] = "";
        const char *at;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)init->pid);
        if (io_read_small(AT_FDCWD, path, text, sizeof(text)) < 0 || !(at = strstr(text, "\nTracerPid:")) ||
            (tracer.pid = (pid_t)strtol(at + strlen("\nTracerPid:"), NULL, 10)) <= 0 ||
            proc_identify(tracer.pid, &tracer) < 0)
                return;
        (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)tracer.pid);
        if (io_read_small(AT_FDCWD, path, name, sizeof(name)) < 0 || !STREQ(name, "criu"))
                return;
        pidfd = proc_pidfd(&tracer);
        if (pidfd < 0)
                return;
        log_warning("criu %d still holds the container's processes: it is ended", (int)tracer.pid);
        (void)proc_signal(pidfd, SIGKILL);
}

/* The pids on record are counted in another PID namespace, and here they are strangers'. What the container's
 * cgroup holds is the container's, and the kernel kills it without pids (cgroup.kill; v1 cannot, and then
 * nothing is removed). A namespace that has ended has left an empty one. */
static int stop_by_cgroup(struct state *s, struct cfs_error *err)
{
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        struct cfs_error ignored = { 0 };
        int r = s->record->cgroup ? cgroup_open(s->record, &cg, err) : record_elsewhere(s, err);

        if (r < 0)
                return r;
        (void)cgroup_kill(cg, SIGKILL, &ignored);
        for (int i = 0; i < KILL_TIMEOUT_MS; i += 50) {
                _cleanup_free_ pid_t *pids = NULL;
                size_t n = 0;

                r = cgroup_pids(cg, &pids, &n, err);
                if (r != -EXDEV && (r < 0 || n == 0))
                        return r;
                err_clear(err);
                clock_sleep_us(50000);
        }
        return record_elsewhere(s, err);
}

/* A cgroup that is frozen above the container's is not ours to thaw. Otherwise it waits for a device, or for
 * a server that does not answer: the kernel says where. */
static int does_not_end(struct state *s, const struct proc_identity *id, struct cfs_error *err)
{
        struct cfs_error ignored = { 0 };
        struct cgroup *cg = NULL;
        bool frozen =
                s->record->cgroup && cgroup_open(s->record, &cg, &ignored) >= 0 && cgroup_is_frozen(cg) > 0;
        char is[256];

        cgroup_close(cg);
        proc_describe(id->pid, is, sizeof(is));
        return err_set(err, CFS_E_TIMEOUT,
                       "the container's init %d did not end within %d s of SIGKILL: its %s%s", (int)id->pid,
                       KILL_TIMEOUT_MS / 1000, is, frozen ? ", and a cgroup above its own is frozen" : "");
}

int destroy_stop(struct state *s, struct cfs_error *err)
{
        struct proc_identity id;
        _cleanup_close_ int pidfd = -1;
        int r;

        if (!record_identity(s, &id))
                return 0;
        r = proc_status(&id);
        if (r == -EXDEV)
                return stop_by_cgroup(s, err);
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
        /* Frozen by v1, a process takes the signal only when its cgroup is thawed; and the first of a PID
         * namespace does not end before the others of it have (pid_namespaces(7)). */
        struct cgroup *cg = NULL;
        struct cfs_error ignored = { 0 };

        if (s->record->cgroup && cgroup_open(s->record, &cg, &ignored) >= 0) {
                cgroup_wake_killed(cg);
                cgroup_close(cg);
        }
        r = proc_wait_gone(pidfd, PATIENCE_MS);
        if (r == -ETIMEDOUT) {
                end_tracer(&id);
                r = proc_wait_gone(pidfd, KILL_TIMEOUT_MS);
        }
        if (r == -ETIMEDOUT)
                return does_not_end(s, &id, err);
        return 0;
}

/* Do programs of others take part: poststop hooks, the service manager? */
static bool undo_is_foreign(const struct oci_record *rec)
{
        return (rec->hooks && rec->hooks->n_poststop > 0) ||
               (rec->cgroup && str_eq(rec->cgroup->manager, "systemd"));
}

/* From here on the container is ours alone, with or without the lock: its phase says so, and we live. */
static int claim(struct state *s, struct cfs_error *err)
{
        /* After "creating" hooks may have run, which poststop hooks make up for. */
        if (!str_eq(s->record->phase, "creating") && !str_eq(s->record->phase, "deleting"))
                s->record->hooks_started = s->record->has_hooks_started = true;
        return worker_claim(s, "deleting", err);
}

int destroy_undo(const struct step *rows, struct state *s, struct cfs_error *err)
{
        struct cfs_error ignored = { 0 };
        int r = undo_is_foreign(s->record) ? claim(s, err) : 0;

        if (r >= 0)
                r = engine_undo(rows, s, err);
        if (r >= 0)
                return state_remove(s, err);
        /* What could not be undone must stay on record, so that `delete` can be tried again. */
        (void)worker_done(s, &ignored);
        return r;
}

int destroy_container(struct state *s, struct cfs_error *err)
{
        int r = destroy_stop(s, err);

        return r < 0 ? r : destroy_undo(plan, s, err);
}

/* 1: there is nothing left to do, 0: look again */
static int wait_for_other(struct state *s, bool force, struct cfs_error *err)
{
        /* A poststop hook that deletes its own container: we would wait for each other. */
        if (worker_is_ancestor(s->record))
                return force ? 1
                             : err_set(err, CFS_E_STATE, "container `%s` is being deleted by pid %d", s->id,
                                       (int)s->record->worker->pid);
        lock_release(s);
        return worker_wait(s, err);
}

/* What holds the lock may be a process that was forked by a cfs and born into a frozen cgroup, where it
 * cannot close its copy of the lock, and the cfs may have been killed. Whatever it is, --force ends it
 * with the container. */
static void end_holder(const char *root, const char *id)
{
        struct cfs_error ignored = { 0 };
        struct cgroup *cg = NULL;
        struct state *s = NULL;

        if (state_open(root, id, 0, &s, &ignored) < 0)
                return;
        for (int i = 0; i < PATIENCE_MS / 50; i++) {
                if (lock_try(s, LOCK_EX) == 0)
                        goto done;
                clock_sleep_us(50000);
        }
        if (s->record->cgroup && cgroup_open(s->record, &cg, &ignored) >= 0) {
                (void)cgroup_kill(cg, SIGKILL, &ignored);
                cgroup_wake_killed(cg);
        }
        cgroup_close(cg);
done:
        state_close(s);
}

static int open_locked(const char *root, const char *id, bool force, struct state **ret,
                       struct cfs_error *err)
{
        int r = state_open(root, id, force ? LOCK_EX | LOCK_NB : LOCK_EX, ret, err);

        if (!force || r >= 0 || err->code != CFS_E_TIMEOUT)
                return r;
        err_clear(err);
        end_holder(root, id);
        return state_open(root, id, LOCK_EX, ret, err);
}

int destroy_open(const char *root, const char *id, bool force, struct state **ret, struct cfs_error *err)
{
        for (;;) {
                struct state *s = NULL;
                int r = open_locked(root, id, force, &s, err);

                if (r < 0)
                        return r;
                if (!str_eq(s->record->phase, "deleting") || !worker_busy(s->record) ||
                    (force && worker_is_elsewhere(s->record))) {
                        *ret = s;
                        return 0;
                }
                r = wait_for_other(s, force, err);
                state_close(s);
                if (r != 0)
                        return r;
        }
}
