/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs exec. Options may stand in front of the container's name and behind it, up to the command: from there
 * on every word is the command's. A failure of cfs itself exits with 255, as ssh(1) does, so that the
 * command's own exit codes are not mistaken for it.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "cli/number.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct values {
        struct cfs_exec_options o;
        const char **gids; /* each "GID" or "GID,GID..." */
};

#define AT(field) offsetof(struct values, o.field)

static const struct option_def options[] = {
        { "process", 'p', OPTION_MAYBE, AT(process_file), "FILE", NULL,
          "JSON document of the process, in place of COMMAND" },
        { "cwd", 0, OPTION_MAYBE, AT(cwd), "DIR", NULL, "current directory, in the container" },
        { "env", 'e', OPTION_LIST, AT(env), "NAME=VALUE", NULL, "set an environment variable" },
        { "tty", 't', OPTION_FLAG, AT(tty), NULL, NULL, "allocate a terminal" },
        { "user", 'u', OPTION_TEXT, AT(user), "UID[:GID]", NULL, "user and group" },
        { "additional-gids", 'g', OPTION_LIST, offsetof(struct values, gids), "GID", NULL,
          "an additional group" },
        { "cap", 'c', OPTION_LIST, AT(caps), "CAP", NULL, "add a capability" },
        { "no-new-privs", 0, OPTION_TRI, AT(no_new_privs), NULL, NULL, "set no_new_privs" },
        { "apparmor", 0, OPTION_MAYBE, AT(apparmor), "PROFILE", NULL, "AppArmor profile" },
        { "process-label", 0, OPTION_MAYBE, AT(process_label), "LABEL", NULL, "SELinux label" },
        { "cgroup", 0, OPTION_LIST, AT(cgroups), "[CTRL:]PATH", NULL,
          "a cgroup below the container's to run in" },
        { "detach", 'd', OPTION_FLAG, AT(detach), NULL, NULL, "do not wait for the process's end" },
        { "pid-file", 0, OPTION_MAYBE, AT(pid_file), "FILE", NULL, "file to write the process ID to" },
        { "console-socket", 0, OPTION_MAYBE, AT(console_socket), "SOCKET", NULL,
          "socket that receives the terminal's master" },
        { "pidfd-socket", 0, OPTION_MAYBE, AT(pidfd_socket), "SOCKET", NULL,
          "socket that receives a pidfd of the process" },
        { "preserve-fds", 0, OPTION_INT, AT(preserve_fds), "N", NULL,
          "pass N descriptors on, besides 0, 1, 2 and those of LISTEN_FDS" },
        { "ignore-paused", 0, OPTION_FLAG, AT(ignore_paused), NULL, NULL,
          "wait in a paused container until it is resumed" },
        { 0 },
};

static int cmd_exec_check(const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;

        if (v->o.process_file || args[1])
                return 0;
        return err_hint(
                err, err_set(err, CFS_E_INVALID, "exec: COMMAND is missing"),
                "usage: cfs exec [OPTIONS] CONTAINER COMMAND [ARGUMENT...], or --process FILE CONTAINER");
}

/* One option's words, "GID" or "GID,GID", behind what is there. */
static int add_gids(const char *words, uint32_t **gids, size_t *n, struct cfs_error *err)
{
        _cleanup_free_ char *copy = strdup(words);
        char *rest = copy;

        if (!copy)
                return err_nomem(err);
        for (char *word; (word = strsep(&rest, ","));) {
                uint32_t *grown;
                int64_t gid;

                if (number_int(word, &gid) < 0 || gid < 0 || gid >= UINT32_MAX)
                        return err_set(err, CFS_E_INVALID,
                                       "invalid value \"%s\" for --additional-gids: not a group ID", words);
                grown = realloc(*gids, (*n + 1) * sizeof(*grown));
                if (!grown)
                        return err_nomem(err);
                *gids = grown;
                (*gids)[(*n)++] = (uint32_t)gid;
        }
        return 0;
}

static int cmd_exec_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                        struct cfs_error *err)
{
        const struct values *v = values;
        struct cfs_exec_options o = v->o;
        _cleanup_free_ uint32_t *gids = NULL;

        for (const char **p = v->gids; p && *p; p++) {
                int r = add_gids(*p, &gids, &o.n_additional_gids, err);

                if (r < 0)
                        return r;
        }
        o.additional_gids = gids;
        o.args = args + 1;
        return cfs_exec(rt, args[0], &o, err);
}

const struct command cmd_exec_command = {
        .name = "exec",
        .args = "CONTAINER [COMMAND [ARGUMENT...]]",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .stop_after = 2,
        .flags = COMMAND_ENTERS | COMMAND_TRACES,
        .failure = 255,
        .summary = "run a command in a running container",
        .description =
                "Runs COMMAND, or the process that a JSON document describes, in a running container. Where\n"
                "no option says otherwise, the process is as in the container's config.json. cfs exits with\n"
                "the exit code of the command, with 128 + N when signal N ended it, or with 255 when cfs\n"
                "itself failed.",
        .examples = "cfs exec web ps\ncfs exec --tty --user 1000:1000 --cwd /tmp web sh",
        .options = options,
        .values_size = sizeof(struct values),
        .check = cmd_exec_check,
        .run = cmd_exec_run,
};
