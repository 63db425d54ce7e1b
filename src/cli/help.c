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

void help_json(void)
{
        const char *separator = "";

        printf("{\"version\":\"%s\",\"globals\":", cfs_version());
        helptext_options_json(globals_options);
        printf(",\n\"commands\":[");
        for (const struct command *const *c = commands_table; *c; c++) {
                printf("%s", separator);
                helptext_command_json(HELPTEXT(*c));
                separator = ",\n";
        }
        printf("]}\n");
}
