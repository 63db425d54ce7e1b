/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs create, and with --dry-run cfs explain. --no-subreaper is accepted because it is on one of the runtimes
 * that engines know; create leaves no process of its own behind that could reap anything.
 */
#include "cli/bundle_options.h"
#include "cli/cmd_explain.h"

struct values {
        struct cfs_create_options o;
        bool dry_run;
};

static const struct option_def options[] = {
        CREATE_BUNDLE_OPTIONS(offsetof(struct values, o)),
        CREATE_PROCESS_OPTIONS(offsetof(struct values, o)),
        { "no-subreaper", 0, OPTION_FLAG, OPTION_IGNORED, NULL, NULL, "accepted for compatibility" },
        { "dry-run", 0, OPTION_FLAG, offsetof(struct values, dry_run), NULL, NULL,
          "touch nothing; say what would be done, as `cfs explain` does" },
        { 0 },
};

static int cmd_create_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                          struct cfs_error *err)
{
        const struct values *v = values;

        if (v->dry_run)
                return cmd_explain(rt, args[0], &v->o, 0, err);
        return cfs_create(rt, args[0], &v->o, err);
}

const struct command cmd_create_command = {
        .name = "create",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .flags = COMMAND_ENTERS | COMMAND_TRACES,
        .summary = "create a container",
        .description =
                "Creates a container from a bundle, a directory that holds config.json and usually the root\n"
                "file system. CONTAINER is the name for the container; it must be unique in the state\n"
                "directory. cfs sets the container up completely, but its program runs only after `cfs\n"
                "start`.",
        .examples = "cfs create --bundle /srv/bundle --pid-file /run/web.pid web",
        .options = options,
        .values_size = sizeof(struct values),
        .run = cmd_create_run,
};
