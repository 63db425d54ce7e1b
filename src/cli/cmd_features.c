/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs features.
 */
#include "cli/cli.h"
#include "cli/output.h"
#include "base/cleanup.h"
#include <stdio.h>

static const struct option_def options[] = {
        { 0 },
};

static int cmd_features_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                            struct cfs_error *err)
{
        _cleanup_free_ char *json = NULL;
        int r = cfs_features(&json, err);

        if (r < 0)
                return r;
        (void)output_print(json);
        return 0;
}

const struct command cmd_features_command = {
        .name = "features",
        .args = "",
        .flags = COMMAND_NO_ROOT,
        .summary = "show what this build of cfs can do",
        .description =
                "Prints the features document of the OCI runtime specification: the namespaces, capabilities,\n"
                "mount options, hooks, seccomp actions and so on that this build knows. `cfs check --host`\n"
                "says for a bundle whether this host allows them.",
        .options = options,
        .run = cmd_features_run,
};
