/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling the caller who the new process is: --pid-file and --pidfd-socket.
 *
 * It is told before the program runs. A file that cannot be written is an error, and an error leaves nothing
 * that has run; and an engine that finds the process through the file finds it in front of its first
 * instruction. While the init is at work this costs no time. What fails later takes the file back.
 *
 * A pid file is put in place whole, by a rename: a reader never finds half of it. A device or a FIFO is
 * written to instead, as with crun: `--pid-file /dev/null` must not replace the host's null device.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/signals.h"
#include "base/unix.h"
#include "libcfs/steps/steps.h"
#include "libcfs/walk/ctx.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATIENCE_MS 10000 /* for the first process that reads a FIFO */
#define LOOK_US     20000

bool announce_wanted(const struct ctx *c)
{
        return c->pid_file || c->pidfd_socket;
}

/* A device, a FIFO, a link to the caller's pipe. Of a directory the rename says what is wrong. */
static bool is_special(const char *path)
{
        struct stat st;

        return path && stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* The program that listens on the socket, or reads from the FIFO, may be slow. */
bool announce_foreign(const struct ctx *c)
{
        return c->pidfd_socket != NULL || is_special(c->pid_file);
}

/* open(2) of a FIFO waits for a process that reads it, and no signal ends us while the init exists
 * (foreground.c): so we look again and again, for a while. */
static int open_patiently(const char *path, struct cfs_error *err)
{
        const int64_t deadline = clock_now_ms() + PATIENCE_MS;
        int fd, sig;

        for (;;) {
                fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
                if (fd >= 0)
                        return fd;
                if (errno != ENXIO || clock_now_ms() > deadline)
                        break;
                sig = signals_take_end();
                if (sig)
                        return err_set(err, CFS_E_STATE,
                                       "ended by signal %d while a process that reads it was waited for",
                                       sig);
                clock_sleep_us(LOOK_US);
        }
        if (errno == ENXIO)
                return err_set(err, CFS_E_TIMEOUT, "no process has opened it for reading in %d seconds",
                               PATIENCE_MS / 1000);
        return err_path(err, errno, "open", path, "write to it");
}

static int write_in_place(const char *path, const char *text, size_t n, struct cfs_error *err)
{
        _cleanup_close_ int fd = open_patiently(path, err);
        int r = fd < 0 ? fd : io_write_patient(fd, text, n);

        return fd >= 0 && r < 0 ? err_path(err, -r, "write", path, "write to it") : r;
}

/* Decimal, no newline. */
static int write_pid_file(struct ctx *c, struct cfs_error *err)
{
        char text[16];
        int n = snprintf(text, sizeof(text), "%d", (int)c->pid);
        bool special = is_special(c->pid_file);
        int r = special ? write_in_place(c->pid_file, text, (size_t)n, err)
                        : io_write_atomic(AT_FDCWD, c->pid_file, text, (size_t)n, 0644, err);

        c->announced = r >= 0 && !special;
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
        return r;
}
