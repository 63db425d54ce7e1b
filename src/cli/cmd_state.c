/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs state. Engines read its standard output and standard error together: on success there is nothing but
 * the document.
 */
#include "cli/cli.h"
#include "cli/output.h"
#include "base/cleanup.h"
#include <stdio.h>

static const struct option_def options[] = {
        { 0 },
};

static int cmd_state_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                         struct cfs_error *err)
{
        _cleanup_free_ char *json = NULL;
        int r = cfs_state(rt, args[0], &json, err);

        if (r < 0)
                return r;
        (void)output_print(json);
        return 0;
}

const struct command cmd_state_command = {
        .name = "state",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "show the state of a container",
        .description =
                "Prints the state of a container as the JSON document of the OCI runtime specification:\n"
                "ociVersion, id, status (creating, created, running, paused, stopped), pid, bundle,\n"
                "annotations. cfs adds rootfs, created and owner. Fails when the status cannot be found out.",
        .examples = "cfs state web",
        .options = options,
        .run = cmd_state_run,
};
