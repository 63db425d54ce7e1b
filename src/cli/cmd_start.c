/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs start.
 */
#include "cli/cli.h"

static const struct option_def options[] = {
        { 0 },
};

static int cmd_start_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                         struct cfs_error *err)
{
        return cfs_start(rt, args[0], err);
}

const struct command cmd_start_command = {
        .name = "start",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .flags = COMMAND_TRACES,
        .summary = "run the program of a created container",
        .description =
                "The init of a container that `cfs create` has made now runs the program of config.json.",
        .examples = "cfs start web",
        .options = options,
        .run = cmd_start_run,
};
