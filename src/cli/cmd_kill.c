/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs kill. Without a signal it sends SIGTERM: one engine relies on that.
 */
#include "cli/cli.h"
#include "base/err.h"
#include <stddef.h>

struct values {
        bool all, regex;
};

static const struct option_def options[] = {
        { "all", 'a', OPTION_FLAG, offsetof(struct values, all), NULL, NULL,
          "signal every process of the container; a container that has stopped is not an error" },
        { "regex", 'r', OPTION_FLAG, offsetof(struct values, regex), NULL, NULL,
          "CONTAINER is an extended regular expression: signal all that match" },
        { 0 },
};

struct request {
        int signal;
        bool all;
};

static int signal_number(const char *name, struct cfs_error *err)
{
        int signal = name && *name ? cfs_signal_number(name) : 15; /* an empty one, as for runc and crun */

        if (signal < 0)
                return err_hint(err, err_set(err, CFS_E_INVALID, "unknown signal \"%s\"", name),
                                "a number, or a name as TERM or SIGTERM");
        return signal;
}

static int kill_one(const struct cfs_runtime *rt, const char *id, const void *data, struct cfs_error *err)
{
        const struct request *q = data;

        return cfs_kill(rt, id, q->signal, q->all, err);
}

static int cmd_kill_check(const void *values, const char *const *args, struct cfs_error *err)
{
        return signal_number(args[1], err);
}

static int cmd_kill_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                        struct cfs_error *err)
{
        const struct values *v = values;
        struct request q = { signal_number(args[1], err), v->all };

        return select_each(rt, args[0], v->regex, kill_one, &q, err);
}

const struct command cmd_kill_command = {
        .name = "kill",
        .args = "CONTAINER [SIGNAL]",
        .min_args = 1,
        .max_args = 2,
        .summary = "send a signal to a container",
        .description =
                "Sends a signal, SIGTERM by default, to the init of a container, or to all of its processes.\n"
                "SIGNAL is a number or a name, with or without SIG, in upper or lower case.",
        .examples = "cfs kill web KILL\ncfs kill --all --regex '^test-'",
        .options = options,
        .values_size = sizeof(struct values),
        .check = cmd_kill_check,
        .run = cmd_kill_run,
};
