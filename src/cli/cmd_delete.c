/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs delete.
 */
#include "cli/cli.h"
#include <stddef.h>

struct values {
        bool force, regex;
};

static const struct option_def options[] = {
        { "force", 'f', OPTION_FLAG, offsetof(struct values, force), NULL, NULL,
          "kill the container first if need be; a container that does not exist is not an error" },
        { "regex", 'r', OPTION_FLAG, offsetof(struct values, regex), NULL, NULL,
          "CONTAINER is an extended regular expression: delete all that match" },
        { 0 },
};

static int delete_one(const struct cfs_runtime *rt, const char *id, const void *data, struct cfs_error *err)
{
        const struct values *v = data;

        return cfs_delete(rt, id, v->force, err);
}

static int cmd_delete_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                          struct cfs_error *err)
{
        const struct values *v = values;

        return select_each(rt, args[0], v->regex, delete_one, v, err);
}

const struct command cmd_delete_command = {
        .name = "delete",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "delete a container",
        .description =
                "Removes what was made for a container that has stopped, or that was created and never\n"
                "started: its cgroup, its state, and what its hooks clean up. With --force it works in any\n"
                "state, and also after a crash of cfs or of the host.",
        .examples = "cfs delete web\ncfs delete --force web",
        .options = options,
        .values_size = sizeof(struct values),
        .run = cmd_delete_run,
};
