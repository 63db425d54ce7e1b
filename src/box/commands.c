/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command table, in the order in which the help shows it. To add a command: define it in a file of cmd/,
 * declare it in cmd/cmd.h, and list it here. The help, the manual page and the completions follow.
 */
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/cmd/command.h"

const struct command *const commands_table[] = {
        /* the life of a container */
        &cmd_run_command,
        &cmd_start_command,
        &cmd_stop_command,
        &cmd_restart_command,
        &cmd_kill_command,
        &cmd_rm_command,
        &cmd_exec_command,
        &cmd_attach_command,
        &cmd_wait_command,
        /* looking at containers */
        &cmd_ps_command,
        &cmd_logs_command,
        &cmd_inspect_command,
        &cmd_top_command,
        &cmd_stats_command,
        &cmd_cp_command,
        &cmd_diff_command,
        &cmd_history_command,
        &cmd_events_command,
        /* images */
        &cmd_import_command,
        &cmd_pull_command,
        &cmd_commit_command,
        &cmd_images_command,
        &cmd_image_make_command,
        &cmd_image_ls_command,
        &cmd_image_inspect_command,
        &cmd_image_tag_command,
        &cmd_image_export_command,
        &cmd_image_rm_command,
        /* networks */
        &cmd_network_ls_command,
        &cmd_network_create_command,
        &cmd_network_inspect_command,
        &cmd_network_rm_command,
        /* volumes */
        &cmd_volume_ls_command,
        &cmd_volume_create_command,
        &cmd_volume_inspect_command,
        &cmd_volume_rm_command,
        &cmd_volume_prune_command,
        /* the box itself */
        &cmd_serve_command,
        &cmd_prune_command,
        &cmd_doctor_command,
        &cmd_monitor_ended_command,
        NULL,
};

const struct command *commands_find(const char *const *words, unsigned *ret_words)
{
        for (const struct command *const *c = commands_table; *c; c++) {
                const char *space = strchr((*c)->name, ' ');
                size_t n = space ? (size_t)(space - (*c)->name) : 0;

                *ret_words = space ? 2 : 1;
                if (!space && STREQ((*c)->name, words[0]))
                        return *c;
                if (space && words[1] && strlen(words[0]) == n && strncmp((*c)->name, words[0], n) == 0 &&
                    STREQ(space + 1, words[1]))
                        return *c;
        }
        return NULL;
}

static const char *name_of(const void *data, size_t i)
{
        return commands_table[i]->name;
}

int commands_unknown(const char *name, struct cfs_error *err)
{
        const char *near = options_nearest(name, name_of, NULL, ARRAY_SIZE(commands_table) - 1);
        int r = err_set(err, CFS_E_INVALID, "`%s` is not a command of cfs-box", name);

        return near ? err_hint(err, r, "did you mean `cfs-box %s`?", near)
                    : err_hint(err, r, "`cfs-box --help` lists the commands");
}
