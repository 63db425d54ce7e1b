/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs help.
 */
#include "cli/cli.h"
#include <stddef.h>

struct values {
        bool json;
};

static const struct option_def options[] = {
        { "json", 0, OPTION_FLAG, offsetof(struct values, json), NULL, NULL,
          "describe the whole command line as a JSON document" },
        { 0 },
};

static int cmd_help_check(const void *values, const char *const *args, struct cfs_error *err)
{
        return args[0] && !commands_find(args[0]) ? commands_unknown(args[0], err) : 0;
}

static int cmd_help_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                        struct cfs_error *err)
{
        const struct values *v = values;

        if (v->json)
                return help_json(err);
        if (args[0])
                help_command(commands_find(args[0]));
        else
                help_general();
        return 0;
}

const struct command cmd_help_command = {
        .name = "help",
        .args = "[COMMAND]",
        .max_args = 1,
        .flags = COMMAND_NO_ROOT,
        .summary = "list the commands, or describe one",
        .description = "Lists the commands, or describes one of them, as COMMAND --help does.",
        .examples = "cfs help create",
        .options = options,
        .values_size = sizeof(struct values),
        .check = cmd_help_check,
        .run = cmd_help_run,
};
