/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conmon listens on BUNDLE/attach, a socket of type SOCK_SEQPACKET. What it sends are packets, the first byte
 * of which says which stream the rest is of: 2 is standard output, 3 standard error. What it receives is
 * standard input. The size of the terminal goes to the FIFO BUNDLE/ctl: "1 ROWS COLUMNS".
 */
#include "box/monitor/attach.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/unix.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>

#define PACKET     32769
#define STDERR_TAG 3
#define CTRL_P     0x10
#define CTRL_Q     0x11

struct attached {
        int sock, signals;
        const char *bundle;
        bool terminal, raw, after_p;
        struct termios before;
};

static void send_size(const struct attached *a)
{
        _cleanup_close_ int fd = -1;
        char path[PATH_MAX], line[48];
        struct winsize ws;

        if (!a->terminal || ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) < 0)
                return;
        (void)snprintf(path, sizeof(path), "%s/ctl", a->bundle);
        fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return;
        (void)io_write_all(fd, line, (size_t)snprintf(line, sizeof(line), "1 %d %d\n", ws.ws_row, ws.ws_col));
}

static void make_raw(struct attached *a)
{
        struct termios raw;

        if (!a->terminal || tcgetattr(STDIN_FILENO, &a->before) < 0)
                return;
        raw = a->before;
        cfmakeraw(&raw);
        a->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

/* 1: the keys to leave. */
static int from_stdin(struct attached *a, bool *open)
{
        char buf[4096];
        ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

        if (n <= 0) {
                *open = n < 0 && errno == EINTR;
                if (n == 0)
                        (void)shutdown(a->sock, SHUT_WR);
                return 0;
        }
        for (ssize_t i = 0; a->raw && i < n; i++) {
                if (a->after_p && buf[i] == CTRL_Q)
                        return 1;
                a->after_p = buf[i] == CTRL_P;
        }
        (void)unix_send(a->sock, buf, (size_t)n, -1);
        return 0;
}

/* 1: conmon has closed the connection. */
static int from_container(struct attached *a)
{
        char buf[PACKET];
        ssize_t n = recv(a->sock, buf, sizeof(buf), 0);

        if (n < 0)
                return errno != EINTR && errno != EAGAIN;
        if (n == 0)
                return 1;
        (void)io_write_all(buf[0] == STDERR_TAG ? STDERR_FILENO : STDOUT_FILENO, buf + 1, (size_t)n - 1);
        return 0;
}

static int copy(struct attached *a, bool with_stdin)
{
        bool open = with_stdin;

        for (;;) {
                struct pollfd p[3] = { { a->sock, POLLIN, 0 },
                                       { a->signals, POLLIN, 0 },
                                       { open ? STDIN_FILENO : -1, POLLIN, 0 } };

                if (poll(p, 3, -1) < 0 && errno != EINTR)
                        return 0;
                if (p[1].revents) {
                        struct signalfd_siginfo info;

                        if (read(a->signals, &info, sizeof(info)) > 0)
                                send_size(a);
                }
                if (p[2].revents && from_stdin(a, &open))
                        return 1;
                if (p[0].revents && from_container(a))
                        return 0;
        }
}

int attach_run(const char *bundle, bool terminal, bool with_stdin, struct cfs_error *err)
{
        struct attached a = { .bundle = bundle, .terminal = terminal && isatty(STDIN_FILENO) };
        char path[PATH_MAX];
        sigset_t winch;
        int r;

        (void)snprintf(path, sizeof(path), "%s/attach", bundle);
        a.sock = unix_connect(path, SOCK_SEQPACKET);
        if (a.sock < 0)
                return err_sys(err, -a.sock, "connect", "connect to `%s`", path);
        (void)sigemptyset(&winch);
        (void)sigaddset(&winch, SIGWINCH);
        (void)sigprocmask(SIG_BLOCK, &winch, NULL);
        a.signals = signalfd(-1, &winch, SFD_CLOEXEC | SFD_NONBLOCK);
        make_raw(&a);
        send_size(&a);
        r = copy(&a, with_stdin);
        if (a.raw)
                (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &a.before);
        (void)close(a.sock);
        (void)close(a.signals);
        return r;
}
