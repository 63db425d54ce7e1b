/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the container's first process (create, run) or one more (exec). The order here is dictated by the
 * kernel, which is why this is not a row of the table.
 *
 * The usual case, one clone3(2):
 *
 *      runtime ---- clone3(new namespaces, INTO_CGROUP, PIDFD) ----> init: child(ctx)
 *
 * The mount, network, uts, pid, user and usually the ipc namespace are made right there; the cgroup and time
 * namespaces by the init, after MEET "identity" (namespaces_late() says why). With a new user namespace the
 * kernel makes it first and the others belong to it (clone(2)). Where all cgroups are v1's, the init makes
 * the network namespace by itself, first thing, while the runtime makes the cgroups (bundle.c).
 *
 * When something must be joined before the init can exist (a user namespace, which the runtime could not
 * leave again; anything of the host's together with a new user namespace), a stage process does it, and
 * disappears:
 *
 *      runtime ---- clone3(INTO_CGROUP) ----> stage: setns... ---- clone3(new namespaces, PARENT) ----> init
 *         |  <------------- pid ---------------  exits
 *         the init is the runtime's child (CLONE_PARENT), as if it had been made directly
 *
 * exec has the usual case too, without new namespaces: its process joins the container's by itself, and is
 * seen in there only when it has made another one (steps/pid_namespace.c). The init of a container that joins
 * the PID namespace of others does the same; there the stage process does not make the init but becomes it,
 * by unshare(2), since a child would be seen at once.
 *
 * Dumpability: until the execve, the new process is our own code with our own memory, in namespaces where
 * hostile processes may live. So the runtime makes itself undumpable before the clone, which the child
 * inherits: no process of the container may ptrace it or open its /proc/PID/{mem,fd,exe} (CVE-2016-9962). The
 * exception: an unprivileged runtime must write the child's uid_map, which then belongs to root unless the
 * child is dumpable; that child is alone in new namespaces.
 */
#include "libcfs/container/spawn.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/lack.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/signals.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/store/state.h"
#include "libcfs/process/sync.h"
#include "libcfs/walk/aside.h"
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ABORT_MS   10000 /* for the end of a process that was killed */
#define READ_TRIES 50

/* One birth. */
struct birth {
        struct ctx *c;
        struct sync *runtime, *init; /* the two ends of the conversation */
        void (*child)(struct ctx *);
        uint64_t ignored_signals; /* of the runtime: the new process has none */
};

static _Noreturn void child_main(const struct birth *b)
{
        struct sync *ours = b->init;
        struct ctx *c = b->c;

        sync_close(b->runtime);
        c->sync = ours;
        c->pid = 0;
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 && !WEAKENED("refused-calls")) {
                struct cfs_error e = { 0 };

                (void)err_sys(&e, errno, "prctl", "set the parent death signal");
                _exit(sync_send_failed(ours, &e));
        }
        /* What conmon ignores (SIGPIPE), or we ourselves in the foreground. Handlers are gone by
         * CLONE_CLEAR_SIGHAND, which spares SIG_IGN. This early, since a filter may forbid it later. */
        signals_default(b->ignored_signals);
        state_forget_in_child(c->state);
        log_set_handler(sync_log_handler, ours,
                        log_enabled(LOG_LEVEL_DEBUG) ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
        b->child(c);
        _exit(1);
}

/* The process that becomes CRIU makes the container's namespaces by itself. */
static uint64_t born_in(const struct ctx *c)
{
        if (c->walk == WALK_RESTORE)
                return CLONE_NEWNS;
        uint64_t later = namespaces_late(c->ns_new, c->ns_join);

        if (c->enters_late)
                later |= CLONE_NEWNET;
        return c->ns_new & ~later;
}

static void set_cgroup(const struct ctx *c, struct clone_args *a)
{
        int fd = c->cgroup ? cgroup_clone_fd(c->cgroup) : -1;

        if (fd >= 0) {
                a->flags |= CLONE_INTO_CGROUP;
                a->cgroup = (uint64_t)fd;
        }
}

/* The kernel makes no user namespace for a process whose root directory is not that of its mount
 * namespace. */
static bool something_lies_on_root(void)
{
        struct statx root, up;

        return statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root) == 0 &&
               statx(AT_FDCWD, "/..", 0, STATX_MNT_ID, &up) == 0 && root.stx_mnt_id != up.stx_mnt_id;
}

static int clone_failed(const struct ctx *c, const char *call, int e, struct cfs_error *err)
{
        char kinds[NAMESPACES_NAMES];
        int r = err_sys(err, e, call, "make the new process (namespaces: %s)",
                        namespaces_names(c->ns_new, kinds, sizeof(kinds)));
        bool filtered = e == EPERM && lack_is_filtered();

        if (e == EPERM && (c->ns_new & CLONE_NEWUSER) && something_lies_on_root())
                return err_hint(
                        err, r,
                        "something is mounted on the runtime's root directory, which hides it: then the kernel "
                        "makes no user namespaces (user_namespaces(7))");
        if (e == EPERM && (c->ns_new & CLONE_NEWUSER))
                return err_hint(
                        err, r,
                        "this host may forbid user namespaces to ordinary users: see "
                        "/proc/sys/user/max_user_namespaces and kernel.unprivileged_userns_clone%s%s%s",
                        filtered ? "; or the seccomp filter that cfs runs under forbids " : "",
                        filtered ? call : "", filtered ? "(2)" : "");
        if (e == EPERM && c->rootless)
                return err_hint(err, r,
                                "an ordinary user needs a user namespace in linux.namespaces: see "
                                "`cfs spec --rootless`");
        if (e == EBUSY && c->cgroup)
                return err_hint(
                        err, r,
                        "a cgroup that has controllers for its children (cgroup.subtree_control) takes no "
                        "process of its own (cgroups(7)): name one of its children by --cgroup");
        if (e == EACCES && c->cgroup)
                return cgroup_hint_join(c->cgroup, r, err);
        return r;
}

static int spawn_direct(const struct birth *b, struct cfs_error *err)
{
        struct ctx *c = b->c;
        int pidfd = -1;
        struct clone_args a = { .flags = born_in(c) | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
                                .pidfd = (uint64_t)(uintptr_t)&pidfd,
                                .exit_signal = SIGCHLD };

        set_cgroup(c, &a);
        pid_t pid = sys_clone3(&a);

        if (pid == 0)
                child_main(b);
        if (pid < 0)
                return clone_failed(c, "clone3", errno, err);
        c->pid = pid;
        c->pidfd = pidfd;
        return 0;
}

static _Noreturn void stage_main(const struct birth *b, int pipe_fd)
{
        struct ctx *c = b->c;
        struct clone_args a = { .flags = born_in(c) | CLONE_PARENT | CLONE_CLEAR_SIGHAND };
        struct cfs_error e = { 0 };
        pid_t pid = getpid();

        if (namespaces_join(c->namespaces, c->ns_join, &e) < 0)
                goto failed;
        if (ctx_makes_second(c)) {
                if (unshare((int)born_in(c)) < 0) {
                        (void)clone_failed(c, "unshare", errno, &e);
                        goto failed;
                }
                if (write(pipe_fd, &pid, sizeof(pid)) != sizeof(pid))
                        goto not_told;
                (void)close(pipe_fd);
                child_main(b);
        }
        pid = sys_clone3(&a);
        if (pid < 0) {
                (void)clone_failed(c, "clone3", errno, &e);
                goto failed;
        }
        if (pid == 0) {
                (void)close(pipe_fd);
                child_main(b);
        }
        if (write(pipe_fd, &pid, sizeof(pid)) == sizeof(pid))
                _exit(0);
not_told:
        (void)err_sys(&e, errno, "write",
                      "tell the runtime who the init is"); /* which sees the end of its socket */
failed:
        _exit(sync_send_failed(b->init, &e));
}

/* The stage's word. A read that fails is tried again: the init is there, and known by it alone. */
static ssize_t read_pid(int fd, pid_t *ret)
{
        ssize_t n;

        for (unsigned tries = 0; (n = read(fd, ret, sizeof(*ret))) < 0 && tries < READ_TRIES; tries++)
                clock_sleep_us(10000);
        return n < 0 ? -errno : n;
}

static void end_stage(pid_t stage)
{
        _cleanup_close_ int stage_fd = sys_pidfd_open(stage, 0);

        if (proc_end(stage, stage_fd, ABORT_MS) == -ETIMEDOUT)
                log_error("pid %d was killed and does not end: it will when its cgroup is thawed",
                          (int)stage);
}

static int spawn_staged(const struct birth *b, struct cfs_error *err)
{
        struct ctx *c = b->c;
        struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
        int fds[2], status;
        pid_t stage, pid = -1;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        _cleanup_close_ int read_end = fds[0];
        _cleanup_close_ int write_end = fds[1];

        set_cgroup(c, &a);
        stage = sys_clone3(&a);
        if (stage < 0)
                return clone_failed(c, "clone3", errno, err);
        if (stage == 0)
                stage_main(b, write_end);
        (void)close(TAKE_FD(write_end));
        /* The stage may be born into a frozen cgroup. */
        int waited = sync_be_patient(
                &(struct sync){ .fd = read_end, .waited_long = aside_after_a_while, .waits = c }, err);

        if (waited < 0) {
                end_stage(stage);
                return waited;
        }
        ssize_t n = read_pid(read_end, &pid);

        if (n < 0) {
                end_stage(stage);
                return err_sys(err, (int)-n, "read", "hear from the stage process who the init is");
        }
        if (n != sizeof(pid) || pid != stage)
                (void)proc_reap(stage, &status);
        if (n != sizeof(pid)) {
                sync_close(b->init);
                int r = sync_look(b->runtime, err); /* the stage's FAILED, if it could say so */

                return r < 0 ? r
                             : err_set(err, CFS_E_DIED, "the stage process ended without making the init");
        }
        c->pid = pid;
        c->pidfd = sys_pidfd_open(pid, 0);
        if (c->pidfd < 0)
                return err_sys(err, errno, "pidfd_open", "open a pidfd of the init");
        return 0;
}

static int set_dumpable(bool dumpable, struct cfs_error *err)
{
        if (!dumpable && WEAKENED("undumpable"))
                return 0;
        if (prctl(PR_SET_DUMPABLE, dumpable) < 0 && !WEAKENED("refused-calls"))
                return err_sys(err, errno, "prctl", "make the process %sdumpable", dumpable ? "" : "un");
        return 0;
}

/* Our own status says which signals we ignore, and whether this procfs has the pids of our PID namespace:
 * else /proc/PID of the new process would be another process (proc(5): a procfs shows the namespace of the
 * process that mounted it). */
static int look_at_self(struct birth *b, struct cfs_error *err)
{
        pid_t pid, own = getpid();

        b->ignored_signals = signals_ignored(b->c->proc_fd, &pid);
        if (pid == 0 || pid == own)
                return 0;
        if (own < 0) /* it cannot fail, says its manual page: a filter */
                return err_sys(err, EPERM, "getpid", "find out the pid of cfs");
        return err_hint(err,
                        err_set(err, CFS_E_UNSUPPORTED,
                                "the procfs on /proc belongs to another PID namespace than cfs: "
                                "it calls pid %d what is pid %d here",
                                (int)pid, (int)getpid()),
                        "mount one where cfs is called: unshare --mount-proc, or mount -t proc proc /proc");
}

static int give_birth(struct birth *b, struct cfs_error *err)
{
        struct ctx *c = b->c;
        const bool writes_maps = c->rootless && (c->ns_new & CLONE_NEWUSER);
        const bool staged = c->namespaces->pre_join && c->walk != WALK_RESTORE;
        int r = look_at_self(b, err);

        /* What is set here is inherited; to set it in the child would be a race with the runtime. */
        if (r >= 0)
                r = set_dumpable(writes_maps, err);
        if (r >= 0)
                r = staged ? spawn_staged(b, err) : spawn_direct(b, err);
        return r >= 0 && writes_maps ? set_dumpable(false, err) : r;
}

int spawn(struct ctx *c, void (*child)(struct ctx *), struct cfs_error *err)
{
        struct sync *runtime = calloc(1, sizeof(*runtime)), init;
        struct birth b = { .c = c, .runtime = runtime, .init = &init, .child = child };
        int r = runtime ? sync_pair(runtime, &init, err) : err_nomem(err);

        if (r < 0) {
                free(runtime);
                return r;
        }
        r = give_birth(&b, err);
        sync_close(&init);
        sync_watch(runtime, aside_after_a_while, c);
        c->sync = runtime;
        return aside_end(c, r, err);
}

void spawn_abort(struct ctx *c)
{
        int r;

        if (c->pid <= 0)
                return;
        r = proc_end(c->pid, c->pidfd, ABORT_MS / 10);
        /* In a cgroup that was made for it; that of exec may be paused on purpose. */
        if (r == -ETIMEDOUT && c->cgroup && c->walk != WALK_EXEC)
                cgroup_wake_killed(c->cgroup);
        if (r == -ETIMEDOUT)
                r = proc_end(c->pid, c->pidfd, ABORT_MS);
        if (r == -ETIMEDOUT)
                log_error("pid %d was killed and does not end: it will when its cgroup is thawed",
                          (int)c->pid);
        c->pid = 0;
}
