/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking to `criu swrk`: see service.h.
 *
 * CRIU finds out by SO_PEERCRED who made the socket pair, and opens the descriptors that a request names in
 * that process's /proc/PID/fd: so images and logs are named by our descriptors, not by paths.
 *
 * No parent death signal for CRIU: killed in the middle, it would leave processes stopped or half restored.
 * When we are killed, it finds its next notification unanswered, and undoes what it has done by itself.
 *
 * How long it takes is for the caller to say (deadline_ms): gigabytes of memory take minutes, lazy pages
 * and page servers as long as another machine likes, without a word from CRIU. Its own version and
 * features it has to tell at once. And signals that are to end us do, if they are blocked: the
 * conversation is given up, and CRIU undoes.
 */
#include "criu/service.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/signals.h"
#include "base/sys.h"
#include "base/unix.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define MAX_MESSAGE 16384

/* From our child in CRIU's place, when it could not execute it: no message of CRIU's is like it. */
struct not_executed {
        char word[12];
        int error;
};
#define NOT_EXECUTED "\377not criu\377"

#define PATIENCE_MS 30000
#define STEP_MS     200 /* how often a wait looks for signals */
#define MAX_REFUSED 20  /* of wait4(2): a second */

/* Where distributions have it, after PATH. */
#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* 1: found. *denied: there may be one that we may not execute; err says which. */
static int look_in(struct criu *c, const char *dirs, bool *denied, struct cfs_error *err)
{
        while (*dirs) {
                int n = (int)strcspn(dirs, ":"), r = 0;

                if (*dirs == '/') /* a relative path may lead to a file of the container */
                        r = str_printf(&c->path, err, "%.*s/criu", n, dirs);
                if (r < 0)
                        return r;
                if (c->path && access(c->path, X_OK) == 0)
                        return 1;
                if (c->path && errno != ENOENT && errno != ENOTDIR && errno != ELOOP && !*denied) {
                        r = err_path(err, errno, "access", c->path, "look for criu at `%s`", c->path);
                        if (r != -EACCES)
                                return r;
                        *denied = true;
                }
                free(TAKE_PTR(c->path));
                dirs += n + (dirs[n] == ':');
        }
        return 0;
}

int service_open(struct criu *c, struct cfs_error *err)
{
        const char *path = getenv("PATH");
        bool denied = false;
        int r;

        *c = (struct criu){ .sock = -1, .theirs = -1 };
        r = look_in(c, path ? path : "", &denied, err);
        if (r == 0)
                r = look_in(c, USUAL_PATH, &denied, err);
        if (r == 0 && denied)
                return -EACCES;
        if (r == 0)
                return err_hint(
                        err,
                        err_set(err, CFS_E_UNSUPPORTED,
                                "CRIU, which saves and restores processes, is not installed"),
                        "install the package criu: its program criu is looked for in PATH and " USUAL_PATH);
        if (r < 0)
                return r;
        err_clear(err);
        r = unix_pair(&c->sock, &c->theirs);
        return r < 0 ? err_sys(err, -r, "socketpair", "make a socket for criu") : 0;
}

int service_exec(const struct criu *c, struct cfs_error *err)
{
        char number[16];
        char *const argv[] = { (char *)"criu", (char *)"swrk", number, NULL };

        (void)snprintf(number, sizeof(number), "%d", c->theirs);
        if (fcntl(c->theirs, F_SETFD, 0) < 0)
                return err_sys(err, errno, "fcntl", "pass the socket to criu");
        (void)execv(c->path, argv);
        return err_path(err, errno, "execve", c->path, "execute `%s`", c->path);
}

void service_started(struct criu *c, pid_t pid)
{
        c->pid = pid;
        if (c->theirs >= 0)
                (void)close(TAKE_FD(c->theirs));
}

int service_start(struct criu *c, struct cfs_error *err)
{
        struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
        pid_t pid = sys_clone3(&a);

        if (pid < 0)
                return err_sys(err, errno, "clone3", "make a process for criu");
        if (pid == 0) {
                struct cfs_error e = { 0 };

                signals_default(~0ULL);
                /* Its output is not ours. And Ctrl-C is for us: killed in the middle, it would
                 * leave the container frozen. */
                (void)dup2(STDERR_FILENO, STDOUT_FILENO);
                (void)setpgid(0, 0);
                (void)service_exec(c, &e);

                struct not_executed say = { .word = NOT_EXECUTED, .error = e.errnum };

                (void)unix_send(c->theirs, &say, sizeof(say), -1);
                _exit(127);
        }
        service_started(c, pid);
        return 0;
}

/* ---- the conversation ---------------------------------------------------------------------------------- */

/* The last word of a process that could not become criu. */
static int not_executed(const struct criu *c, const void *message, size_t size, struct cfs_error *err)
{
        struct not_executed say;

        if (size != sizeof(say) || memcmp(message, NOT_EXECUTED, sizeof(NOT_EXECUTED)) != 0)
                return 0;
        memcpy(&say, message, sizeof(say));
        return err_path(err, say.error, "execve", c->path, "execute `%s`", c->path);
}

/* It undoes what it has done, which takes a moment; a CRIU that hangs is not waited for. 0 or -errno. */
static int wait_end(pid_t pid, int *ret_status)
{
        const int64_t deadline = clock_now_ms() + PATIENCE_MS;
        unsigned refused = 0;
        int sig = 0;

        /* Not by a pidfd: there may be no descriptor left to open it. */
        for (unsigned nap = 1000; clock_left_ms(deadline) > 0 && sig == 0;
             nap = nap < 50000 ? 2 * nap : nap) {
                int r = proc_try_reap(pid, ret_status);

                if (r > 0 || r == -ECHILD)
                        return r < 0 ? r : 0;
                refused += r < 0;
                if (refused > MAX_REFUSED && proc_child_ended(pid) > 0) /* how, is not told */
                        return r;
                clock_sleep_us(nap);
                sig = signals_take_end();
        }
        log_warning("criu %d does not end%s: it is killed", (int)pid, sig ? ", and a signal came" : "");
        (void)kill(pid, SIGKILL);
        return proc_reap(pid, ret_status);
}

/* `said`: the error of the socket, or 0 for its end. */
static int died(struct criu *c, int said, struct cfs_error *err)
{
        const char *colon = said ? ": " : "", *why = said ? err_strerror(said) : "";
        char word[sizeof(struct not_executed)];
        _cleanup_close_ int fd = -1;
        int status, r;
        /* It may have ended before we sent it anything, or with that unread. */
        ssize_t n = unix_receive(c->sock, word, sizeof(word), MSG_DONTWAIT, &fd);

        if (n > 0 && (status = not_executed(c, word, (size_t)n, err)) < 0)
                return status;
        (void)close(TAKE_FD(c->sock)); /* should it be at work all the same */
        r = c->pid > 0 ? wait_end(c->pid, &status) : -ECHILD;
        c->pid = 0;
        if (r < 0)
                return err_set(err, CFS_E_DIED, "criu has left without an answer%s%s (wait4: %s)", colon, why,
                               err_strerror(-r));
        if (WIFSIGNALED(status))
                return err_set(err, CFS_E_DIED, "criu was killed by signal %d (%s)", WTERMSIG(status),
                               sigdescr_np(WTERMSIG(status)));
        if (WEXITSTATUS(status) == 127)
                return err_set(err, CFS_E_DIED,
                               "`%s` cannot be executed (or one of its libraries is missing)", c->path);
        return err_set(err, CFS_E_DIED, "criu exited with status %d, without an answer%s%s",
                       WEXITSTATUS(status), colon, why);
}

int service_nonsense(const struct criu *c, struct cfs_error *err)
{
        return err_set(err, CFS_E_UNSUPPORTED, "`%s` does not speak the protocol of CRIU's service", c->path);
}

static int send_message(struct criu *c, const struct str *m, struct cfs_error *err)
{
        ssize_t n;

        if (m->failed)
                return err_nomem(err);
        n = unix_send(c->sock, m->p, m->len, -1);
        if (n == -EPIPE || n == -ECONNRESET)
                return died(c, (int)-n, err);
        return n < 0 ? err_sys(err, (int)-n, "sendmsg", "send a request to criu") : 0;
}

int service_request(struct criu *c, enum criu_type type, const struct criu_options *o, struct cfs_error *err)
{
        _cleanup_str_ struct str m = { 0 };

        message_put_request(&m, type, o, type == CRIU_VERSION || type == CRIU_FEATURE_CHECK);
        return send_message(c, &m, err);
}

int service_notified(struct criu *c, bool success, struct cfs_error *err)
{
        _cleanup_str_ struct str m = { 0 };

        message_put_notified(&m, success);
        return send_message(c, &m, err);
}

static int late(const struct criu *c, struct cfs_error *err)
{
        char is[256] = "it has been started";

        if (c->pid > 0)
                proc_describe(c->pid, is, sizeof(is));
        return err_set(err, CFS_E_TIMEOUT, "criu has not done its work in time: its %s", is);
}

/* Until there is something to receive. */
static int wait_readable(struct criu *c, struct cfs_error *err)
{
        struct pollfd p = { .fd = c->sock, .events = POLLIN };

        for (;;) {
                int left = c->deadline_ms ? clock_left_ms(c->deadline_ms) : STEP_MS, sig;
                int n = poll(&p, 1, left < STEP_MS ? left : STEP_MS);

                if (n > 0)
                        return 0;
                if (n < 0 && errno != EINTR)
                        return err_sys(err, errno, "poll", "wait for criu");
                sig = signals_take_end();
                if (sig)
                        return err_set(err, CFS_E_STATE, "ended by signal %d while criu was at work", sig);
                if (left == 0)
                        return late(c, err);
        }
}

int service_wait(struct criu *c, struct criu_response *ret, int *ret_fd, struct cfs_error *err)
{
        char buf[MAX_MESSAGE];
        int fd = -1, r = wait_readable(c, err);
        ssize_t n = r < 0 ? r : unix_receive(c->sock, buf, sizeof(buf), MSG_TRUNC, &fd);
        _cleanup_close_ int received = fd;

        if (r < 0)
                return r;
        if (n == 0 || n == -ECONNRESET)
                return died(c, (int)-n, err);
        if (n < 0)
                return err_sys(err, (int)-n, "recvmsg", "wait for criu");
        if ((size_t)n <= sizeof(buf) && (r = not_executed(c, buf, (size_t)n, err)) < 0)
                return r;
        if ((size_t)n > sizeof(buf) || message_get_response(buf, (size_t)n, ret) < 0)
                return service_nonsense(c, err);
        if (ret_fd)
                *ret_fd = TAKE_FD(received);
        return 0;
}

static int ask(struct criu *c, enum criu_type type, struct criu_response *ret, struct cfs_error *err)
{
        const int64_t deadline = c->deadline_ms, soon = clock_now_ms() + PATIENCE_MS;
        int r = service_request(c, type, NULL, err);

        if (deadline == 0 || deadline > soon)
                c->deadline_ms = soon;
        if (r >= 0)
                r = service_wait(c, ret, NULL, err);
        c->deadline_ms = deadline;
        if (r >= 0 && (ret->type != type || !ret->success))
                return err_set(err, CFS_E_UNSUPPORTED, "`%s` does not tell its %s", c->path,
                               type == CRIU_VERSION ? "version" : "features");
        return r;
}

int service_check_version(struct criu *c, unsigned oldest, struct cfs_error *err)
{
        struct criu_response a;
        int r = ask(c, CRIU_VERSION, &a, err);

        if (r < 0)
                return r;
        c->version = a.version;
        if (c->version >= oldest)
                return 0;
        r = err_set(err, CFS_E_UNSUPPORTED, "`%s` is version %u.%u.%u; this needs %u.%u", c->path,
                    c->version / 10000, c->version / 100 % 100, c->version % 100, oldest / 10000,
                    oldest / 100 % 100);
        return err_hint(err, r, "install a newer package criu");
}

int service_has_lazy_pages(struct criu *c, struct cfs_error *err)
{
        struct criu_response a;
        int r = ask(c, CRIU_FEATURE_CHECK, &a, err);

        return r < 0 ? r : a.has_lazy_pages;
}

void service_close(struct criu *c)
{
        int status;

        if (c->sock >= 0)
                (void)close(TAKE_FD(c->sock));
        if (c->theirs >= 0)
                (void)close(TAKE_FD(c->theirs));
        if (c->pid > 0)
                (void)wait_end(c->pid, &status);
        c->pid = 0;
        free(TAKE_PTR(c->path));
}
