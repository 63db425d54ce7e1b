/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs run: create, start, and, unless detached, stay: forward signals and the terminal, end with the
 * container's exit code, delete.
 */
#include "cli/bundle_options.h"

#define AT(field) offsetof(struct cfs_run_options, field)

static const struct option_def options[] = {
        CREATE_BUNDLE_OPTIONS(AT(create)),
        { "detach", 'd', OPTION_FLAG, AT(detach), NULL, NULL, "do not wait for the container's end" },
        { "keep", 0, OPTION_FLAG, AT(keep), NULL, NULL, "do not delete the container when it has ended" },
        CREATE_PROCESS_OPTIONS(AT(create)),
        { "no-subreaper", 0, OPTION_FLAG, AT(no_subreaper), NULL, NULL,
          "do not adopt orphans of the container while waiting" },
        { 0 },
};

static int cmd_run_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                       struct cfs_error *err)
{
        return cfs_run(rt, args[0], values, err);
}

const struct command cmd_run_command = {
        .name = "run",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .flags = COMMAND_ENTERS | COMMAND_TRACES,
        .summary = "create and start a container",
        .description =
                "Creates a container as `cfs create` does and starts it. Without --detach, cfs stays in the\n"
                "foreground: it forwards signals, and the terminal when process.terminal is set; it exits\n"
                "with the container's exit code, or 128 + N when signal N ended it; and it deletes the\n"
                "container, unless --keep is given.",
        .examples = "cfs run --bundle /srv/bundle web",
        .options = options,
        .values_size = sizeof(struct cfs_run_options),
        .run = cmd_run_run,
};
