/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs pause and cfs resume.
 */
#include "cli/cli.h"

static const struct option_def options[] = {
        { 0 },
};

static int run_pause(const struct cfs_runtime *rt, const void *values, const char *const *args,
                     struct cfs_error *err)
{
        return cfs_pause(rt, args[0], err);
}

static int run_resume(const struct cfs_runtime *rt, const void *values, const char *const *args,
                      struct cfs_error *err)
{
        return cfs_resume(rt, args[0], err);
}

const struct command cmd_pause_command = {
        .name = "pause",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "stop the processes of a container for a while",
        .description =
                "Freezes all processes of a running container until `cfs resume`. It freezes the container's\n"
                "cgroup, so the container needs one.",
        .examples = "cfs pause web",
        .options = options,
        .run = run_pause,
};

const struct command cmd_resume_command = {
        .name = "resume",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "let the processes of a paused container go on",
        .description = "The processes continue where `cfs pause` has stopped them.",
        .examples = "cfs resume web",
        .options = options,
        .run = run_resume,
};
