/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running one hook (config.md, "POSIX-platform Hooks"): a program with the container's state on its standard
 * input.
 *
 * A hook is a foreign program that runs with our privileges, so it gets only what the specification promises:
 *
 *   environment   hooks[].env, also when that is empty; without env the runtime's own, since hooks rely on
 *                 PATH. Hooks with the runtime's paths never get the container's (CVE-2025-23266: LD_PRELOAD
 *                 of an image)
 *   descriptors   0, 1, 2
 *   directory     the bundle, for hooks with the runtime's paths: never one below the container's root
 *   signals       default dispositions, nothing blocked
 *   session       of its own: no controlling terminal, and one process group that a timeout can kill
 *
 * The state is written to a pipe before the program starts, as long as it fits; what is longer goes into a
 * memory file. So no write can block, and none can raise SIGPIPE when a hook does not read.
 *
 * Output is read while the hook runs, and its last lines are shown when it fails. A process that the hook
 * leaves behind may hold the pipe open: so the end of the hook counts, not the end of the file.
 *
 * The program is started as vfork(2) would: in our memory, while we wait. That is several times faster than a
 * copy, and brings the errno of a failed execve(2) back in a variable.
 */
#include "libcfs/process/hook.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/signals.h"
#include "base/sys.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define OUTPUT_KEPT  4096
#define OUTPUT_SHOWN 1000
#define PIPE_SIZE    65536 /* what a new pipe holds, as a rule: pipe(7) */
#define LOOK_MS      200   /* how often a wait looks for signals that are to end us */

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* The end of what a hook has written. */
struct output {
        char text[OUTPUT_KEPT];
        size_t len;
        bool cut; /* there was more before */
};

/* What parent and child, in one memory, tell each other. */
struct child {
        const struct hook_call *call;
        int stdio[3];
        char **args;
        char *const *env;
        int failed;         /* errno of the execve, or 0   */
        int confine_failed; /* errno of confine(), or 0    */
};

/* ---- the child ----------------------------------------------------------------------------------------- */

static int child_main(void *arg)
{
        struct child *c = arg;
        int proc_fd, r;

        if (setsid() < 0)
                goto failed;
        signals_default(UINT64_MAX);
        for (int fd = 0; fd < 3; fd++)
                if (dup2(c->stdio[fd], fd) < 0)
                        goto failed;
        /* Ours are close-on-exec from birth; those of other users of the library need not be. */
        proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = io_cloexec_from(proc_fd, 3);
        if (r < 0) {
                errno = -r;
                goto failed;
        }
        /* When the user namespace's root cannot enter the bundle, the hook runs all the same. */
        if (chdir(c->call->cwd) < 0 && chdir("/") < 0)
                goto failed;
        if (c->call->confine) {
                r = c->call->confine(c->call->confine_data);
                if (r < 0) {
                        c->confine_failed = -r;
                        _exit(127);
                }
        }
        (void)execve(c->call->hook->path, c->args, c->env);
failed:
        c->failed = errno;
        _exit(127);
}

/* ---- preparing its standard streams -------------------------------------------------------------------- */

/* 0, 1 and 2 may be free in the caller: then a new descriptor must not be one of them. */
static int above_stdio(int *fd)
{
        int higher;

        if (*fd > 2)
                return 0;
        higher = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
        if (higher < 0)
                return -errno;
        (void)close(*fd);
        *fd = higher;
        return 0;
}

static int make_pipe(int *ret_read, int *ret_write, int flags, struct cfs_error *err)
{
        _cleanup_close_ int r = -1, w = -1;
        int fds[2];

        if (pipe2(fds, O_CLOEXEC | flags) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        r = fds[0];
        w = fds[1];
        if (above_stdio(&r) < 0 || above_stdio(&w) < 0)
                return err_sys(err, errno, "fcntl", "make a pipe");
        *ret_read = TAKE_FD(r);
        *ret_write = TAKE_FD(w);
        return 0;
}

/* The pipes of an ordinary user who has many of them hold two pages, or one (pipe(7),
 * "/proc/sys/fs/pipe-user-pages-soft"). */
static bool has_room(int pipe_fd, size_t len)
{
        int room = len <= PIPE_BUF ? PIPE_BUF : fcntl(pipe_fd, F_GETPIPE_SZ);

        return room > 0 && len <= (size_t)room;
}

static int make_file(int *ret, struct cfs_error *err)
{
        /* vm.memfd_noexec may demand the flag, older kernels do not know it. */
        _cleanup_close_ int fd = memfd_create("state", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("state", MFD_CLOEXEC);
        if (fd < 0 || above_stdio(&fd) < 0)
                return err_sys(err, errno, "memfd_create", "make a file for the state");
        *ret = TAKE_FD(fd);
        return 0;
}

static int make_stdin(const struct hook_call *call, int *ret, struct cfs_error *err)
{
        _cleanup_close_ int in = -1, w = -1;
        int r = call->state_len <= PIPE_SIZE ? make_pipe(&in, &w, 0, err) : 0;

        if (r >= 0 && !(w >= 0 && has_room(w, call->state_len))) {
                cleanup_close_p(&in);
                cleanup_close_p(&w);
                in = w = -1;
                r = make_file(&w, err);
        }
        if (r < 0)
                return r;
        r = io_write_all(w, call->state, call->state_len);
        if (r < 0)
                return err_sys(err, -r, "write", "write the state");
        if (in < 0) {
                (void)lseek(w, 0, SEEK_SET);
                in = TAKE_FD(w);
        }
        *ret = TAKE_FD(in);
        return 0;
}

/* ---- watching it --------------------------------------------------------------------------------------- */

static void keep_output(struct output *o, const char *data, size_t n)
{
        if (n > OUTPUT_KEPT) {
                data += n - OUTPUT_KEPT;
                n = OUTPUT_KEPT;
                o->cut = true;
        }
        if (o->len + n > OUTPUT_KEPT) {
                size_t drop = o->len + n - OUTPUT_KEPT;

                memmove(o->text, o->text + drop, o->len - drop);
                o->len -= drop;
                o->cut = true;
        }
        memcpy(o->text + o->len, data, n);
        o->len += n;
}

/* Reads what is there. False at the end of the file. */
static bool read_output(int fd, struct output *o)
{
        char buf[4096];

        for (;;) {
                ssize_t n = read(fd, buf, sizeof(buf));

                if (n > 0)
                        keep_output(o, buf, (size_t)n);
                else if (n == 0 || (errno != EINTR && errno != EAGAIN))
                        return false;
                else if (errno == EAGAIN)
                        return true;
        }
}

/* Waits for the end of the process behind pidfd. 0, -ETIMEDOUT, or -EINTR when *ret_signal is to end us. */
static int watch(int pidfd, int out, int64_t deadline, struct output *o, int *ret_signal)
{
        struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = out, .events = POLLIN } };

        for (;;) {
                int64_t left = deadline < 0 ? -1 : deadline - clock_now_ms();
                int step = ret_signal && (left < 0 || left > LOOK_MS) ? LOOK_MS
                           : left > INT_MAX                           ? INT_MAX
                                                                      : (int)left;
                int n;

                if (deadline >= 0 && left <= 0)
                        return -ETIMEDOUT;
                n = poll(fds, 2, step);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0 && ret_signal && (*ret_signal = signals_take_end()))
                        return -EINTR;
                if (fds[1].revents && !read_output(out, o))
                        fds[1].fd = -1;
                if (fds[0].revents) {
                        if (fds[1].fd >= 0)
                                (void)read_output(out, o);
                        return 0;
                }
        }
}

/* ---- what became of it --------------------------------------------------------------------------------- */

/* The output on one line, its end if it is long, with ", output: " in front; or nothing. */
static const char *show_output(const struct output *o, char buf[OUTPUT_SHOWN + 32])
{
        size_t end = o->len, begin, n, room = OUTPUT_SHOWN;

        while (end > 0 && (unsigned char)o->text[end - 1] <= ' ')
                end--;
        if (end == 0)
                return "";
        /* A line break becomes two characters. */
        for (begin = end; begin > 0 && room >= 2; begin--)
                room -= o->text[begin - 1] == '\n' ? 2 : 1;
        n = (size_t)snprintf(buf, 32, ", output: %s", o->cut || begin > 0 ? "... " : "");
        for (; begin < end; begin++) {
                unsigned char c = (unsigned char)o->text[begin];

                if (c == '\n')
                        buf[n++] = ';';
                buf[n++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
        }
        buf[n] = '\0';
        return buf;
}

static int hook_failed(const struct hook_call *call, const struct output *o, int64_t ms,
                       struct cfs_error *err, const char *what)
{
        char shown[OUTPUT_SHOWN + 32];
        int r;

        r = err_set(err, CFS_E_HOOK, "error running %s hook #%zu: hooks.%s[%zu] (%s): %s after %lldms%s",
                    call->kind, call->index, call->kind, call->index, call->hook->path, what, (long long)ms,
                    show_output(o, shown));
        (void)snprintf(err->property, sizeof(err->property), "hooks.%s[%zu]", call->kind, call->index);
        (void)snprintf(err->path, sizeof(err->path), "%s", call->hook->path);
        return r;
}

static int judge(const struct hook_call *call, int status, const struct output *o, int64_t ms,
                 struct cfs_error *err)
{
        char what[80];

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
                log_debug("hooks.%s[%zu] (%s) took %lldms", call->kind, call->index, call->hook->path,
                          (long long)ms);
                return 0;
        }
        if (WIFSIGNALED(status))
                (void)snprintf(what, sizeof(what), "killed by signal %d (%s)", WTERMSIG(status),
                               sigdescr_np(WTERMSIG(status)));
        else
                (void)snprintf(what, sizeof(what), "exit status %d", WEXITSTATUS(status));
        return hook_failed(call, o, ms, err, what);
}

static int not_executed(const struct hook_call *call, int e, struct cfs_error *err)
{
        int r = err_path(err, e, "execve", call->hook->path, "error running %s hook #%zu: hooks.%s[%zu] (%s)",
                         call->kind, call->index, call->kind, call->index, call->hook->path);

        err->code = CFS_E_HOOK;
        (void)snprintf(err->property, sizeof(err->property), "hooks.%s[%zu]", call->kind, call->index);
        return r;
}

static int not_confined(const struct hook_call *call, int e, struct cfs_error *err)
{
        int r = err_sys(err, e, "seccomp", "load the filter of linux.seccomp for hooks.%s[%zu] (%s)",
                        call->kind, call->index, call->hook->path);

        return err_property(err, r, "hooks.%s[%zu]", call->kind, call->index);
}

/* ---- all together -------------------------------------------------------------------------------------- */

/* Starts the program. Returns its pid; the child's errno when it could not be executed is in c->failed. */
static pid_t start(struct child *c, int *ret_pidfd)
{
        char stack[32768] __attribute__((aligned(16)));
        sigset_t all, old;
        pid_t pid;
        int e;

        /* A handler of ours must not run in the child, which has our memory. */
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, &old);
        pid = clone(child_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, c,
                    ret_pidfd);
        e = errno;
        (void)sigprocmask(SIG_SETMASK, &old, NULL);
        return pid < 0 ? -e : pid;
}

static int attend(const struct hook_call *call, pid_t pid, int pidfd, int out, struct cfs_error *err)
{
        const int64_t begin = clock_now_ms();
        const int64_t deadline = call->hook->has_timeout ? begin + (int64_t)call->hook->timeout * 1000 : -1;
        struct output o = { .len = 0 };
        char what[80];
        int sig = 0, status, r = watch(pidfd, out, deadline, &o, call->ends ? &sig : NULL);

        if (r < 0) {
                (void)kill(-pid, SIGKILL);
                (void)proc_signal(pidfd, SIGKILL);
                (void)proc_reap(pid, &status);
                if (r != -ETIMEDOUT && r != -EINTR)
                        return err_sys(err, -r, "poll", "wait for the hook %s", call->hook->path);
                (void)read_output(out, &o);
                if (r == -EINTR)
                        (void)snprintf(what, sizeof(what), "killed, as signal %d has ended cfs,", sig);
                else
                        (void)snprintf(what, sizeof(what), "killed, as its timeout of %d s has passed,",
                                       (int)call->hook->timeout);
                return hook_failed(call, &o, clock_now_ms() - begin, err, what);
        }
        r = proc_reap(pid, &status);
        if (r < 0)
                return err_sys(err, -r, "waitpid", "wait for the hook %s", call->hook->path);
        return judge(call, status, &o, clock_now_ms() - begin, err);
}

int hook_run(const struct hook_call *call, struct cfs_error *err)
{
        char *only_path[] = { call->hook->path, NULL };
        _cleanup_close_ int in = -1, out = -1, w = -1, pidfd = -1;
        struct child child = { .call = call };
        int status, r;
        pid_t pid;

        r = make_stdin(call, &in, err);
        if (r >= 0)
                r = make_pipe(&out, &w, 0, err);
        if (r < 0)
                return r;
        (void)fcntl(out, F_SETFL, O_NONBLOCK);
        child.stdio[0] = in;
        child.stdio[1] = call->out_fd >= 0 ? call->out_fd : w;
        child.stdio[2] = call->err_fd >= 0 ? call->err_fd : w;
        child.args = call->hook->n_args ? call->hook->args : only_path;
        child.env = call->hook->env ? call->hook->env : call->env ? call->env : environ;
        pid = start(&child, &pidfd);
        if (pid < 0)
                return err_sys(err, -pid, "clone", "start the hook %s", call->hook->path);
        if (child.failed || child.confine_failed) {
                (void)proc_reap(pid, &status);
                return child.failed ? not_executed(call, child.failed, err)
                                    : not_confined(call, child.confine_failed, err);
        }
        (void)close(TAKE_FD(in));
        (void)close(TAKE_FD(w));
        return attend(call, pid, pidfd, out, err);
}
