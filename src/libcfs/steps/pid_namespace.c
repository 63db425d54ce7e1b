/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec, and create in a PID namespace of others: becoming visible.
 *
 * A process is in the PID namespace that its parent has chosen for its children (setns(2),
 * pid_namespaces(7)), from its first moment on; and from then on what the container runs sees it in its
 * /proc. That it is undumpable does not help: a process with CAP_SYS_PTRACE in the user namespace that the
 * runtime was executed in, which is that of every container without one of its own, may look at it all the
 * same (PTRACE_MODE_READ_FSCREDS and __ptrace_may_access() in ptrace(2)): /proc/PID/root and cwd would be the
 * host's, fd/N would lead to its directories, ns/mnt to its mounts.
 *
 * So there are two processes. The first stays in the runtime's PID namespace, where the container cannot see
 * it, and does all that needs the host or privileges. When it has the container's namespaces, root,
 * directory, descriptors, user and capabilities and nothing else, it makes the second one, as a child of the
 * runtime's (CLONE_PARENT), and ends. The second one does what has to be done by the process itself, and
 * executes the program. What is to be found in it is a copy of our code and of what the record says of the
 * container; the environment of the runtime's caller has been erased. runc and crun have two processes as
 * well, but the second is seen when it has just been made.
 *
 * create needs that where the container joins a PID namespace (podman run --pid=container:A); in a new one
 * there is no other process. What create makes for its own purposes stays outside: its children are in the
 * joined namespace only from the row before the container's hooks on, which are to run in it. (With a user
 * namespace the privilege for that is there only before that is entered: spawn.c.) A procfs is mounted by a
 * visitor (mount/mount_procfs.c).
 *
 * What remains: until its execve the second process can be traced by a process with CAP_SYS_PTRACE, and where
 * a filter is to be loaded without noNewPrivileges it has CAP_SYS_ADMIN until then (seccomp.c), or, with an
 * agent, all that the first one had. With runc and crun it always has. A container that is not to be trusted
 * with that gets a user namespace.
 *
 *      runtime ---- clone3 ----> first: joins, enters ... ---- clone3(PARENT) ----> second: session ... execve
 *         |  <--------- its pid ----------   ends
 */
#include "base/proc.h"
#include "base/signals.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/process/sync.h"
#include "libcfs/steps/steps.h"
#include "libcfs/walk/ctx.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

bool pid_namespace_join_wanted(const struct ctx *c)
{
        return ctx_makes_second(c) && !ctx_has_ns(c, CLONE_NEWUSER); /* spawn.c */
}

bool pid_namespace_early_wanted(const struct ctx *c)
{
        return (c->ns_join & CLONE_NEWPID) && c->filter_is_early;
}

bool pid_namespace_wanted(const struct ctx *c)
{
        return (c->ns_join & CLONE_NEWPID) && !c->filter_is_early;
}

/* As late as can be: until here create makes processes of its own that are not for others to see. */
int pid_namespace_join_init(struct ctx *c, struct cfs_error *err)
{
        return namespaces_join(c->namespaces, CLONE_NEWPID, err);
}

/* In the second process: goes on when the runtime has been told of it, or its words would come before
 * that. */
static int wait_for_first(int fd, struct cfs_error *err)
{
        unsigned char told;
        ssize_t n;

        do
                n = read(fd, &told, 1);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return err_sys(err, errno, "read", "wait until the runtime has been told of the process");
        if (n > 0 && told > 1) /* an errno: it could not say that by itself */
                return err_sys(err, told, NULL, "tell the runtime of the process that the container sees");
        if (n == 0 || told)
                return err_set(err, CFS_E_DIED,
                               "the process that entered the container's namespaces has ended");
        /* Not inherited (prctl(2)). Should the runtime have ended before, the next MEET says so. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                return err_sys(err, errno, "prctl", "set the parent death signal");
        return 0;
}

static int clone_failed(int e, struct cfs_error *err)
{
        int r = err_sys(err, e, "clone3", "make the process that the container sees");

        return e == EAGAIN
                       ? err_hint(
                                 err, r,
                                 "a limit is reached (linux.resources.pids, RLIMIT_NPROC): for a moment two processes are "
                                 "needed")
                       : r;
}

/* In the first process: tells the runtime of the second, or why it cannot, and ends. The second sees our
 * end when our words are there already. */
static _Noreturn void introduce(const struct ctx *c, pid_t second, int fd, struct cfs_error *err)
{
        int r = sync_send_pid(c->sync, second, err);
        unsigned char status = r < 0 ? (unsigned char)sync_send_failed(c->sync, err) : 0;

        if (write(fd, &status, 1) != 1 && r >= 0) {
                (void)err_sys(err, errno, "write", "let the process that the container sees go on");
                status = (unsigned char)sync_send_failed(c->sync, err);
        }
        _exit(status);
}

int pid_namespace_enter_init(struct ctx *c, struct cfs_error *err)
{
        struct clone_args a = { .flags = CLONE_PARENT };
        int p[2], r;
        pid_t pid;

        if (pipe2(p, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        proc_forget_environment();
        pid = sys_clone3(&a);
        if (pid < 0)
                return clone_failed(errno, err);
        if (pid > 0)
                introduce(c, pid, p[1], err);
        (void)close(p[1]);
        r = wait_for_first(p[0], err);
        (void)close(p[0]);
        return r;
}

/* It has said its last word, and ends; unless its cgroup is frozen or a signal stops it right there. */
static int reap_first(const struct ctx *c, struct cfs_error *err)
{
        int status, r = -ETIMEDOUT, sig = 0;

        for (int waited = 0; r == -ETIMEDOUT && !sig && waited < SYNC_DEADLINE_MS; waited += SYNC_STEP_MS) {
                r = proc_wait_gone(c->pidfd, SYNC_STEP_MS);
                sig = r == -ETIMEDOUT ? signals_take_end() : 0;
        }
        if (sig)
                return err_set(err, CFS_E_STATE,
                               "ended by signal %d while the first process of exec was waited for", sig);
        if (r == -ETIMEDOUT) {
                c->sync->timed_out = true;
                return err_set(err, CFS_E_TIMEOUT, "the process that has made another one does not end");
        }
        (void)proc_reap(c->pid, &status);
        return 0;
}

/* The second process has this socket too, and the container sees it by now: a stranger's pid would be our
 * container from here on, and killed with the first error. */
static int is_own_child(const struct ctx *c, pid_t pid, struct cfs_error *err)
{
        int r = pid != c->pid ? proc_is_child(pid) : 0;

        if (r < 0)
                return err_sys(err, -r, "waitid", "look whose child the process is");
        if (r == 0)
                return err_set(err, CFS_E_BUG, "the other process names pid %d, which it has not made",
                               (int)pid);
        return 0;
}

int pid_namespace_enter_host(struct ctx *c, struct cfs_error *err)
{
        int pid = sync_recv_pid(c->sync, err), r;

        if (pid < 0)
                return pid;
        r = is_own_child(c, pid, err);
        if (r >= 0)
                r = reap_first(c, err);
        if (r < 0)
                return r;
        c->pid = pid;
        (void)close(c->pidfd);
        c->pidfd = sys_pidfd_open(pid, 0); /* our child, which only we can reap: the pid is still its own */
        return c->pidfd < 0 ? err_sys(err, errno, "pidfd_open", "open a pidfd of the process") : 0;
}
