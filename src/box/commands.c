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
        &cmd_create_command,
        &cmd_start_command,
        &cmd_stop_command,
        &cmd_restart_command,
        &cmd_kill_command,
        &cmd_pause_command,
        &cmd_unpause_command,
        &cmd_rename_command,
        &cmd_rm_command,
        &cmd_exec_command,
        &cmd_attach_command,
        &cmd_wait_command,
        /* looking at containers */
        &cmd_ps_command,
        &cmd_logs_command,
        &cmd_inspect_command,
        &cmd_top_command,
        &cmd_port_command,
        &cmd_stats_command,
        &cmd_cp_command,
        &cmd_diff_command,
        &cmd_export_command,
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
        &cmd_image_prune_command,
        &cmd_image_load_command,
        &cmd_image_save_command,
        /* networks */
        &cmd_network_ls_command,
        &cmd_network_create_command,
        &cmd_network_inspect_command,
        &cmd_network_rm_command,
        &cmd_network_prune_command,
        /* volumes */
        &cmd_volume_ls_command,
        &cmd_volume_create_command,
        &cmd_volume_inspect_command,
        &cmd_volume_rm_command,
        &cmd_volume_prune_command,
        /* the box itself */
        &cmd_serve_command,
        &cmd_prune_command,
        &cmd_container_prune_command,
        &cmd_doctor_command,
        &cmd_monitor_ended_command,
        NULL,
};

/* What docker and podman call it, too. */
static const struct {
        const char *words, *name;
} aliases[] = {
        { "rmi", "image rm" },
        { "image remove", "image rm" },
        { "tag", "image tag" },
        { "load", "image load" },
        { "save", "image save" },
        { "image list", "image ls" },
        { "image import", "import" },
        { "image pull", "pull" },
        { "network list", "network ls" },
        { "network remove", "network rm" },
        { "volume list", "volume ls" },
        { "volume remove", "volume rm" },
        { "container ls", "ps" },
        { "container list", "ps" },
        { "container ps", "ps" },
        { "container remove", "rm" },
        { "system prune", "prune" },
        { "system events", "events" },
        { "system info", "doctor" },
        { "info", "doctor" },
};

/* "container NAME" is NAME, where that is about containers. */
static const char *const of_containers[] = { "attach", "commit",  "cp",      "create", "diff",  "exec",
                                             "export", "inspect", "kill",    "logs",   "pause", "port",
                                             "rename", "restart", "rm",      "run",    "start", "stats",
                                             "stop",   "top",     "unpause", "wait" };

/* Those of docker that the box has not, and what does it. */
static const struct {
        const char *name, *instead;
} elsewhere[] = {
        { "build",
          "buildah makes images of Dockerfiles: `buildah bud -t NAME . && cfs-box pull containers-storage:localhost/NAME`; "
          "`cfs-box commit` makes one of a container" },
        { "push", "`cfs-box image export IMAGE DIR && skopeo copy oci:DIR docker://HOST/NAME`" },
        { "login", "`skopeo login HOST`; `cfs-box pull` uses what it stores" },
        { "logout", "`skopeo logout HOST`" },
        { "search", "`skopeo list-tags docker://HOST/NAME` lists the tags of a name" },
        { "update",
          "`cfs --root DIR update ID` changes limits; `cfs-box inspect` names DIR (stateDirectory) and ID" },
        { "checkpoint",
          "`cfs --root DIR checkpoint ID`; `cfs-box inspect` names DIR (stateDirectory) and ID" },
        { "version", "`cfs-box --version`" },
        { "compose",
          "the box has no groups of containers; `cfs-box network create` makes a network for them" },
        { "network connect", "a container is in one network: `cfs-box run --network NAME`" },
        { "network disconnect", "a container is in one network: `cfs-box run --network NAME`" },
};

static bool has_words(const char *name, const char *const *words, unsigned *ret_words)
{
        const char *space = strchr(name, ' ');
        size_t n = space ? (size_t)(space - name) : 0;

        *ret_words = space ? 2 : 1;
        if (!space)
                return STREQ(name, words[0]);
        return words[1] && strlen(words[0]) == n && strncmp(name, words[0], n) == 0 &&
               STREQ(space + 1, words[1]);
}

static const struct command *by_name(const char *name)
{
        for (const struct command *const *c = commands_table; *c; c++)
                if (STREQ((*c)->name, name))
                        return *c;
        return NULL;
}

static const struct command *by_alias(const char *const *words, unsigned *ret_words)
{
        for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
                if (has_words(aliases[i].words, words, ret_words))
                        return by_name(aliases[i].name);
        *ret_words = 2;
        for (size_t i = 0; STREQ(words[0], "container") && words[1] && i < ARRAY_SIZE(of_containers); i++)
                if (STREQ(of_containers[i], words[1]))
                        return by_name(words[1]);
        return NULL;
}

const struct command *commands_find(const char *const *words, unsigned *ret_words)
{
        for (const struct command *const *c = commands_table; *c; c++)
                if (has_words((*c)->name, words, ret_words))
                        return *c;
        return by_alias(words, ret_words);
}

static const char *name_of(const void *data, size_t i)
{
        return commands_table[i]->name;
}

/* "image", "image nothing": what there is of that kind. */
static int unknown_of_group(const char *group, const char *word, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };
        size_t n = strlen(group);
        int r;

        for (const struct command *const *c = commands_table; *c; c++)
                if (strncmp((*c)->name, group, n) == 0 && (*c)->name[n] == ' ')
                        str_addf(&s, "%s%s", s.len ? ", " : "", (*c)->name + n + 1);
        for (size_t i = 0; STREQ(group, "container") && i < ARRAY_SIZE(of_containers); i++)
                str_addf(&s, ", %s", of_containers[i]);
        if (!s.p || s.failed)
                return 0;
        r = word ? err_set(err, CFS_E_INVALID, "`%s %s` is not a command of cfs-box", group, word)
                 : err_set(err, CFS_E_INVALID, "`cfs-box %s` takes a further word", group);
        return err_hint(err, r, "one of: %s", s.p);
}

int commands_unknown(const char *const *words, struct cfs_error *err)
{
        const char *name = words[0],
                   *near = options_nearest(name, name_of, NULL, ARRAY_SIZE(commands_table) - 1);
        unsigned used;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
                if (has_words(elsewhere[i].name, words, &used))
                        return err_hint(err,
                                        err_set(err, CFS_E_INVALID, "`%s` is not a command of cfs-box",
                                                elsewhere[i].name),
                                        "%s", elsewhere[i].instead);
        r = unknown_of_group(name, words[1], err);
        if (r < 0)
                return r;
        r = err_set(err, CFS_E_INVALID, "`%s` is not a command of cfs-box", name);

        return near ? err_hint(err, r, "did you mean `cfs-box %s`?", near)
                    : err_hint(err, r, "`cfs-box --help` lists the commands");
}
