/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box exec, attach, top.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/bundle/environment.h"
#include "box/bundle/security.h"
#include "box/bundle/user.h"
#include "box/cmd/cmd.h"
#include "box/cmd/output.h"
#include "box/container/container.h"
#include "box/core/process.h"
#include "box/monitor/attach.h"
#include "box/store/container.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>

struct values {
        bool detach, interactive, tty, privileged, no_stdin;
        const char *user, *workdir;
        const char **env, **env_files;
};

#define AT(field) offsetof(struct values, field)

static int find_running(struct box *box, const char *ref, char id[BOX_ID_SIZE], struct oci_arena *arena,
                        struct oci_box_container **ret, struct cfs_error *err)
{
        int r = store_container_find(box, ref, id, err);

        if (r >= 0)
                r = store_container_get(box, id, arena, ret, err);
        if (r >= 0 && !STREQ((*ret)->state, "running"))
                return err_hint(err,
                                err_set(err, CFS_E_STATE, "container `%s` does not run: it is %s", ref,
                                        (*ret)->state),
                                "`cfs-box start %s` runs it", ref);
        return r;
}

/* ---- exec ---------------------------------------------------------------------------------------------- */

/* The state of cfs has the init's pid, which the store has not for one in the foreground. */
static int init_pid(struct box *box, const char *id, int *ret, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *json = NULL;
        struct oci_state *state = NULL;
        int r = cfs_state(&box->rt, id, &json, err);

        if (r >= 0)
                r = oci_decode(&oci_state_type, "state", json, strlen(json), (void **)&state, &arena, err);
        if (r >= 0 && state)
                *ret = state->pid;
        return r;
}

/* Names are those of the container's files. */
static int find_user(struct box *box, const char *id, const char *spec, char *buf, size_t size,
                     struct user *u, struct cfs_error *err)
{
        _cleanup_close_ int root = -1;
        char path[48];
        int pid = 0, r = init_pid(box, id, &pid, err);

        if (r < 0)
                return r;
        (void)snprintf(path, sizeof(path), "/proc/%d/root", pid);
        root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return err_sys(err, errno, "open", "open the container's root");
        r = user_find(root, spec, u, err);
        if (r >= 0)
                (void)snprintf(buf, size, "%u:%u", u->uid, u->gid);
        return r;
}

struct variables {
        struct oci_arena *arena;
        struct cfs_error *err;
        char **list;
        size_t n;
};

static int add_variable(void *data, const char *pair)
{
        struct variables *v = data;
        char **grown = oci_arena_alloc(v->arena, (v->n + 2) * sizeof(*grown));

        if (!grown || !(grown[v->n] = oci_arena_strdup(v->arena, pair)))
                return err_nomem(v->err);
        if (v->n)
                memcpy(grown, v->list, v->n * sizeof(*grown));
        v->n++;
        v->list = grown;
        return 0;
}

static int run_exec(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container *c;
        struct user user = { 0 };
        char id[BOX_ID_SIZE], ids[32];
        struct variables env = { .arena = arena, .err = err };
        struct cfs_exec_options o = { .args = args + 1,
                                      .cwd = v->workdir,
                                      .caps = v->privileged ? security_all_caps() : NULL,
                                      .tty = v->tty,
                                      .detach = v->detach,
                                      .no_new_privs = -1 };
        int r = arena ? find_running(box, args[0], id, arena, &c, err) : err_nomem(err);

        if (r >= 0)
                r = environment_each(v->env_files, v->env, add_variable, &env, err);
        o.env = (const char *const *)env.list;
        if (r >= 0 && !v->interactive && !v->tty)
                r = process_no_input(err);
        if (r >= 0 && v->interactive && v->tty && !v->detach)
                r = process_terminal_input(err);
        if (r >= 0 && v->user) {
                r = find_user(box, id, v->user, ids, sizeof(ids), &user, err);
                o.user = ids;
                o.additional_gids = user.groups;
                o.n_additional_gids = user.n_groups;
        }
        return r < 0 ? r : cfs_exec(&box->rt, id, &o, err);
}

static const struct option_def exec_options[] = {
        { "interactive", 'i', OPTION_FLAG, AT(interactive), NULL, NULL, "pass standard input on" },
        { "tty", 't', OPTION_FLAG, AT(tty), NULL, NULL, "give it a terminal" },
        { "detach", 'd', OPTION_FLAG, AT(detach), NULL, NULL, "do not wait for its end" },
        { "env", 'e', OPTION_LIST, AT(env), "NAME[=VALUE]", NULL,
          "a further environment variable; NAME alone is passed on" },
        { "env-file", 0, OPTION_LIST, AT(env_files), "FILE", NULL,
          "a file with one NAME[=VALUE] on each line" },
        { "privileged", 0, OPTION_FLAG, AT(privileged), NULL, NULL, "with all capabilities" },
        { "user", 'u', OPTION_TEXT, AT(user), "USER[:GROUP]", NULL, "names of the container, or numbers" },
        { "workdir", 'w', OPTION_TEXT, AT(workdir), "DIR", NULL, "the working directory" },
        { 0 },
};

const struct command cmd_exec_command = {
        .name = "exec",
        .args = "CONTAINER COMMAND [ARG...]",
        .min_args = 2,
        .max_args = COMMAND_ANY,
        .stop_after = 1,
        .flags = COMMAND_ENTERS,
        .failure = 125,
        .summary = "run a further command in a container",
        .description =
                "COMMAND gets the environment, the user and the rights of the container. The exit code is\n"
                "that of COMMAND, or 125, 126 or 127 as for `run`.",
        .examples = "cfs-box exec -it web sh",
        .options = exec_options,
        .values_size = sizeof(struct values),
        .run = run_exec,
};

/* ---- attach -------------------------------------------------------------------------------------------- */

static int run_attach(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container *c;
        char id[BOX_ID_SIZE];
        int code = -1, r = arena ? find_running(box, args[0], id, arena, &c, err) : err_nomem(err);

        if (r >= 0 && !c->detached)
                return err_set(err, CFS_E_STATE, "container `%s` runs in the foreground of another terminal",
                               args[0]);
        if (r >= 0)
                r = attach_run(c->bundle, c->terminal, !v->no_stdin, err);
        if (r > 0) /* left by the keys */
                return 0;
        if (r >= 0)
                r = stop_wait(box, id, -1, &code, err);
        return r < 0 ? r : code < 0 ? 125 : code;
}

static const struct option_def attach_options[] = {
        { "no-stdin", 0, OPTION_FLAG, AT(no_stdin), NULL, NULL, "do not pass standard input on" },
        { 0 },
};

const struct command cmd_attach_command = {
        .name = "attach",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .failure = 125,
        .summary = "connect to a container's terminal or output",
        .description =
                "Connects this terminal to a container that runs in the background. Control-P Control-Q\n"
                "disconnects from a container with a terminal, which then goes on. When the container ends,\n"
                "the exit code is the container's.",
        .options = attach_options,
        .values_size = sizeof(struct values),
        .run = run_attach,
};

/* ---- top ----------------------------------------------------------------------------------------------- */

/* The line of a process: fields of /proc/PID/stat, and its command line. */
static int top_row(struct output_table *t, pid_t pid)
{
        char path[48], stat[1024], command[512], state = '?', *paren;
        unsigned long user = 0, kernel = 0, pages = 0;
        int parent = 0;
        ssize_t n;

        (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        if (io_read_small(AT_FDCWD, path, stat, sizeof(stat)) < 0 || !(paren = strrchr(stat, ')')))
                return 0;
        /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it, and the count of fields is checked */
        if (sscanf(paren + 1,
                   " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %lu",
                   &state, &parent, &user, &kernel, &pages) < 5)
                return 0;
        (void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
        n = io_read_small(AT_FDCWD, path, command, sizeof(command));
        for (ssize_t i = 0; i + 1 < n; i++)
                if (command[i] == '\0')
                        command[i] = ' ';
        if (n <= 0)
                (void)snprintf(command, sizeof(command), "[%.*s]", (int)(paren - strchr(stat, '(') - 1),
                               strchr(stat, '(') + 1);
        user = (user + kernel) / (unsigned long)sysconf(_SC_CLK_TCK);
        output_cell(t, "%d", (int)pid);
        output_cell(t, "%d", parent);
        output_cell(t, "%c", state);
        output_cell(t, "%lu:%02lu", user / 60, user % 60);
        output_cell(t, "%lu kB", pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
        output_cell(t, "%s", command);
        return 0;
}

static int run_top(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        static const char *const heads[] = { "PID", "PPID", "STATE", "TIME", "MEMORY", "COMMAND" };
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct output_table t = { .columns = ARRAY_SIZE(heads) };
        _cleanup_free_ pid_t *pids = NULL;
        struct oci_box_container *c;
        char id[BOX_ID_SIZE];
        size_t n = 0;
        int r = arena ? find_running(box, args[0], id, arena, &c, err) : err_nomem(err);

        if (r >= 0)
                r = cfs_ps(&box->rt, id, &pids, &n, err);
        if (r < 0)
                return r;
        output_heads(&t, heads);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = top_row(&t, pids[i]);
        return r < 0 ? r : output_table(&t, err);
}

const struct command cmd_top_command = {
        .name = "top",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "list the processes of a container",
        .description = "Shows the process IDs of the host.",
        .options = options_none,
        .run = run_top,
};
