/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a command is. Each cmd_NAME.c defines one (or a pair, like pause and resume) as a constant; commands.c
 * lists them.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/options.h"
#include "libcfs/cfs.h"
#include <limits.h>

enum {
        COMMAND_ENTERS =
                1 << 0, /* runs something in a container: protects its own executable first           */
        COMMAND_NO_ROOT =
                1 << 1, /* needs no state directory                                                   */
        COMMAND_TRACES =
                1 << 2, /* walks the table of plan.c: --trace FILE                                    */
};

struct command {
        const char *name;
        const char *args;    /* "CONTAINER [SIGNAL]": for people, the manual and the completions            */
        unsigned min_args;   /* how many of them                                                            */
        unsigned max_args;   /* UINT_MAX: any number                                                        */
        unsigned stop_after; /* after so many, nothing is an option any more; 0: options may stand anywhere */
        unsigned flags;      /* COMMAND_*                                                                   */
        int failure;         /* exit code when the command fails; 0 means 1                                 */
        const char *summary; /* one line, no full stop                                                      */
        /* paragraphs, lines of at most 76 columns */
        const char *description;
        /* command lines, one a line, or NULL */
        const char *examples;
        const struct option_def *options;
        /* of the structure that the options' offsets are of */
        size_t values_size;

        /* Rules among options and arguments, before anything is done: a mistake here exits with 1. May be
         * NULL. */
        int (*check)(const void *values, const char *const *args, struct cfs_error *err);
        /* Returns the exit code, or a negative errno with *err filled. */
        int (*run)(const struct cfs_runtime *rt, const void *values, const char *const *args,
                   struct cfs_error *err);
};

#define COMMAND_ANY UINT_MAX

extern const struct command cmd_check_command, cmd_checkpoint_command, cmd_create_command, cmd_delete_command,
        cmd_events_command, cmd_exec_command, cmd_explain_command, cmd_features_command, cmd_help_command,
        cmd_kill_command, cmd_list_command, cmd_pause_command, cmd_ps_command, cmd_restore_command,
        cmd_resume_command, cmd_run_command, cmd_spec_command, cmd_start_command, cmd_state_command,
        cmd_update_command;

/* commands.c */
extern const struct command *const commands_table[]; /* NULL-terminated, in the order of the help */
const struct command *commands_find(const char *name);
int commands_unknown(const char *name, struct cfs_error *err);

/* globals.c: the options in front of the command */
struct cli_globals {
        const char *root, *cgroup_manager, *trace, *log, *log_format, *log_level;
        bool systemd_cgroup, debug, version;
};
extern const struct option_def globals_options[];

/* help.c */
void help_general(void);
void help_command(const struct command *c);
/* The command line as a JSON document: what the manual pages and the completions are made from. */
int help_json(struct cfs_error *err);

/* select.c: the containers that CONTAINER means, which with --regex is an extended regular expression.
 * Calls fn for each; all of them, even when one fails; the first failure is returned. */
int select_each(const struct cfs_runtime *rt, const char *container, bool regex,
                int (*fn)(const struct cfs_runtime *rt, const char *id, const void *data,
                          struct cfs_error *err),
                const void *data, struct cfs_error *err);

#endif
