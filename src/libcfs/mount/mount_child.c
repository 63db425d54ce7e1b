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
        pid_t pid;

        if (r < 0)
                return err_sys(err, -r, "socketpair", "make a socket");
        pid = sys_clone3(&args);
        return pid < 0 ? err_sys(err, errno, "clone3", "make %s", what) : pid;
}

static bool is_readable(int fd, int timeout_ms)
{
        struct pollfd p = { .fd = fd, .events = POLLIN };

        return poll(&p, 1, timeout_ms) > 0;
}

int mount_child_wait(int ours, pid_t pid)
{
        siginfo_t i = { 0 };

        while (!is_readable(ours, STEP_MS)) {
                i.si_pid = 0;
                if (waitid(P_PID, (id_t)pid, &i, WEXITED | WNOHANG | WNOWAIT) == 0 && i.si_pid == pid)
                        return is_readable(ours, 0); /* its last word */
        }
        return 1;
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
