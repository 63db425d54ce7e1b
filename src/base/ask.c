/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The child and its pipe: see ask.h. The end of the pipe without an answer means that the child has died
 * before; the wait status then says of what.
 */
#include "base/ask.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/proc.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

static _Noreturn void answer_from_child(int64_t (*f)(const void *data), const void *data, int pipe_fd,
                                        pid_t parent, bool stay)
{
        int64_t answer;

        if (stay)
                proc_end_with(parent);
        answer = f(data);
        if (write(pipe_fd, &answer, sizeof(answer)) < 0)
                _exit(errno);
        if (!stay)
                _exit(0);
        for (;;)
                (void)pause();
}

/* Returns the length of what was read: sizeof(*ret), or 0 at the end of the pipe, or -errno. */
static ssize_t read_answer(int pipe_fd, int64_t *ret)
{
        ssize_t n;

        do
                n = read(pipe_fd, ret, sizeof(*ret));
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

static int no_answer(const char *where, ssize_t n, int status, struct cfs_error *err)
{
        if (n == 0 && WIFSIGNALED(status))
                return err_set(err, CFS_E_DIED, "a process of the runtime in %s was killed by signal %d (%s)",
                               where, WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
        return err_sys(err,
                       n < 0                 ? (int)-n
                       : WEXITSTATUS(status) ? WEXITSTATUS(status)
                                             : ECHILD,
                       "read", "read the answer of a process of the runtime in %s", where);
}

int ask_child(int64_t (*f)(const void *data), const void *data, const char *where, int64_t *ret,
              pid_t *ret_pid, struct cfs_error *err)
{
        _cleanup_close_ int ours = -1, theirs = -1;
        int p[2], status = 0;
        int64_t answer = 0;
        ssize_t n;
        pid_t parent = getpid(), pid;

        if (pipe2(p, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        ours = p[0];
        theirs = p[1];
        pid = fork();
        if (pid < 0)
                return err_sys(err, errno, "fork", "make a process");
        if (pid == 0)
                answer_from_child(f, data, theirs, parent, ret_pid != NULL);
        (void)close(TAKE_FD(theirs));
        n = read_answer(ours, &answer);
        if (n == (ssize_t)sizeof(answer) && ret_pid) {
                *ret_pid = pid;
        } else {
                /* It may wait for ever. */
                if (n >= 0 || kill(pid, SIGKILL) == 0)
                        (void)proc_reap(pid, &status);
        }
        if (n != (ssize_t)sizeof(answer))
                return no_answer(where, n, status, err);
        *ret = answer;
        return 0;
}

void ask_end(pid_t pid)
{
        int status;

        /* Our own child, not yet reaped: the number is still its. One that cannot be killed (a filter of our
         * caller's may refuse that) is not waited for: it ends with us (proc_end_with()). */
        if (kill(pid, SIGKILL) == 0)
                (void)proc_reap(pid, &status);
}
