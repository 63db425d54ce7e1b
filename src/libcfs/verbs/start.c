/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs start: let a created container's init run the user's program (runtime.md, "Start").
 *
 * The init waits for a connection to start.sock (steps/created.c). We connect, walk the rows after
 * STEP_CREATE_ENDS with it, and learn from the end of the connection that the execve succeeded. Everything
 * start needs is in the record.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/unix.h"
#include "libcfs/walk/engine.h"
#include "libcfs/container/build.h"
#include "libcfs/container/notify.h"
#include "libcfs/process/sync.h"
#include "libcfs/walk/trace.h"
#include "libcfs/container/bundle.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/container/destroy.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "libcfs/store/worker.h"
#include "libcfs/walk/aside.h"
#include "oci.h"
#include <string.h>
#include <sys/file.h>

#define ENDING_MS 1000 /* for the end of an init that has closed its socket */

/* Has the kernel killed a process of the container for lack of memory? */
static bool ran_out_of_memory(const struct state *s)
{
        struct cfs_error ignored = { 0 };
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        uint64_t n = 0;

        if (s->record->cgroup && cgroup_open(s->record, &cg, &ignored) >= 0)
                (void)cgroup_oom_count(cg, &n);
        return n > 0;
}

static int wrong_status(const struct state *s, int st, struct cfs_error *err)
{
        int r;

        switch (st) {
        case STATUS_STOPPED:
                r = err_set(err, CFS_E_STATE, "cannot start a container that has stopped%s",
                            ran_out_of_memory(s)
                                    ? ": the kernel has killed it, for lack of memory (out-of-memory kill)"
                                    : "");
                return ran_out_of_memory(s)
                               ? err_hint(err, r,
                                          "delete the container, and raise linux.resources.memory.limit")
                               : r;
        case STATUS_PAUSED:
                return err_set(err, CFS_E_STATE, "cannot start a paused container");
        case STATUS_RUNNING:
                return err_set(err, CFS_E_STATE, "cannot start an already running container");
        default:
                return err_set(err, CFS_E_STATE, "cannot start container `%s` in the %s state", s->id,
                               status_name(st));
        }
}

static int connect_init(struct ctx *c, struct cfs_error *err)
{
        const struct sockaddr_un a = unix_address_at(c->state->dir_fd, "start.sock");
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        c->sync = calloc(1, sizeof(*c->sync));
        if (!c->sync)
                return err_nomem(err);
        c->sync->fd = -1;
        c->sync->last = "created";
        if (fd < 0)
                return err_sys(err, errno, "socket", "make a socket");
        if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
                return errno == ECONNREFUSED
                               ? err_set(err, CFS_E_STATE, "cannot start a container whose init has ended")
                               : err_sys(err, errno, "connect", "connect to the container's init");
        c->sync->fd = TAKE_FD(fd);
        sync_watch(c->sync, aside_after_a_while, c);
        return 0;
}

/* Type=notify services count as started when they say so; so does our caller. */
static void wait_ready(struct ctx *c, struct notify *n)
{
        struct proc_identity id;
        _cleanup_close_ int pidfd = record_identity(c->state, &id) ? proc_pidfd(&id) : -1;

        n->pid = c->state->record->pid;
        lock_release(c->state);
        if (pidfd >= 0)
                notify_wait_ready(n, pidfd);
}

static int start(struct ctx *c, struct cfs_error *err)
{
        _cleanup_notify_ struct notify n = { .fd = -1 };
        int r = bundle_from_record(c, err);

        if (r >= 0) {
                c->config->hooks = c->state->record->hooks;
                c->config->process = c->state->record->process;
                r = bundle_documents(c, err);
        }
        if (r >= 0)
                r = connect_init(c, err);
        if (r >= 0)
                r = notify_begin(&n, c->state, err);
        if (r >= 0)
                r = engine_start(c, err);
        if (r >= 0)
                r = worker_done(c->state, err);
        if (r >= 0 && n.fd >= 0)
                wait_ready(c, &n);
        return r;
}

/* The init that we have reached has left its socket for good: a failure after that ends it, and so does
 * an answer that we could not hear. One that has not heard of us waits for the next `start`, or has been
 * started before by one that was killed. A hook that fails ends the whole container, with its poststop
 * hooks (runtime.md, "Lifecycle" 7, 9, 12). */
static void start_failed(struct ctx *c, struct cfs_error *err)
{
        const bool reached =
                c->sync && c->sync->fd >= 0 && (!STREQ(c->sync->last, "created") || c->sync->deaf);
        struct cfs_error why = { 0 };
        int r;

        if (c->state->lost)
                return;
        sync_close(c->sync); /* what follows needs descriptors, of which there may be no other */
        r = worker_step_back(c->state, &why);
        if (c->state->lost)
                return;
        if (!reached) {
                (void)worker_done(c->state, &why);
                return;
        }
        if (r < 0) {
                log_error("undo: %s (`cfs delete --force %s` tries again)", why.text, c->id);
                return;
        }
        (void)unlinkat(c->state->dir_fd, "start.sock", 0);
        r = err->code == CFS_E_HOOK ? destroy_container(c->state, &why) : destroy_stop(c->state, &why);
        if (r < 0)
                log_error("undo: %s (`cfs delete --force %s` tries again)", why.text, c->id);
        else if (err->code != CFS_E_HOOK)
                (void)worker_done(c->state, &why);
}

/* It has ended without a word. We are not its parent, but the kernel tells how: by the zombie or, when that
 * is reaped, by the pidfd (Linux 6.15). */
static int start_explain_end(const struct ctx *c, int r, struct cfs_error *err)
{
        struct proc_identity id;
        int status;

        if (err->code != CFS_E_DIED || (c->sync && c->sync->told) || c->pidfd < 0 ||
            !record_identity(c->state, &id) || proc_wait_gone(c->pidfd, ENDING_MS) < 0)
                return r;
        if ((proc_zombie_status(&id, &status) < 0 || status == 0) && proc_wait_status(c->pidfd, &status) < 0)
                return r;
        return build_explain_end(c, status, r, err);
}

static int start_created(struct ctx *c, struct cfs_error *err)
{
        int st = status_of(c->state, err), r;

        if (st < 0)
                return st;
        if (st != STATUS_CREATED)
                return wrong_status(c->state, st, err);
        if (worker_busy(c->state->record))
                return err_set(err, CFS_E_STATE, "cannot start container `%s`: pid %d is starting it", c->id,
                               (int)c->state->record->worker->pid);
        if (!c->state->record->process)
                return err_set(err, CFS_E_INVALID,
                               "cannot start a container without a process: config.json has none");
        r = cgroup_check_frozen(c->state->record, err);
        if (r >= 0)
                r = trace_open(c->runtime->trace, err);
        if (r < 0)
                return r;
        c->state->record->worker = NULL; /* of a start that was killed */
        c->pid = c->state->record->pid;
        c->pidfd =
                sys_pidfd_open(c->pid, 0); /* its parent may reap it before we can look what became of it */
        r = start(c, err);
        if (r < 0) {
                r = start_explain_end(c, r, err);
                start_failed(c, err);
        }
        return r;
}

int cfs_start(const struct cfs_runtime *rt, const char *id, struct cfs_error *err)
{
        _cleanup_ctx_ struct ctx c;
        int r;

        ctx_init(&c, WALK_CREATE);
        c.runtime = rt;
        c.id = id;
        r = state_open(rt->root, id, LOCK_EX, &c.state, err);
        if (r >= 0)
                r = start_created(&c, err);
        return r < 0 ? r : 0;
}
