/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a command of cfs-box is. Each file of cmd/ defines one, or several that belong together, as constants;
 * commands.c lists them. A name may have two words: "image ls".
 */
#ifndef BOX_CMD_COMMAND_H
#define BOX_CMD_COMMAND_H

#include "box/core/box.h"
#include "cli/options.h"
#include <limits.h>

enum {
        COMMAND_ENTERS = 1 << 0,   /* runs something in a container: protects its own executable first */
        COMMAND_NO_STORE = 1 << 1, /* needs no store                                                   */
        COMMAND_HIDDEN = 1 << 2,   /* for conmon, not for people                                       */
        COMMAND_ROOM = 1 << 3,     /* makes room on the disk                                           */
};

#define COMMAND_ANY UINT_MAX

struct command {
        const char *name;
        const char *args;    /* "CONTAINER [SIGNAL]": for people, the manual and the completions            */
        unsigned min_args;   /* how many of them                                                            */
        unsigned max_args;   /* COMMAND_ANY: any number                                                     */
        unsigned stop_after; /* after so many, nothing is an option any more; 0: options may stand anywhere */
        unsigned flags;      /* COMMAND_*                                                                   */
        int failure;         /* exit code when the command fails; 0 means 1                                 */
        const char *summary; /* one line, no full stop                                                      */
        const char *description; /* paragraphs, lines of at most 76 columns                                 */
        const char *examples;    /* command lines, one a line, or NULL                                      */
        const struct option_def *options;
        size_t values_size; /* of the structure that the options' offsets are of                            */

        /* Returns the exit code, or a negative errno with *err filled. */
        int (*run)(struct box *box, const void *values, const char *const *args, struct cfs_error *err);
};

extern const struct command *const commands_table[]; /* NULL-terminated, in the order of the help */
/* The command that the first word, or the first two, name; *ret_words is how many. */
const struct command *commands_find(const char *const *words, unsigned *ret_words);
int commands_unknown(const char *const *words, struct cfs_error *err); /* NULL-terminated */

struct global_options {
        const char *root, *run, *error_format;
        bool quiet, version;
};
extern const struct option_def globals_options[];

/* help.c */
void help_general(void);
void help_command(const struct command *c);
int help_json(struct cfs_error *err);

#endif
