/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs ps. As a table it shows what the host's ps(1) says about the container's processes: the header, and the
 * lines whose PID is one of theirs. Which column that is depends on the options and on whose ps it is, so it
 * is found by its name in the header. Without a word on it from the user the options are -ef.
 *
 * ps is found in PATH, or without PATH where the C library looks then; some engines call cfs with no
 * environment.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/strv.h"
#include "base/err.h"
#include "cli/jsonout.h"
#include "cli/number.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct values {
        const char *format;
};

static const struct option_def options[] = {
        { "format", 'f', OPTION_TEXT, offsetof(struct values, format), "FORMAT", "table json",
          "form of the output" },
        { 0 },
};

struct pids {
        pid_t *pids;
        size_t n;
};

static bool has_pid(const struct pids *p, int64_t pid)
{
        for (size_t i = 0; i < p->n; i++)
                if (p->pids[i] == pid)
                        return true;
        return false;
}

/* The n'th word of a line, in buf. */
static bool word_of(const char *line, size_t n, char *buf, size_t size)
{
        static const char blank[] = " \t\n";

        for (const char *p = line + strspn(line, blank); *p; p += strspn(p, blank)) {
                size_t len = strcspn(p, blank);

                if (n-- == 0) {
                        (void)snprintf(buf, size, "%.*s", (int)len, p);
                        return true;
                }
                p += len;
        }
        return false;
}

static int pid_column(const char *header, size_t *ret, struct cfs_error *err)
{
        char word[64];

        for (size_t i = 0; word_of(header, i, word, sizeof(word)); i++)
                if (STREQ(word, "PID")) {
                        *ret = i;
                        return 0;
                }
        return err_hint(err, err_set(err, CFS_E_INVALID, "the output of `ps` has no column PID"),
                        "choose other options for ps, or --format json");
}

/* Copies the header and the lines of our processes. With -m, ps puts the threads of a process below it and
 * a dash in place of their PID. */
static int filter(FILE *f, const struct pids *p, struct cfs_error *err)
{
        _cleanup_free_ char *line = NULL;
        size_t size = 0, column = 0;
        bool header = true, ours = false;

        while (getline(&line, &size, f) > 0) {
                char word[64];
                int64_t pid;

                if (header) {
                        int r = pid_column(line, &column, err);

                        if (r < 0)
                                return r;
                        ours = true;
                        header = false;
                } else if (!word_of(line, column, word, sizeof(word))) {
                        ours = false;
                } else if (!STREQ(word, "-")) {
                        ours = number_int(word, &pid) == 0 && has_pid(p, pid);
                }
                if (ours)
                        (void)fputs(line, stdout);
        }
        return header ? err_set(err, CFS_E_SYSTEM, "`ps` printed nothing") : 0;
}

static int spawn_ps(const char *const *args, int out, pid_t *ret, struct cfs_error *err)
{
        static const char *const usual[] = { "-ef", NULL };
        _cleanup_free_ char **argv = NULL;
        posix_spawn_file_actions_t actions;
        size_t n;
        int r;

        if (!args[0])
                args = usual;
        n = strv_length(args);
        argv = calloc(n + 2, sizeof(*argv));
        if (!argv)
                return err_nomem(err);
        argv[0] = (char *)"ps";
        memcpy(argv + 1, args, n * sizeof(*argv));
        (void)posix_spawn_file_actions_init(&actions);
        r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawnp(ret, "ps", &actions, NULL, argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                return err_hint(err, err_sys(err, r, "execve", "run `ps` (package procps)"),
                                "--format json does not need it");
        return 0;
}

static int table(const struct pids *p, const char *const *args, struct cfs_error *err)
{
        _cleanup_file_ FILE *f = NULL;
        int fds[2], r, status = 0;
        pid_t ps = -1;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe to `ps`");
        r = spawn_ps(args, fds[1], &ps, err);
        (void)close(fds[1]);
        f = fdopen(fds[0], "r");
        if (!f) {
                (void)close(fds[0]);
                r = r < 0 ? r : err_nomem(err);
        }
        if (r < 0)
                return r;
        r = filter(f, p, err);
        (void)fclose(TAKE_PTR(f));
        while (waitpid(ps, &status, 0) < 0 && errno == EINTR)
                ;
        /* Its own words are on standard error already. */
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
                return err_set(err, CFS_E_SYSTEM, "`ps` failed with exit code %d", WEXITSTATUS(status));
        return r;
}

static int json(const struct pids *p, struct cfs_error *err)
{
        struct json_writer *w = json_write_new(0);

        json_write_array(w);
        for (size_t i = 0; i < p->n; i++)
                json_write_number(w, p->pids[i]);
        json_write_array_end(w);
        return jsonout_print(w, err);
}

static int cmd_ps_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                      struct cfs_error *err)
{
        const struct values *v = values;
        struct pids p = { 0 };
        int r = cfs_ps(rt, args[0], &p.pids, &p.n, err);

        if (r < 0)
                return r;
        if (v->format && STREQ(v->format, "json"))
                r = json(&p, err);
        else
                r = table(&p, args + 1, err);
        free(p.pids);
        return r < 0 ? r : 0;
}

const struct command cmd_ps_command = {
        .name = "ps",
        .args = "CONTAINER [PS-OPTION...]",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .stop_after = 1,
        .summary = "show the processes of a container",
        .description =
                "Shows the processes of a container as ps(1) of the host shows them, with the host's process\n"
                "IDs. The words after CONTAINER are passed to ps; -ef by default. With --format json it\n"
                "prints an array of the process IDs, without calling ps.",
        .examples = "cfs ps web\ncfs ps web -o pid,rss,args\ncfs ps --format json web",
        .options = options,
        .values_size = sizeof(struct values),
        .run = cmd_ps_run,
};
