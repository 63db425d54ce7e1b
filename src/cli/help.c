/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The help, from the tables. Its headings are those that users and scripts know ("NAME:" comes first). The
 * same tables as one JSON document (`cfs help --json`) are what docs/man and contrib/completions are
 * generated from.
 */
#include "cli/cli.h"
#include "cli/helptext.h"
#include <stdio.h>

void help_general(void)
{
        printf("NAME:\n   cfs - runs containers from OCI bundles\n\n"
               "USAGE:\n   cfs [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
               "VERSION:\n   %s\n\nCOMMANDS:\n",
               cfs_version());
        for (const struct command *const *c = commands_table; *c; c++)
                printf("   %-10s  %s\n", (*c)->name, (*c)->summary);
        helptext_options("GLOBAL OPTIONS", globals_options);
        printf("\n`cfs COMMAND --help` describes a command.\n");
}

void help_command(const struct command *c)
{
        helptext_command("cfs", HELPTEXT(c));
}

int help_json(struct cfs_error *err)
{
        struct json_writer *w = helptext_json_begin(globals_options);

        for (const struct command *const *c = commands_table; *c; c++)
                helptext_json_command(w, HELPTEXT(*c));
        return helptext_json_end(w, err);
}
