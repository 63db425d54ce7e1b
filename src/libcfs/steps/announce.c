/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling the caller who the new process is: --pid-file and --pidfd-socket.
 *
 * It is told before the program runs. A file that cannot be written is an error, and an error leaves nothing
 * that has run; and an engine that finds the process through the file finds it in front of its first
 * instruction. While the init is at work this costs no time. What fails later takes the file back.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/unix.h"
#include "libcfs/steps/steps.h"
#include "libcfs/walk/ctx.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

bool announce_wanted(const struct ctx *c)
{
        return c->pid_file || c->pidfd_socket;
}

/* The program that listens on the socket may be slow. */
bool announce_foreign(const struct ctx *c)
{
        return c->pidfd_socket != NULL;
}

/* Decimal, no newline, atomic. */
static int write_pid_file(const struct ctx *c, struct cfs_error *err)
{
        char text[16];
        int n = snprintf(text, sizeof(text), "%d", (int)c->pid);
        int r = io_write_atomic(AT_FDCWD, c->pid_file, text, (size_t)n, 0644, err);

        return r < 0 ? err_prefix(err, r, "pid file `%s`", c->pid_file) : 0;
}

/* One message with a pidfd. */
static int send_pidfd(const struct ctx *c, struct cfs_error *err)
{
        const char *path = c->pidfd_socket;
        _cleanup_close_ int fd = unix_connect(path, SOCK_STREAM);
        ssize_t n;

        if (fd < 0)
                return err_path(err, -fd, "connect", path, "connect to the pidfd socket `%s`", path);
        n = unix_send(fd, "pidfd", 5, c->pidfd);
        return n < 0 ? err_sys(err, (int)-n, "sendmsg", "send the pidfd to `%s`", path) : 0;
}

int announce_host(struct ctx *c, struct cfs_error *err)
{
        int r = c->pidfd_socket ? send_pidfd(c, err) : 0;

        if (r >= 0 && c->pid_file)
                r = write_pid_file(c, err);
        c->announced = r >= 0 && c->pid_file;
        return r;
}
