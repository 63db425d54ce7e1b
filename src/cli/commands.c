/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command table, in the order in which the help shows it. To add a command: write cmd_NAME.c, which
 * defines cmd_NAME_command, declare that in cli.h, and list it here. The help, the manual pages and the
 * completions follow.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/err.h"

const struct command *const commands_table[] = {
        /* the life of a container */
        &cmd_create_command,
        &cmd_start_command,
        &cmd_run_command,
        &cmd_exec_command,
        &cmd_kill_command,
        &cmd_delete_command,
        /* looking at containers */
        &cmd_state_command,
        &cmd_list_command,
        &cmd_ps_command,
        &cmd_events_command,
        /* changing them */
        &cmd_pause_command,
        &cmd_resume_command,
        &cmd_update_command,
        &cmd_checkpoint_command,
        &cmd_restore_command,
        /* bundles, and cfs itself */
        &cmd_spec_command,
        &cmd_check_command,
        &cmd_explain_command,
        &cmd_features_command,
        &cmd_help_command,
        NULL,
};

const struct command *commands_find(const char *name)
{
        for (const struct command *const *c = commands_table; *c; c++)
                if (STREQ((*c)->name, name))
                        return *c;
        return STREQ(name, "h") ? &cmd_help_command : NULL;
}

/* What docker, podman, systemctl and people call it. */
static const struct {
        const char *word, *command;
} others[] = {
        { "attach", "exec" },     { "config", "spec" },    { "destroy", "delete" }, { "dump", "checkpoint" },
        { "enter", "exec" },      { "freeze", "pause" },   { "info", "features" },  { "init", "spec" },
        { "inspect", "state" },   { "lint", "check" },     { "ls", "list" },        { "plan", "explain" },
        { "remove", "delete" },   { "rm", "delete" },      { "set", "update" },     { "shell", "exec" },
        { "show", "state" },      { "signal", "kill" },    { "stats", "events" },   { "status", "state" },
        { "stop", "kill" },       { "terminate", "kill" }, { "thaw", "resume" },    { "top", "ps" },
        { "unfreeze", "resume" }, { "unpause", "resume" }, { "up", "run" },         { "validate", "check" },
        { "verify", "check" },
};

static const char *name_of(const void *data, size_t i)
{
        (void)data;
        return commands_table[i]->name;
}

static const char *find_other(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (STREQ(others[i].word, name))
                        return others[i].command;
        return NULL;
}

int commands_unknown(const char *name, struct cfs_error *err)
{
        const char *near = find_other(name);
        int r = err_set(err, CFS_E_INVALID, "unknown command `%s`", name);

        if (!near)
                near = options_nearest(name, name_of, NULL, ARRAY_SIZE(commands_table) - 1);
        return near ? err_hint(err, r, "did you mean `cfs %s`?", near)
                    : err_hint(err, r, "`cfs --help` lists the commands");
}
