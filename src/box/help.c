/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The help, from the tables; and the same tables as one JSON document, from which docs/man and
 * contrib/completions are made.
 */
#include "box/cmd/command.h"
#include "cli/helptext.h"
#include <stdio.h>

void help_general(void)
{
        printf("NAME:\n   cfs-box - images and containers for people, on cfs\n\n"
               "USAGE:\n   cfs-box [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
               "VERSION:\n   %s\n\nCOMMANDS:\n",
               cfs_version());
        for (const struct command *const *c = commands_table; *c; c++)
                if (!((*c)->flags & COMMAND_HIDDEN))
                        printf("   %-15s  %s\n", (*c)->name, (*c)->summary);
        helptext_options("GLOBAL OPTIONS", globals_options);
        printf("\n`cfs-box COMMAND --help` describes a command.\n");
}

void help_command(const struct command *c)
{
        helptext_command("cfs-box", HELPTEXT(c));
}

int help_json(struct cfs_error *err)
{
        struct json_writer *w = helptext_json_begin(globals_options);

        for (const struct command *const *c = commands_table; *c; c++)
                if (!((*c)->flags & COMMAND_HIDDEN))
                        helptext_json_command(w, HELPTEXT(*c));
        return helptext_json_end(w, err);
}
