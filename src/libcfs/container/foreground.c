/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Staying in the foreground while a container (run) or a process in it (exec) runs: signals go to the
 * process, the terminal's bytes and size go both ways, and the exit code comes back.
 *
 * Signals are blocked before the spawn and read from a signalfd(2): none that arrives early is lost, and
 * there is no handler to race with. The new process inherits the mask and clears it (spawn.c). SIGCHLD is not
 * forwarded: under `run`, a subreaper (prctl(2)), it says that a process which the container or a hook left
 * behind has ended, and waits to be reaped. Nor is what the kernel sends for our own mistakes (SIGSEGV ...);
 * SIGWINCH also changes the terminal's size.
 *
 * With a terminal, two pumps copy bytes: our stdin to the master, the master to our stdout. Each has one
 * buffer and polls for reading only when that is empty, so that neither side can make us hold more, and
 * neither can block the other. Only the end of the process ends the relay. EIO does not: the master has it
 * while no process has the terminal open, and our own terminal has it while we are a background job (SIGTTIN
 * is blocked); a pump that meets it tries again a moment later.
 *
 * A background job leaves the caller's terminal as it is; it is made raw when we come to the foreground, and
 * again after we were stopped. When the reader of our stdout is gone (`cfs run x | head -1`), that is to the
 * program as if the terminal were hung up, and a program that takes no notice is killed: its output could go
 * nowhere. SIGPIPE is blocked, so that our own terminal is restored and the container deleted on this way
 * out, too.
 *
 * Our stdin and stdout may be shared: another process may read what poll(2) has announced, or fill the room
 * that it has announced. Our read or write would then wait for ever, and signals would not be forwarded.
 * O_NONBLOCK belongs to the open file that is shared (open(2)), so we open it anew, by /proc/self/fd, for
 * ourselves. A socket cannot be opened; it has MSG_DONTWAIT.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/unix.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/container/foreground.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#define RETRY_MS  100  /* after EIO */
#define BLIND_MS  10   /* between two looks when poll(2) fails */
#define HANGUP_MS 2000 /* that a program has to end by itself when its terminal is hung up */

struct pump {
        int from, to;
        bool from_socket, to_socket;
        size_t start, end;  /* unwritten bytes of buf             */
        bool eof;           /* nothing comes any more, or can go                          */
        int lost;           /* the error that a write ended with, or 0                    */
        int64_t rest_until; /* met EIO: a time of clock_now_ms() to try again, or 0: none */
        char buf[8192];
};

struct foreground {
        sigset_t old_mask, mask;
        int signal_fd;
        int master;         /* of the container's terminal, or -1 */
        bool has_tty;       /* our stdin is a terminal, and old_termios its settings */
        bool raw;           /* it was made raw                                       */
        int64_t kill_after; /* the terminal was hung up: a time of clock_now_ms(), or 0 */
        struct termios old_termios;
        int in_fd, out_fd;     /* our stdin and stdout, opened anew; or -1 */
        struct notify *notify; /* or NULL */
        struct pump in, out;
};

int foreground_begin(struct foreground **ret, bool reap, struct cfs_error *err)
{
        static const int not_forwarded[] = { SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE,
                                             SIGTRAP, SIGABRT, SIGSYS,  SIGURG, SIGXFSZ };
        struct foreground *f = calloc(1, sizeof(*f));

        if (!f)
                return err_nomem(err);
        f->signal_fd = f->master = f->in_fd = f->out_fd = -1;
        if (reap)
                (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
        (void)sigfillset(&f->mask);
        for (size_t i = 0; i < ARRAY_SIZE(not_forwarded); i++)
                (void)sigdelset(&f->mask, not_forwarded[i]);
        if (!reap) /* it has nothing to tell */
                (void)sigdelset(&f->mask, SIGCHLD);
        (void)sigprocmask(SIG_BLOCK, &f->mask, &f->old_mask);
        f->signal_fd = signalfd(-1, &f->mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (f->signal_fd < 0) {
                int r = err_sys(err, errno, "signalfd", "prepare for signals");

                foreground_end(f);
                return r;
        }
        *ret = f;
        return 0;
}

void foreground_interruptible(const struct foreground *f, bool yes)
{
        if (!f)
                return;
        if (yes)
                (void)sigprocmask(SIG_SETMASK, &f->old_mask, NULL);
        else
                (void)sigprocmask(SIG_BLOCK, &f->mask, NULL);
}

void foreground_end(struct foreground *f)
{
        if (!f)
                return;
        sigset_t sigpipe;

        if (f->raw)
                (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &f->old_termios);
        /* Takes a pending SIGPIPE of this process's own writes: it would end the process when the old mask
         * is restored. */
        (void)sigemptyset(&sigpipe);
        (void)sigaddset(&sigpipe, SIGPIPE);
        while (sigtimedwait(&sigpipe, NULL, &(struct timespec){ 0 }) > 0)
                ;
        if (f->signal_fd >= 0)
                (void)close(f->signal_fd);
        if (f->master >= 0)
                (void)close(f->master);
        if (f->in_fd >= 0)
                (void)close(f->in_fd);
        if (f->out_fd >= 0)
                (void)close(f->out_fd);
        (void)sigprocmask(SIG_SETMASK, &f->old_mask, NULL);
        free(f);
}

static int receive_master(int fd, struct cfs_error *err)
{
        char name[64];
        int master;

        if (unix_receive(fd, name, sizeof(name), MSG_DONTWAIT, &master) <= 0)
                return err_set(err, CFS_E_BUG, "the init did not hand over its terminal");
        if (master < 0)
                return err_set(err, CFS_E_BUG, "the init sent no descriptor of its terminal");
        return master;
}

static void copy_window_size(int master)
{
        struct winsize w;

        if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0)
                (void)ioctl(master, TIOCSWINSZ, &w);
}

/* The same terminal or pipe as an open file of our own; the descriptor itself where that is not possible. A
 * regular file is not opened again: the new open file would have another offset, and reading a file does not
 * wait. */
static int open_anew(const struct ctx *c, int fd, int flags, int *ret_own, bool *ret_socket)
{
        struct stat st;
        char path[32];

        *ret_socket = false;
        if (fstat(fd, &st) < 0)
                return fd;
        *ret_socket = S_ISSOCK(st.st_mode);
        if (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
                return fd;
        (void)snprintf(path, sizeof(path), "self/fd/%d", fd);
        *ret_own = openat(c->proc_fd, path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        return *ret_own < 0 ? fd : *ret_own;
}

/* May this process read and set its terminal? Not while it is a background job. */
static bool in_foreground(const struct foreground *f)
{
        return f->has_tty && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void make_raw(struct foreground *f)
{
        struct termios raw = f->old_termios;

        if (!in_foreground(f))
                return;
        cfmakeraw(&raw);
        raw.c_oflag |= OPOST; /* the master sends bare newlines (steps/terminal.c) */
        f->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 || f->raw;
}

static int attach_terminal(struct foreground *f, struct ctx *c, struct cfs_error *err)
{
        f->master = receive_master(c->console_peer, err);
        if (f->master < 0)
                return f->master;
        (void)fcntl(f->master, F_SETFL, O_NONBLOCK);
        f->in = (struct pump){ .to = f->master };
        f->in.from = open_anew(c, STDIN_FILENO, O_RDONLY, &f->in_fd, &f->in.from_socket);
        f->out = (struct pump){ .from = f->master };
        f->out.to = open_anew(c, STDOUT_FILENO, O_WRONLY, &f->out_fd, &f->out.to_socket);
        f->has_tty = tcgetattr(STDIN_FILENO, &f->old_termios) == 0;
        make_raw(f);
        return 0;
}

static void pump_poll(const struct pump *p, struct pollfd *from, struct pollfd *to)
{
        bool empty = p->start == p->end;

        if (p->rest_until)
                return;
        if (!p->eof && empty)
                *from = (struct pollfd){ .fd = p->from, .events = POLLIN };
        if (!empty)
                *to = (struct pollfd){ .fd = p->to, .events = POLLOUT };
}

static void pump_read(struct pump *p)
{
        ssize_t n = p->from_socket ? recv(p->from, p->buf, sizeof(p->buf), MSG_DONTWAIT)
                                   : read(p->from, p->buf, sizeof(p->buf));

        if (n > 0) {
                p->start = 0;
                p->end = (size_t)n;
        } else if (n < 0 && errno == EIO) {
                p->rest_until = clock_now_ms() + RETRY_MS;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
                p->eof = true;
        }
}

/* No more than PIPE_BUF: what poll(2) calls writable has room for that, and more would wait for the reader
 * (pipe(7)). */
static void pump_write(struct pump *p)
{
        size_t left = p->end - p->start;
        ssize_t n = p->to_socket ? send(p->to, p->buf + p->start, left, MSG_DONTWAIT | MSG_NOSIGNAL)
                                 : write(p->to, p->buf + p->start, left < PIPE_BUF ? left : PIPE_BUF);

        if (n > 0) {
                p->start += (size_t)n;
        } else if (n < 0 && errno == EIO) {
                p->rest_until = clock_now_ms() + RETRY_MS;
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
                p->eof = true;
                p->start = p->end;
                p->lost = errno;
        }
}

/* Reaps all children that have ended, except the process itself, whose exit code is read later. When
 * waitid(2) reports that one first, others may wait behind it; cfs is about to end then, and they get
 * another parent. */
static void reap_orphans(pid_t own)
{
        siginfo_t i = { 0 };

        while (waitid(P_ALL, 0, &i, WEXITED | WNOHANG | WNOWAIT) == 0 && i.si_pid > 0 && i.si_pid != own) {
                if (waitpid(i.si_pid, NULL, 0) < 0)
                        break;
                i.si_pid = 0;
        }
}

static void forward_signals(struct foreground *f, const struct ctx *c)
{
        struct signalfd_siginfo s;

        while (read(f->signal_fd, &s, sizeof(s)) == sizeof(s)) {
                if (s.ssi_signo == SIGCHLD)
                        reap_orphans(c->pid);
                else if (s.ssi_signo == SIGWINCH && f->master >= 0)
                        copy_window_size(f->master);
                else if (s.ssi_signo == SIGPIPE && s.ssi_pid == (uint32_t)getpid())
                        continue; /* from a write of this process: the kernel reports this process as its sender (SI_USER) */
                else if (f->has_tty && (s.ssi_signo == SIGTTIN || s.ssi_signo == SIGTTOU))
                        continue; /* of our own terminal */
                else
                        (void)proc_signal(c->pidfd, (int)s.ssi_signo);
                if (s.ssi_signo == SIGCONT && f->master >= 0)
                        make_raw(
                                f); /* a shell sets its own terminal settings while this process is stopped */
        }
}

/* Our stdout has no reader any more. */
static void hang_up(struct foreground *f, const struct ctx *c)
{
        (void)close(f->master);
        f->master = -1;
        (void)proc_signal(c->pidfd, SIGHUP);
        (void)proc_signal(c->pidfd, SIGCONT);
        f->kill_after = clock_now_ms() + HANGUP_MS;
}

/* How long poll(2) may wait: until the first of these times, -1 for ever. */
static int patience(const struct foreground *f)
{
        const int64_t times[] = { f->in.rest_until, f->out.rest_until, f->kill_after };
        int least = -1;

        for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
                int left = times[i] ? clock_left_ms(times[i]) : -1;

                if (left >= 0 && (least < 0 || left < least))
                        least = left;
        }
        return least;
}

static bool is_due(int64_t *when)
{
        if (!*when || clock_left_ms(*when) > 0)
                return false;
        *when = 0;
        return true;
}

/* Does what was delayed until now. */
static void do_due(struct foreground *f, const struct ctx *c)
{
        (void)is_due(&f->out.rest_until);
        if (is_due(&f->in.rest_until)) {
                if (f->has_tty && !in_foreground(f))
                        f->in.rest_until = clock_now_ms() + RETRY_MS;
                else if (f->has_tty && f->master >= 0)
                        make_raw(f);
        }
        if (is_due(&f->kill_after))
                (void)proc_signal(c->pidfd, SIGKILL);
}

static void relay(struct notify *n)
{
        struct cfs_error err = { 0 };

        if (notify_relay(n, &err) < 0)
                log_warning("%s", err.text);
}

enum { POLL_PID, POLL_SIGNAL, POLL_NOTIFY, POLL_IN_FROM, POLL_IN_TO, POLL_OUT_FROM, POLL_OUT_TO, POLL_COUNT };

/* One turn when poll(2) fails: with a pause, and without the terminal, on which a read may block. */
static bool turn_blindly(struct foreground *f, const struct ctx *c)
{
        siginfo_t i = { 0 };

        clock_sleep_us(BLIND_MS * 1000);
        do_due(f, c);
        forward_signals(f, c);
        return waitid(P_PID, (id_t)c->pid, &i, WEXITED | WNOHANG | WNOWAIT) == 0 && i.si_pid == c->pid;
}

/* One turn. Returns true when the process has ended. */
static bool turn(struct foreground *f, const struct ctx *c)
{
        struct pollfd p[POLL_COUNT] = { [POLL_PID] = { .fd = c->pidfd, .events = POLLIN },
                                        [POLL_SIGNAL] = { .fd = f->signal_fd, .events = POLLIN } };

        for (int i = POLL_NOTIFY; i < POLL_COUNT; i++)
                p[i].fd = -1;
        if (f->master >= 0) {
                pump_poll(&f->in, &p[POLL_IN_FROM], &p[POLL_IN_TO]);
                pump_poll(&f->out, &p[POLL_OUT_FROM], &p[POLL_OUT_TO]);
        }
        if (f->notify)
                p[POLL_NOTIFY] = (struct pollfd){ .fd = f->notify->fd, .events = POLLIN };
        if (poll(p, POLL_COUNT, patience(f)) < 0)
                return errno == EINTR ? false : turn_blindly(f, c);
        do_due(f, c);
        if (p[POLL_SIGNAL].revents)
                forward_signals(f, c);
        if (p[POLL_NOTIFY].revents)
                relay(f->notify);
        if (p[POLL_IN_FROM].revents)
                pump_read(&f->in);
        if (p[POLL_IN_TO].revents)
                pump_write(&f->in);
        if (p[POLL_OUT_FROM].revents)
                pump_read(&f->out);
        if (p[POLL_OUT_TO].revents)
                pump_write(&f->out);
        if (f->master >= 0 && f->out.eof)
                hang_up(f, c);
        return p[POLL_PID].revents != 0;
}

/* Is a signal pending that ends this process? It can no longer be forwarded: the process has ended. */
static bool told_to_end(struct foreground *f)
{
        struct signalfd_siginfo si;

        while (read(f->signal_fd, &si, sizeof(si)) == sizeof(si))
                if (si.ssi_signo == SIGINT || si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP ||
                    si.ssi_signo == SIGQUIT)
                        return true;
        return false;
}

/* Copies the output that is still in the terminal when the process has ended. */
static void drain(struct foreground *f)
{
        f->out.rest_until = 0;
        while (f->master >= 0 && !f->out.eof && !f->out.rest_until) {
                while (f->out.start < f->out.end && !f->out.rest_until) {
                        struct pollfd p[] = { { .fd = f->out.to, .events = POLLOUT },
                                              { .fd = f->signal_fd, .events = POLLIN } };

                        if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
                                return;
                        if (p[1].revents && told_to_end(f))
                                return;
                        if (p[0].revents)
                                pump_write(&f->out);
                }
                struct pollfd p = { .fd = f->master, .events = POLLIN };

                if (poll(&p, 1, 0) <= 0)
                        break;
                pump_read(&f->out);
        }
}

/* Forwards its last messages to the service manager, too. No more than a socket's queue holds
 * (net.unix.max_dgram_qlen, 10 by default): without a PID namespace other processes may go on sending. */
static void drain_notify(struct foreground *f)
{
        struct pollfd p = { .fd = f->notify ? f->notify->fd : -1, .events = POLLIN };

        for (int i = 0; i < 64 && poll(&p, 1, 0) > 0; i++)
                relay(f->notify);
}

/* The exit code of the program; or 1 when that is 0 although output is lost (a full disk). When the reader
 * of the output has ended, no output counts as lost. */
static int exit_code(const struct foreground *f, int code, struct cfs_error *err)
{
        if (f->out.lost == 0 || f->out.lost == EPIPE || f->out.lost == ECONNRESET)
                return code;
        (void)err_sys(err, f->out.lost, "write", "write to standard output");
        /* Hangs up the terminal of a program whose output cannot be written. */
        if (code == 0 || code == 128 + SIGHUP)
                return -f->out.lost;
        log_warning("%s", err->text);
        err_clear(err);
        return code;
}

int foreground_wait(struct foreground *f, struct ctx *c, struct notify *n, struct cfs_error *err)
{
        int status, r;

        f->notify = n && n->fd >= 0 ? n : NULL;
        if (c->console_peer >= 0) {
                r = attach_terminal(f, c, err);
                if (r < 0)
                        return r;
        }
        while (!turn(f, c))
                ;
        drain(f);
        drain_notify(f);
        r = proc_reap(c->pid, &status);
        if (r < 0)
                return err_sys(err, -r, "waitpid", "wait for pid %d", (int)c->pid);
        log_debug("process %d ended with status %d", (int)c->pid, proc_exit_code(status));
        c->pid = 0;
        return exit_code(f, proc_exit_code(status), err);
}
