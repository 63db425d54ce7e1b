/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands, for commands.c.
 */
#ifndef BOX_CMD_CMD_H
#define BOX_CMD_CMD_H

#include "box/cmd/command.h"

extern const struct command cmd_attach_command, cmd_commit_command, cmd_cp_command, cmd_diff_command,
        cmd_doctor_command, cmd_events_command, cmd_exec_command, cmd_history_command,
        cmd_image_export_command, cmd_image_inspect_command, cmd_image_ls_command, cmd_image_make_command,
        cmd_image_rm_command, cmd_image_tag_command, cmd_images_command, cmd_import_command,
        cmd_inspect_command, cmd_kill_command, cmd_logs_command, cmd_monitor_ended_command,
        cmd_network_create_command, cmd_network_inspect_command, cmd_network_ls_command,
        cmd_network_rm_command, cmd_network_prune_command, cmd_prune_command, cmd_ps_command,
        cmd_pull_command, cmd_restart_command, cmd_rm_command, cmd_run_command, cmd_serve_command,
        cmd_start_command, cmd_stats_command, cmd_stop_command, cmd_top_command, cmd_volume_create_command,
        cmd_volume_inspect_command, cmd_volume_ls_command, cmd_volume_prune_command, cmd_volume_rm_command,
        cmd_wait_command, cmd_create_command, cmd_pause_command, cmd_unpause_command, cmd_rename_command,
        cmd_port_command, cmd_export_command, cmd_image_prune_command, cmd_image_load_command,
        cmd_image_save_command, cmd_container_prune_command;

#endif
