/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversation with conmon(8): arguments, and a pipe (_OCI_SYNCPIPE) on which it reports what the runtime
 * said, as one line of JSON. At the container's end it writes RUN/exits/ID and executes `cfs-box
 * monitor-ended ID`.
 */
#include "box/monitor/conmon.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "base/strv.h"
#include "box/core/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>

#define SYNC_FD 3
#define MAX_ARG 48

struct arguments {
        char *argv[MAX_ARG];
        size_t n;
        bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        if (a->n + 1 >= MAX_ARG || vasprintf(&a->argv[a->n], fmt, ap) < 0)
                a->failed = true;
        else
                a->argv[++a->n] = NULL;
        va_end(ap);
}

/* The file log-size is that of container/log_options.c. */
static void add_log(struct arguments *a, const struct conmon *m)
{
        char path[PATH_MAX], text[32];
        int64_t size = -1;

        (void)snprintf(path, sizeof(path), "%s/log-size", m->bundle);
        if (io_read_small(AT_FDCWD, path, text, sizeof(text)) >= 0 && str_to_i64(text, &size) >= 0 &&
            size == 0) {
                add(a, "--log-path=none");
                return;
        }
        add(a, "--log-path=k8s-file:%s/log", m->bundle);
        if (size > 0)
                add(a, "--log-size-max=%lld", (long long)size);
}

static void add_all(struct arguments *a, const struct conmon *m, const char *program, const char *runtime)
{
        const struct box *box = m->box;

        add(a, "%s", program);
        add(a, "--api-version=1");
        add(a, "--cid=%s", m->id);
        add(a, "--cuuid=%s", m->id);
        add(a, "--name=%s", m->name);
        add(a, "--runtime=%s", runtime);
        add(a, "--runtime-arg=--root=%s", box->rt.root);
        if (box->rt.cgroup_manager == CFS_CGROUP_DISABLED)
                add(a, "--runtime-arg=--cgroup-manager=disabled");
        add(a, "--bundle=%s", m->bundle);
        add(a, "--container-pidfile=%s/pidfile", m->bundle);
        add(a, "--conmon-pidfile=%s/conmon.pid", m->bundle);
        add_log(a, m);
        add(a, "--exit-dir=%s/exits", box->run);
        add(a, "--full-attach");
        if (m->terminal)
                add(a, "--terminal");
        if (m->stdin_open)
                add(a, "--stdin");
        if (m->terminal) /* who comes after one that has left goes on typing */
                add(a, "--leave-stdin-open");
        add(a, "--exit-command=%s/cfs-box", box->programs);
        add(a, "--exit-command-arg=--root");
        add(a, "--exit-command-arg=%s", box->root);
        add(a, "--exit-command-arg=--run");
        add(a, "--exit-command-arg=%s", box->run);
        add(a, "--exit-command-arg=monitor-ended");
        add(a, "--exit-command-arg=%s", m->id);
}

static int spawn(char **argv, int sync, pid_t *ret_pid, struct cfs_error *err)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attr;
        char variable[] = "_OCI_SYNCPIPE=3";
        size_t n = strv_length((const char *const *)environ);
        _cleanup_free_ char **env = NULL;
        sigset_t none, all;
        int r;

        env = calloc(n + 2, sizeof(*env));
        if (!env)
                return err_nomem(err);
        env[0] = variable;
        memcpy(env + 1, environ, n * sizeof(*env));
        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
        (void)posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, sync, SYNC_FD);
        (void)posix_spawnattr_init(&attr);
        (void)sigemptyset(&none);
        (void)sigfillset(&all);
        (void)posix_spawnattr_setsigmask(&attr, &none);
        (void)posix_spawnattr_setsigdefault(&attr, &all);
        (void)posix_spawnattr_setflags(&attr,
                                       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
        r = posix_spawn(ret_pid, argv[0], &actions, &attr, argv, env);
        (void)posix_spawnattr_destroy(&attr);
        (void)posix_spawn_file_actions_destroy(&actions);
        return r ? err_sys(err, r, "posix_spawn", "execute `%s`", argv[0]) : 0;
}

/* What the runtime printed, without its name in front. */
static const char *strip(char *message)
{
        size_t len = strlen(message);

        while (len > 0 && (message[len - 1] == '\n' || message[len - 1] == ' '))
                message[--len] = '\0';
        for (char *p = message; *p; p++)
                if (*p == '\n' || *p == '\r')
                        *p = ' ';
        return str_has_prefix(message, "cfs: ") ? message + 5 : message;
}

/* The runtime's words for a program that is not there or cannot be executed, and their exit codes (126,
 * 127). */
static int runtime_failed(char *message, struct cfs_error *err)
{
        const char *text = strip(message), *hint = "";
        char *mark = strstr((char *)text, " hint: ");
        int r;

        if (mark) {
                *mark = '\0';
                hint = mark + strlen(" hint: ");
        }
        if (strstr(text, "exec")) {
                r = err_set(err, CFS_E_EXEC, "%s", text);
                err->errnum = strstr(text, "no such file") || strstr(text, "not found") ? ENOENT : EACCES;
        } else {
                r = err_set(err, CFS_E_SYSTEM, "%s",
                            *text ? text : "conmon did not say why the container was not created");
        }
        return *hint ? err_hint(err, r, "%s", hint) : r;
}

/* One line of JSON; a second one (of attach) is not for us. */
static int read_sync(int fd, int *ret_pid, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_conmon_sync *s;
        char line[8192] = "";
        size_t len = 0;
        ssize_t n = 1;
        int r;

        while (len < sizeof(line) - 1 && !memchr(line, '\n', len) && n > 0) {
                n = read(fd, line + len, sizeof(line) - 1 - len);
                if (n < 0 && errno == EINTR)
                        n = 1;
                else if (n > 0)
                        len += (size_t)n;
        }
        line[len] = '\0';
        line[strcspn(line, "\n")] = '\0';
        if (!*line)
                return err_set(err, CFS_E_DIED, "conmon ended without a word");
        r = oci_decode(&oci_conmon_sync_type, "what conmon says", line, strlen(line), (void **)&s, &arena,
                       err);
        if (r < 0)
                return r;
        *ret_pid = s->has_pid ? s->pid : s->data;
        if (*ret_pid <= 0)
                return runtime_failed(s->message ? s->message : line + len, err);
        return 0;
}

static int monitor_pid(const struct conmon *m, int *ret, struct cfs_error *err)
{
        char path[PATH_MAX], text[32];
        uint64_t pid;

        (void)snprintf(path, sizeof(path), "%s/conmon.pid", m->bundle);
        if (io_read_small(AT_FDCWD, path, text, sizeof(text)) < 0 || str_to_u64(text, &pid) < 0)
                return err_set(err, CFS_E_DIED, "conmon did not write `%s`", path);
        *ret = (int)pid;
        return 0;
}

int conmon_start(const struct conmon *m, int *ret_pid, int *ret_monitor, struct cfs_error *err)
{
        _cleanup_free_ char *program = process_find("conmon"), *sibling = NULL, *runtime = NULL;
        struct arguments a = { 0 };
        int fds[2], r, status;
        pid_t pid;

        if (!program)
                return err_hint(err,
                                err_set(err, CFS_E_UNSUPPORTED,
                                        "conmon, which watches over detached containers, is not installed"),
                                "apt-get install conmon, or run in the foreground, without --detach");
        r = str_printf(&sibling, err, "%s/cfs", m->box->programs);
        if (r < 0)
                return r;
        runtime = process_find(sibling);
        if (!runtime && !(runtime = process_find("cfs")))
                return err_set(err, CFS_E_NOT_FOUND, "cfs is neither in `%s` nor in PATH", m->box->programs);
        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        add_all(&a, m, program, runtime);
        r = a.failed ? err_nomem(err) : process_no_descriptors(err);
        if (r >= 0)
                r = spawn(a.argv, fds[1], &pid, err);
        for (size_t i = 0; i < a.n; i++)
                free(a.argv[i]);
        (void)close(fds[1]);
        if (r >= 0) {
                r = process_wait(pid, &status, err); /* it goes on in the background */
                if (r >= 0)
                        r = read_sync(fds[0], ret_pid, err);
        }
        (void)close(fds[0]);
        return r < 0 ? r : monitor_pid(m, ret_monitor, err);
}
