/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building a container up to "created": what create and run have in common.
 *
 *      load, check          nothing touched yet: most mistakes end here
 *      state directory      the ID is ours
 *      prepare column       resources recorded, then made
 *      spawn                the init walks its column, we walk ours, until the row that ends create
 *
 * A failure anywhere kills the init, walks the undo column from the record, and removes the state directory:
 * the same undo that `delete` uses, and that cleans up after a runtime that was killed.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/lack.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/unix.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/checkpoint/job.h"
#include "libcfs/walk/engine.h"
#include "libcfs/container/spawn.h"
#include "libcfs/process/sync.h"
#include "libcfs/walk/trace.h"
#include "libcfs/container/build.h"
#include "libcfs/container/bundle.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/container/destroy.h"
#include "libcfs/store/state.h"
#include "libcfs/store/worker.h"
#include "libcfs/walk/aside.h"
#include "oci.h"
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* An init whose cgroup may have that much lives until its execve; with a quarter of it the kernel kills it
 * (x86-64, v1). */
#define INIT_NEEDS (256 << 10)

#define ENDING_MS 10000 /* for the end of an init that has closed its socket */

void build_child(struct ctx *c)
{
        struct cfs_error err = { 0 };

        (void)engine_init(c, &err);
        /* Whatever other hint there is: this filter is the nearest reason. */
        if (c->filter_is_loaded && err.syscall[0] && !STREQ(err.syscall, "seccomp") &&
            (err.errnum == EPERM || err.errnum == ENOSYS)) {
                err.hint[0] = '\0';
                (void)err_hint(&err, 0, "the filter of linux.seccomp is in force by then: it may forbid %s",
                               err.syscall);
        }

        int status = sync_send_failed(c->sync, &err);

        /* `start` of an ordinary user reads it in /proc/PID/stat (proc(5)). As steps/created.c says, there is
         * nothing in this process that the user does not have. */
        if (status > 1 && c->rootless && ctx_has_ns(c, CLONE_NEWUSER))
                (void)prctl(PR_SET_DUMPABLE, 1);
        _exit(status);
}

/* What later verbs need of the configuration. The strings stay in ctx's arena, which outlives the record's
 * use here. */
static int fill_record(struct ctx *c, struct cfs_error *err)
{
        struct oci_record *r = c->state->record;

        r->version = 1;
        r->has_version = true;
        r->oci_version = c->config->oci_version;
        r->id = c->state->id;
        r->bundle = c->bundle;
        r->rootfs = c->rootfs;
        r->annotations = c->config->annotations;
        r->owner = c->euid;
        r->has_owner = true;
        r->hooks = c->config->hooks;
        r->process = c->config->process;
        r->namespaces = c->linux_->namespaces;
        r->n_namespaces = c->linux_->n_namespaces;
        r->personality = c->linux_->personality;
        r->memory_policy = c->linux_->memory_policy;
        r->no_new_keyring = r->has_no_new_keyring = c->create->no_new_keyring;
        r->created = oci_arena_alloc(c->arena, LOG_TIME_SIZE);
        if (!r->created)
                return err_nomem(err);
        log_time(r->created);
        return 0;
}

/* Has it been killed by a signal? Waits for one that is about to end. */
static bool was_killed(const struct ctx *c, int timeout_ms, int *ret_status)
{
        siginfo_t i = { 0 };

        if (c->pidfd < 0 || proc_wait_gone(c->pidfd, timeout_ms) < 0)
                return false;
        /* A debugger sees the end of a process before its parent does (ptrace(2)). */
        for (int ms = 0; ms < timeout_ms && !i.si_pid; ms++) {
                if (waitid(P_PID, (id_t)c->pid, &i, WEXITED | WNOHANG | WNOWAIT) < 0)
                        return false;
                if (!i.si_pid)
                        clock_sleep_us(1000);
        }
        *ret_status = i.si_status;
        return i.si_pid == c->pid && (i.si_code == CLD_KILLED || i.si_code == CLD_DUMPED);
}

/* Has the kernel killed a process of the container's cgroup for lack of memory? false when the counter cannot
 * be read. */
static bool ran_out_of_memory(const struct ctx *c)
{
        uint64_t count = 0;

        return c->cgroup && cgroup_oom_count(c->cgroup, &count) >= 0 && count > 0;
}

static const char *whom(const struct ctx *c)
{
        return c->walk == WALK_EXEC ? "the process of exec" : "the container's init";
}

/* The init was killed. When a limit of memory is the reason, that is the property at fault. */
static int killed(const struct ctx *c, int sig, int r, struct cfs_error *err)
{
        const struct oci_resources *res = c->linux_->resources;

        (void)err_prefix(err, r, "%s was killed by signal %d (%s)", whom(c), sig, sigdescr_np(sig));
        if (sig == SIGSYS)
                return err_hint(
                        err, r,
                        "the filter of linux.seccomp forbids a system call by a signal: SCMP_ACT_KILL or "
                        "SCMP_ACT_TRAP (execve, or, with an agent, one that gives up privileges)");
        if (sig != SIGKILL || !ran_out_of_memory(c))
                return r;
        if (c->walk == WALK_EXEC || !res || !res->memory || !res->memory->has_limit ||
            res->memory->limit <= 0)
                return err_hint(err, r, "the kernel killed it: the limits of memory leave it too little");
        err_clear(err);
        r = err_set(err, CFS_E_INVALID,
                    "%" PRId64
                    " bytes are too few: the kernel killed the container's init, which needs %d (and the "
                    "program its own)",
                    res->memory->limit, INIT_NEEDS);
        return err_property(err, r, "linux.resources.memory.limit");
}

int build_explain(struct ctx *c, int r, struct cfs_error *err)
{
        struct cfs_error theirs = { 0 };
        int status, look;

        /* Of a restore, CRIU tells once it is there; and it ends the init when it gives up. */
        if (c->pid <= 0 || (c->job && c->job->criu.theirs < 0))
                return r;
        if (c->sync && c->sync->told) /* its own words; the second process of exec may have had more */
                return r;
        if (err->code != CFS_E_DIED) {
                /* What fails on a process that ends fails because it ends: of both errors the init's is
                 * the cause. */
                look = c->sync ? sync_look(c->sync, &theirs) : 0;
                if (look < 0) {
                        *err = theirs;
                        return look;
                }
                /* What /proc says of one that is ending, it says before its files are closed. */
                bool maybe = r == -EACCES || r == -EPERM || r == -ESRCH || r == -ENOENT;

                if ((look > 0 || maybe) && was_killed(c, look > 0 ? 1000 : 50, &status))
                        return killed(c, status, r, err);
                return r;
        }
        if (proc_reap_in_time(c->pid, c->pidfd, ENDING_MS, &status) < 0)
                return r;
        c->pid = 0;
        return build_explain_end(c, status, r, err);
}

int build_explain_end(const struct ctx *c, int status, int r, struct cfs_error *err)
{
        if (WIFSIGNALED(status))
                return killed(c, WTERMSIG(status), r, err);
        /* Errors come by sendmsg(2): of a filter that cfs runs under, this is the only sign. */
        if (!err->hint[0])
                lack_hint(WEXITSTATUS(status) == ENOSYS ? ENOSYS : EPERM, "sendmsg", err->hint,
                          sizeof(err->hint));
        if (WEXITSTATUS(status) > 1)
                return err_prefix(err, r, "%s has failed, and could not say why: %s", whom(c),
                                  err_strerror(WEXITSTATUS(status)));
        return err_prefix(err, r, "%s exited with status %d", whom(c), WEXITSTATUS(status));
}

void build_withdraw(struct ctx *c)
{
        if (c->announced)
                (void)unlink(c->pid_file);
        c->announced = false;
}

void build_abandon(struct ctx *c)
{
        struct cfs_error ignored = { 0 };
        int r;

        checkpoint_job_close(c->job); /* CRIU, if it is at work, undoes what it has made */
        spawn_abort(c);
        build_withdraw(c);
        if (!c->state)
                return;
        r = worker_step_back(c->state, &ignored);
        if (c->state->lost) /* the cfs that has taken it over undoes */
                return;
        if (r >= 0)
                r = destroy_undo(c->plan, c->state, &ignored);
        if (r < 0)
                log_error("undo: %s (`cfs delete --force %s` tries again)", ignored.text, c->id);
}

static int build(struct ctx *c, const char *id, struct cfs_error *err)
{
        int r = state_create(c->runtime->root, id, &c->state, err);

        if (r >= 0)
                r = fill_record(c, err);
        if (r >= 0)
                r = engine_prepare(c, err);
        if (r >= 0)
                r = spawn(c, build_child, err);
        engine_release(c);
        if (r >= 0)
                r = engine_host(c, err);
        return r;
}

int build_load(struct ctx *c, const struct cfs_runtime *rt, const char *id,
               const struct cfs_create_options *o, struct cfs_error *err)
{
        int r;

        c->runtime = rt;
        c->create = o;
        c->console_socket = o->console_socket;
        c->pid_file = o->pid_file;
        c->pidfd_socket = o->pidfd_socket;
        c->preserve_asked = o->preserve_fds;
        c->id = id;
        r = state_check_id(id, err);
        if (r >= 0)
                r = ctx_facts(c, err);
        if (r >= 0)
                r = trace_open(rt->trace, err);
        if (r >= 0)
                r = bundle_load(c, o->bundle, o->config, err);
        if (r >= 0 && !c->pidfd_socket) /* crun's way to say it */
                c->pidfd_socket = ctx_annotation(c, "run.oci.pidfd_receiver");
        return r;
}

int build_container(struct ctx *c, struct cfs_error *err)
{
        int r = engine_check(c, err);

        if (r >= 0)
                r = build(c, c->id, err);
        if (r < 0) {
                r = build_explain(c, r, err);
                build_abandon(c);
                return bundle_locate(c, r, err);
        }
        return 0;
}
