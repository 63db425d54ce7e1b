/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.args (config.md, "Process") and the execve.
 *
 * The program is looked for at create, as the user, after the pivot: what cannot be executed is create's
 * error, not a dead container's. The search follows execvp(3) with the *container's* PATH. Engines match on
 * the wording: `executable file not found in $PATH`, `no such file or directory`, `permission denied` decide
 * whether docker and podman report 127 or 126. A directory is reported as "permission denied", the error of
 * execve(2) for it and the only phrase that docker knows.
 *
 * What the kernel alone finds out at the execve (a missing interpreter, another machine's program) is an
 * error of run and exec. Not of `start`: restart policies of engines are for containers that have started,
 * and with runc and crun such a container has, writes the reason to its standard error, and ends with 1. So
 * it does here; `start` logs a warning.
 *
 * The program is executed by path, not by descriptor: between create and start the container's files may
 * change, and what counts is what is there at start.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/proc.h"
#include "libcfs/look/program.h"
#include "libcfs/store/record.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include "libcfs/process/sync.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DEAF_MS      5000 /* for the way to the execve, when nothing can be heard of it */
#define DEAF_STEP_MS 20

/* Of a name that is there twice the last value counts, as in the environment that env.c makes. */
static const char *find_path(char *const *env)
{
        const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

        for (; env && *env; env++)
                if (str_has_prefix(*env, "PATH="))
                        path = *env + strlen("PATH=");
        return path;
}

/* An empty name is one that no directory has: execvp(3)'s ENOENT, in the words that engines look for. */
void args_check(const struct ctx *c, struct problems *p)
{
        char *const *args = c->process->args;

        if (!args)
                return;
        if (c->process->n_args == 0)
                problem(p, "process.args", "names no program");
        else if (!*args[0])
                problem(p, "process.args[0]",
                        "exec: \"\": executable file not found in $PATH (the name is empty)");
        for (size_t i = 0; problem_wants_host(p) && i < c->process->n_args; i++) {
                size_t n = strlen(args[i]);

                if (n > proc_string_max())
                        problem_host(p, PROP("process.args[%zu]", i),
                                     "argument list too long: %zu bytes, execve(2) takes %zu in one argument",
                                     n, proc_string_max());
        }
}

/* The same search beforehand, in what will be the container's tree. */
void args_look(const struct ctx *c, struct problems *p)
{
        const char *name = c->process->args && c->process->n_args ? c->process->args[0] : NULL;
        const char *cwd = c->process->cwd && path_is_absolute(c->process->cwd) ? c->process->cwd : "/";
        struct look_tree tree;
        struct look_found f = { 0 };

        if (!name || !*name || !problem_wants_host(p) || look_view_container(&tree, c) < 0)
                return;
        switch (look_program_search(&tree, name, find_path(c->process->env), cwd, &f)) {
        case LOOK_WRONG:
                problem_host(p, "process.args[0]", "%s", f.why);
                break;
        case LOOK_UNKNOWN:
                problem_note(p, "process.args[0]",
                             "whether `%.128s` can be executed is not known before it is: %s", name, f.why);
                break;
        case LOOK_FINE:
                break;
        }
        look_tree_close(&tree);
}

/* 0 when `path` can be executed, else -errno as execve(2) would report it. */
static int executable(const char *path)
{
        struct stat st;

        if (stat(path, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EACCES;
        if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
                return 0;
        /* Not an answer of the file system, but of a filter that cfs runs under: several know no
         * faccessat2(2), which is younger than they. execve(2) will tell. */
        return errno == EPERM || errno == ENOSYS ? 0 : -errno;
}

static int not_executable(const char *path, int e, struct cfs_error *err)
{
        int r = err_path(err, e, "execve", path, "exec %s", path);

        err->code = CFS_E_EXEC;
        return err_property(err, r, "process.args[0]");
}

/* execvp(3)'s search: the first candidate that can be executed; one without permission is remembered. */
static int search_path(const char *name, const char *path, char **ret, struct cfs_error *err)
{
        _cleanup_free_ char *denied = NULL;

        while (*path) {
                size_t n = strcspn(path, ":");
                _cleanup_free_ char *candidate = NULL;
                int r = str_printf(&candidate, err, "%.*s%s%s", (int)n, path, n ? "/" : "./", name);

                if (r < 0)
                        return r;
                r = executable(candidate);
                if (r == 0) {
                        *ret = TAKE_PTR(candidate);
                        return 0;
                }
                if (r == -EACCES && !denied)
                        denied = TAKE_PTR(candidate);
                path += n + (path[n] == ':');
        }
        if (denied)
                (void)err_path(err, EACCES, "execve", denied, "exec: \"%s\"", name);
        else
                (void)err_set(err, CFS_E_EXEC, "exec: \"%s\": executable file not found in $PATH", name);
        err->code = CFS_E_EXEC;
        return err_property(err, denied ? -EACCES : -ENOENT, "process.args[0]");
}

int args_init(struct ctx *c, struct cfs_error *err)
{
        const char *name = c->process->n_args ? c->process->args[0] : NULL;
        int r;

        if (!name)
                return 0; /* allowed for create (config.md: process is REQUIRED at start) */
        if (strchr(name, '/')) {
                r = executable(name);
                return r < 0 ? not_executable(name, -r, err) : str_dup(&c->exec_path, name, err);
        }
        return search_path(name, find_path(c->env), &c->exec_path, err);
}

void args_explain(const struct ctx *c, struct report *r)
{
        if (c->process->n_args)
                report_line(r, "program %s, %zu arguments", c->process->args[0], c->process->n_args - 1);
}

int args_last_word_init(struct ctx *c, struct cfs_error *err)
{
        /* Messages of --debug among them: they are sent as this one is. */
        log_set_handler(NULL, NULL, LOG_LEVEL_ERROR);
        return sync_send_exec(c->sync, err);
}

/* The verb, where the engine has made the container by `create` before. */
static bool is_start(const struct ctx *c)
{
        return c->walk == WALK_CREATE && !c->create;
}

/* Has the process called execve(2)? 1, 0 or -errno: -ESRCH when it has been reaped. */
static int has_executed(const struct ctx *c)
{
        struct proc_identity id = { 0 };

        return c->walk != WALK_EXEC && record_identity(c->state, &id) ? proc_executed(&id)
                                                                      : proc_child_executed(c->pid);
}

/* Receiving fails, for lack of memory say, so it is the kernel that tells whether the process has come to its
 * execve. One that has not in all this time is ended by our caller. */
static int look_for_execve(struct ctx *c, struct cfs_error *err)
{
        const int64_t deadline = clock_now_ms() + DEAF_MS;
        bool ended = false;
        int r = 0;

        while (!ended && r == 0 && clock_left_ms(deadline) > 0) {
                ended = proc_wait_gone(c->pidfd, DEAF_STEP_MS) == 0;
                r = has_executed(c);
                if (r > 0)
                        return 0;
                r = sync_look(c->sync, err); /* it may have been heard after all */
        }
        return r < 0 ? r : err_sys(err, c->sync->deaf, "recvmsg", "wait for the other process");
}

/* An execve closes the socket, and so does SIGKILL; the kernel knows which. */
int args_execve_host(struct ctx *c, struct cfs_error *err)
{
        int r = c->sync->deaf ? 0 : sync_wait_exec(c->sync, err), executed, status;

        if (c->sync->deaf) {
                err_clear(err);
                return look_for_execve(c, err);
        }
        if (r < 0 && err->code == CFS_E_EXEC && is_start(c)) {
                log_warning("%s%s%s", err->text, err->hint[0] ? ": " : "", err->hint);
                err_clear(err);
                return 0;
        }
        if (r < 0)
                return r;
        executed = has_executed(c);
        if (executed > 0)
                return 0;
        /* `start` is not its parent: reaped, it has ended. We have its word that it came as far as the
         * execve, and it would have said that this failed; but it may have been killed there. */
        if (executed < 0 &&
            !(proc_wait_status(c->pidfd, &status) == 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
                return 0;
        (void)err_set(err, CFS_E_DIED, "the container's process ended in front of the execve");
        return -ECONNRESET;
}

static int refused(const struct ctx *c, int e, struct cfs_error *err)
{
        int r = not_executable(c->exec_path, e, err);

        if (r == -ENOEXEC)
                return err_hint(err, r,
                                "it is not a program for this machine, and not a script that begins with #!");
        if (r == -E2BIG)
                return err_hint(
                        err, r,
                        "process.args and process.env together are more than a quarter of RLIMIT_STACK, or "
                        "than 6 MiB: see execve(2)");
        if (r == -EAGAIN) /* not the change of user: setuid(2) leaves it to execve(2) */
                return err_hint(err, r,
                                "the user has more processes than RLIMIT_NPROC (process.rlimits) allows");
        /* Of a path that leads nowhere the error says more already. */
        if (r == -ENOENT && !err->hint[0])
                return err_hint(
                        err, r,
                        "the file is there: what is not is the interpreter that its first line names (mind a "
                        "CR at its end), or the dynamic loader that it was linked for");
        return r;
}

/* In place of the program, whose standard error this is: engines show it as the container's log. */
static void tell_log(const struct ctx *c, int e)
{
        char text[PATH_MAX + 128];
        int n = snprintf(text, sizeof(text), "exec %s: %s\n", c->exec_path, err_strerror(e));

        if (n > 0 && (size_t)n < sizeof(text))
                (void)io_write_all(STDERR_FILENO, text, (size_t)n);
}

int args_execve_init(struct ctx *c, struct cfs_error *err)
{
        int e;

        if (!c->exec_path)
                return err_set(err, CFS_E_INVALID, "process.args: the container has no program to start");
        (void)execve(c->exec_path, c->process->args, c->env);
        e = errno;
        if (c->wait_for_start)
                tell_log(c, e);
        return refused(c, e, err);
}
