/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a command and a table of options are described, as text and as JSON. cfs and cfs-box have different
 * commands (cli.h, box/cmd/command.h); what people read of them is of one form.
 */
#ifndef CLI_HELPTEXT_H
#define CLI_HELPTEXT_H

#include "cli/options.h"
#include "json.h"

/* What a command says of itself: the members of the same names of either struct command. */
struct helptext {
        const char *name, *args, *summary, *description, *examples;
        unsigned min_args, max_args, stop_after;
        int failure;
        const struct option_def *options;
        size_t values_size;
};

#define HELPTEXT(c)                                                                                          \
        (&(const struct helptext){ (c)->name, (c)->args, (c)->summary, (c)->description, (c)->examples,      \
                                   (c)->min_args, (c)->max_args, (c)->stop_after, (c)->failure,              \
                                   (c)->options, (c)->values_size })

void helptext_options(const char *heading, const struct option_def *defs);
void helptext_command(const char *program, const struct helptext *t);

/* All of a program's help as one document: begun, a call for each command, printed. */
struct json_writer *helptext_json_begin(const struct option_def *globals);
void helptext_json_command(struct json_writer *w, const struct helptext *t);
int helptext_json_end(struct json_writer *w, struct cfs_error *err);

#endif
