/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running a program: posix_spawn(3), three pipes for its standard streams, and a poll(2) loop.
 */
#include "box/core/process.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/strv.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#define DEFAULT_MAX (1U << 20)

static int words_with(const char *const *more, char ***ret, struct cfs_error *err)
{
        size_t n = strv_length((const char *const *)environ), m = strv_length(more);
        char **all;

        all = calloc(n + m + 1, sizeof(*all));
        if (!all)
                return err_nomem(err);
        for (size_t i = 0; i < m; i++)
                all[i] = (char *)more[i];
        for (size_t i = 0; i < n; i++)
                all[m + i] = environ[i];
        *ret = all;
        return 0;
}

char *process_find(const char *name)
{
        static const char extra[] =
                ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin:/usr/libexec";
        const char *path = getenv("PATH");
        _cleanup_free_ char *all = NULL;

        if (strchr(name, '/'))
                return access(name, X_OK) == 0 ? strdup(name) : NULL;
        if (asprintf(&all, "%s%s", path ? path : "", extra) < 0)
                return NULL;
        for (char *p = all; *p;) {
                size_t n = strcspn(p, ":");
                char *full = NULL;

                if (n > 0 && asprintf(&full, "%.*s/%s", (int)n, p, name) < 0)
                        return NULL;
                if (full && access(full, X_OK) == 0)
                        return full;
                free(full);
                p += n + (p[n] == ':');
        }
        return NULL;
}

static int spawn(const struct process *p, int in, int out, int err_fd, pid_t *ret_pid, struct cfs_error *err)
{
        _cleanup_free_ char *program = process_find(p->argv[0]), **env = NULL;
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attr;
        sigset_t none, all;
        int r = words_with(p->env, &env, err);

        if (r < 0)
                return r;
        if (!program)
                return err_set(err, CFS_E_NOT_FOUND, "program `%s` is not installed", p->argv[0]);
        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
        if (out >= 0)
                (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        if (err_fd >= 0)
                (void)posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
        (void)posix_spawnattr_init(&attr);
        (void)sigemptyset(&none);
        (void)sigfillset(&all);
        (void)posix_spawnattr_setsigmask(&attr, &none);
        (void)posix_spawnattr_setsigdefault(&attr, &all);
        (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        r = posix_spawn(ret_pid, program, &actions, &attr, (char **)p->argv, env);
        (void)posix_spawnattr_destroy(&attr);
        (void)posix_spawn_file_actions_destroy(&actions);
        return r ? err_sys(err, r, "posix_spawn", "execute `%s`", program) : 0;
}

int process_no_descriptors(struct cfs_error *err)
{
        _cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = io_cloexec_from(proc, STDERR_FILENO + 1);

        return r < 0 ? err_sys(err, -r, "close_range", "keep the caller's descriptors from a program") : 0;
}

/* One pipe's end is at most `max` bytes. Returns whether the pipe is still open. */
static bool take(int fd, struct str *s, size_t max, int *result)
{
        char buf[16384];
        ssize_t n = read(fd, buf, sizeof(buf));

        if (n < 0)
                return errno == EINTR || errno == EAGAIN;
        if (n == 0)
                return false;
        if (s->len + (size_t)n > max) {
                *result = -EFBIG;
                return false;
        }
        str_add_n(s, buf, (size_t)n);
        return true;
}

static bool give(int fd, const char **rest)
{
        ssize_t n = write(fd, *rest, strlen(*rest));

        if (n < 0)
                return errno == EINTR || errno == EAGAIN;
        *rest += n;
        return **rest;
}

static int converse(int in, int out, int err_fd, const char *input, size_t max, struct str s[2])
{
        struct pollfd p[3] = { { in, POLLOUT, 0 }, { out, POLLIN, 0 }, { err_fd, POLLIN, 0 } };
        int result = 0;

        if (!*input) {
                (void)close(in);
                p[0].fd = -1;
        }
        while (p[1].fd >= 0 || p[2].fd >= 0) {
                if (poll(p, 3, -1) < 0 && errno != EINTR)
                        return -errno;
                if (p[0].fd >= 0 && p[0].revents && !give(in, &input)) {
                        (void)close(in);
                        p[0].fd = -1;
                }
                for (int i = 1; i < 3; i++)
                        if (p[i].fd >= 0 && p[i].revents && !take(p[i].fd, &s[i - 1], max, &result))
                                p[i].fd = -1;
        }
        if (p[0].fd >= 0)
                (void)close(in);
        return result;
}

static int make_pipe(int fds[2], struct cfs_error *err)
{
        return pipe2(fds, O_CLOEXEC) < 0 ? err_sys(err, errno, "pipe2", "make a pipe") : 0;
}

static int run_inherited(const struct process *p, int *ret_status, struct cfs_error *err)
{
        _cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        pid_t pid;
        int r;

        if (null < 0)
                return err_sys(err, errno, "open", "open /dev/null");
        r = spawn(p, null, -1, -1, &pid, err);
        return r < 0 ? r : process_wait(pid, ret_status, err);
}

int process_run(const struct process *p, int *ret_status, char **ret_out, char **ret_err,
                struct cfs_error *err)
{
        struct str s[2] = { { 0 } };
        int in[2], out[2], errs[2], r, talk;
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        pid_t pid;

        if (p->inherit_output)
                return run_inherited(p, ret_status, err);
        if ((r = make_pipe(in, err)) < 0)
                return r;
        if ((r = make_pipe(out, err)) < 0 || (r = make_pipe(errs, err)) < 0)
                return r;
        r = spawn(p, in[0], out[1], errs[1], &pid, err);
        (void)close(in[0]);
        (void)close(out[1]);
        (void)close(errs[1]);
        if (r >= 0) {
                (void)sigaction(SIGPIPE, &ignore, &before);
                talk = converse(in[1], out[0], errs[0], p->input ? p->input : "",
                                p->max_output ? p->max_output : DEFAULT_MAX, s);
                (void)sigaction(SIGPIPE, &before, NULL);
                if (talk < 0)
                        (void)kill(pid, SIGKILL);
                r = process_wait(pid, ret_status, err);
                if (r >= 0 && talk < 0)
                        r = err_sys(err, -talk, NULL, "what `%s` writes", p->argv[0]);
        } else {
                (void)close(in[1]);
        }
        (void)close(out[0]);
        (void)close(errs[0]);
        if (r >= 0 && ret_out)
                r = str_take(&s[0], ret_out, err);
        if (r >= 0 && ret_err)
                r = str_take(&s[1], ret_err, err);
        str_free(&s[0]);
        str_free(&s[1]);
        return r;
}

int process_start(const struct process *p, pid_t *ret_pid, int *ret_out_fd, struct cfs_error *err)
{
        _cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int out[2], r = make_pipe(out, err);

        if (r < 0)
                return r;
        r = null < 0 ? err_sys(err, errno, "open", "open /dev/null")
                     : spawn(p, null, out[1], -1, ret_pid, err);
        (void)close(out[1]);
        if (r < 0)
                (void)close(out[0]);
        else
                *ret_out_fd = out[0];
        return r;
}

int process_start_captured(const struct process *p, pid_t *ret_pid, int *ret_out_fd, int *ret_err_fd,
                           struct cfs_error *err)
{
        _cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int out[2], errs[2], r;

        if (null < 0)
                return err_sys(err, errno, "open", "open /dev/null");
        r = make_pipe(out, err);
        if (r < 0)
                return r;
        r = make_pipe(errs, err);
        if (r >= 0) {
                r = spawn(p, null, out[1], errs[1], ret_pid, err);
                (void)close(errs[1]);
                if (r < 0)
                        (void)close(errs[0]);
        }
        (void)close(out[1]);
        if (r < 0) {
                (void)close(out[0]);
                return r;
        }
        *ret_out_fd = out[0];
        *ret_err_fd = errs[0];
        return 0;
}

int process_wait(pid_t pid, int *ret_status, struct cfs_error *err)
{
        int status, r = proc_reap(pid, &status);

        if (r < 0)
                return err_sys(err, -r, "waitpid", "wait for a program");
        *ret_status = proc_exit_code(status);
        return 0;
}

int process_no_input(struct cfs_error *err)
{
        _cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) /* allowed: standard input is inherited */
                return err_sys(err, errno, "open", "open /dev/null");
        return 0;
}

int process_terminal_input(struct cfs_error *err)
{
        if (isatty(STDIN_FILENO))
                return 0;
        return err_hint(
                err, err_set(err, CFS_E_INVALID, "standard input is not a terminal, as -i with -t needs it"),
                "-i alone passes on what comes through a pipe");
}
