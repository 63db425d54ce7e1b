/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child that makes a mount somewhere else: mount_child.h. */
#include "libcfs/mount/mount_child.h"
#include "base/err.h"
#include "base/proc.h"
#include "base/sys.h"
#include "base/unix.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define STEP_MS 20 /* how often a wait looks whether the child lives */

int mount_child_answer(const struct mount_answer *a, struct cfs_error *err)
{
        if (a->result < 0)
                *err = a->err;
        return a->result;
}

pid_t mount_child(uint64_t flags, const char *what, int *ret_ours, int *ret_theirs, struct cfs_error *err)
{
        struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
        int r = unix_pair(ret_ours, ret_theirs);
        pid_t parent = getpid(), pid;

        if (r < 0)
                return err_sys(err, -r, "socketpair", "make a socket");
        pid = sys_clone3(&args);
        if (pid == 0)
                proc_end_with(parent);
        return pid < 0 ? err_sys(err, errno, "clone3", "make %s", what) : pid;
}

int mount_child_died(pid_t pid, const char *what, struct cfs_error *err)
{
        int status = 0;

        (void)proc_reap(pid, &status);
        if (WIFEXITED(status) && WEXITSTATUS(status) > 0)
                return err_sys(err, WEXITSTATUS(status), "sendmsg", "hear of %s", what);
        if (WIFSIGNALED(status))
                return err_set(err, CFS_E_DIED, "%s was killed by signal %d", what, WTERMSIG(status));
        return err_set(err, CFS_E_DIED, "%s has ended without an answer", what);
}

/* 1, 0 or -errno */
static int is_readable(int fd, int timeout_ms)
{
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int n = poll(&p, 1, timeout_ms);

        return n < 0 && errno != EINTR ? -errno : n > 0;
}

/* 1, 0 or -errno */
static int has_ended(pid_t pid)
{
        siginfo_t i = { 0 };

        if (waitid(P_PID, (id_t)pid, &i, WEXITED | WNOHANG | WNOWAIT) < 0)
                return errno == EINTR ? 0 : -errno;
        return i.si_pid == pid;
}

void mount_child_end(int ours, pid_t pid)
{
        int status;

        /* Where both share one table of descriptors, closing its end here would be no end of file there. */
        if (kill(pid, SIGKILL) < 0)
                (void)shutdown(ours, SHUT_RDWR);
        (void)proc_reap(pid, &status);
}

static int cannot_wait(int ours, pid_t pid, int error, const char *call, const char *what,
                       struct cfs_error *err)
{
        mount_child_end(ours, pid);
        return err_sys(err, error, call, "wait for %s", what);
}

int mount_child_wait(int ours, pid_t pid, const char *what, struct cfs_error *err)
{
        for (;;) {
                int r = is_readable(ours, STEP_MS), ended;

                if (r > 0)
                        return 0;
                if (r < 0)
                        return cannot_wait(ours, pid, -r, "poll", what, err);
                ended = has_ended(pid);
                if (ended < 0)
                        return cannot_wait(ours, pid, -ended, "waitid", what, err);
                if (ended) /* has it left a last word? */
                        return is_readable(ours, 0) > 0 ? 0 : mount_child_died(pid, what, err);
        }
}
