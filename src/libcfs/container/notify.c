/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Readiness, from the container's program to the host's service manager (sd_notify(3)).
 *
 * The container is hostile, so its messages are not forwarded blindly: only whole lines of the known harmless
 * kind pass; MAINPID= in particular does not: its number is one of the container's PID namespace, and it
 * would make any process that it names the unit's main process. The runtime sends the MAINPID that is valid
 * on the host.
 */
#include "libcfs/container/notify.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/unix.h"
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BARRIER_TIMEOUT_MS 5000

int notify_begin(struct notify *n, struct state *s, struct cfs_error *err)
{
        const struct sockaddr_un a = unix_address_at(s->dir_fd, "notify/notify.sock");
        mode_t old;
        int r;

        *n = (struct notify){ .fd = -1, .host = s->record->notify_socket };
        if (!n->host)
                return 0;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return err_sys(err, errno, "socket", "make the notify socket");
        (void)unlinkat(s->dir_fd, "notify/notify.sock", 0);
        /* The program may be any user of the container. The mode is set before the file has a name:
         * a process that is in the container already (exec) could put a link to a file of the host in its
         * place. */
        if (fchmod(fd, 0777) < 0)
                return err_sys(err, errno, "fchmod", "open the notify socket to the container");
        old = umask(0);
        r = bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
        (void)umask(old);
        if (r < 0)
                return err_sys(err, -r, "bind", "make `%s/notify/notify.sock`", s->dir);
        n->fd = TAKE_FD(fd);
        return 0;
}

static socklen_t host_address(const struct notify *n, struct sockaddr_un *a)
{
        size_t len = strlen(n->host);

        *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
        if (len >= sizeof(a->sun_path))
                return 0;
        memcpy(a->sun_path, n->host, len);
        if (a->sun_path[0] == '@')
                a->sun_path[0] = '\0';
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static int send_host(const struct notify *n, const char *text, size_t len, int attach_fd,
                     struct cfs_error *err)
{
        struct sockaddr_un a;
        socklen_t a_len = host_address(n, &a);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ssize_t r;

        if (fd < 0 || a_len == 0)
                return err_sys(err, fd < 0 ? errno : ENAMETOOLONG, "socket", "notify the host at `%s`",
                               n->host);
        r = unix_send_to(fd, &a, a_len, text, len, attach_fd);
        return r < 0 ? err_sys(err, (int)-r, "sendmsg", "notify the host at `%s`", n->host) : 0;
}

static bool may_pass(const char *line)
{
        static const char *const prefixes[] = {
                "READY=1",   "RELOADING=1",    "STOPPING=1",           "STATUS=",      "ERRNO=",
                "WATCHDOG=", "WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC=", "EXIT_STATUS=", "MONOTONIC_USEC="
        };

        for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
                if (str_has_prefix(line, prefixes[i]))
                        return true;
        return false;
}

int notify_relay(struct notify *n, struct cfs_error *err)
{
        _cleanup_str_ struct str out = { 0 };
        char buf[4096], *p = buf, *line;
        ssize_t len = recv(n->fd, buf, sizeof(buf) - 1, 0);
        int ready = 0;

        if (len <= 0)
                return 0;
        buf[len] = '\0';
        while ((line = strsep(&p, "\n"))) {
                if (!may_pass(line))
                        continue;
                str_addf(&out, "%s\n", line);
                ready = ready || STREQ(line, "READY=1");
        }
        if (ready && n->pid > 0)
                str_addf(&out, "MAINPID=%d\n", (int)n->pid);
        if (out.failed)
                return err_nomem(err);
        if (out.len == 0)
                return 0;
        int r = send_host(n, out.p, out.len, -1, err);

        return r < 0 ? r : ready;
}

/* The host closes its copy of the pipe's write end when it has handled all that came before. */
static int barrier(const struct notify *n, struct cfs_error *err)
{
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        r = send_host(n, "BARRIER=1", strlen("BARRIER=1"), fds[1], err);
        (void)close(fds[1]);
        if (r >= 0) {
                struct pollfd p = { .fd = fds[0] };

                (void)poll(&p, 1, BARRIER_TIMEOUT_MS);
        }
        (void)close(fds[0]);
        return r;
}

void notify_wait_ready(struct notify *n, int pidfd)
{
        struct cfs_error err = { 0 };
        struct pollfd p[2] = { { .fd = n->fd, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };

        if (n->fd < 0)
                return;
        for (;;) {
                if (poll(p, 2, -1) < 0) {
                        if (errno != EINTR)
                                clock_sleep_us(10000);
                        continue;
                }
                if (p[0].revents) {
                        int r = notify_relay(n, &err);
                        bool over = r != 0; /* ready, or a host that does not listen */

                        if (r > 0)
                                r = barrier(n, &err);
                        if (r < 0)
                                log_warning("%s", err.text);
                        if (over)
                                return;
                } else if (p[1].revents) {
                        return;
                }
        }
}

void notify_end(struct notify *n)
{
        if (n->fd >= 0)
                (void)close(n->fd);
        n->fd = -1;
}
