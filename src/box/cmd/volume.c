/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box volume ls, create, inspect, rm, prune.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/cmd/each.h"
#include "box/cmd/format.h"
#include "box/cmd/output.h"
#include "box/cmd/rows.h"
#include "box/core/volume.h"
#include "box/store/event.h"
#include "box/store/store.h"
#include "box/store/volumes.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct values {
        struct output_options out;
};

#define AT(field) offsetof(struct values, field)

static int volume_row(struct output_table *t, const void *document, const struct output_options *o,
                      struct cfs_error *err)
{
        const struct oci_box_volume *v = document;
        _cleanup_free_ char *users = NULL;
        int r = output_words(v->containers, v->n_containers, 0, &users, err);

        if (r < 0)
                return r;
        output_cell(t, "%s", v->name);
        output_cell(t, "%s", users);
        return 0;
}

static void volume_name(const void *document, const struct output_options *o)
{
        printf("%s\n", ((const struct oci_box_volume *)document)->name);
}

static int volume_run_ls(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        static const char *const heads[] = { "NAME", "CONTAINERS" };
        static const struct output_list list = { &oci_box_volume_type, heads,       ARRAY_SIZE(heads),
                                                 volume_row,           volume_name, rows_volume };
        const struct values *v = values;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_volume **volumes = NULL;
        size_t n = 0;
        int r = arena ? volumes_list(box, arena, &volumes, &n, err) : err_nomem(err);

        return r < 0 ? r : output_list(&list, &v->out, (void *const *)volumes, n, err);
}

static const struct option_def ls_options[] = {
        OUTPUT_FORMAT_OPTION(AT(out.format)),
        { "quiet", 'q', OPTION_FLAG, AT(out.quiet), NULL, NULL, "names only" },
        { 0 },
};

const struct command cmd_volume_ls_command = {
        .name = "volume ls",
        .args = "",
        .summary = "list named volumes",
        .description =
                "Shows the containers that use each volume, too. `run -v NAME:DEST` also makes a volume when\n"
                "there is none.",
        .options = ls_options,
        .values_size = sizeof(struct values),
        .run = volume_run_ls,
};

static int volume_run_create(struct box *box, const void *values, const char *const *args,
                             struct cfs_error *err)
{
        char path[192];
        bool made;
        int r = store_begin(box, err);

        (void)values;
        if (r < 0)
                return r;
        (void)snprintf(path, sizeof(path), "volumes/%.128s", args[0]);
        made = faccessat(box->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
        /* The event first: where it cannot be written, no volume is made. */
        r = store_event_add(box, "volume", "create", args[0], args[0], "", err);
        if (r >= 0)
                r = volume_make(box, args[0], NULL, err);
        made &= r >= 0;
        r = store_end(box, r, false, err);
        if (made && r < 0)
                (void)unlinkat(box->root_fd, path, AT_REMOVEDIR);
        if (r >= 0)
                printf("%s\n", args[0]);
        return r;
}

const struct command cmd_volume_create_command = {
        .name = "volume create",
        .args = "NAME",
        .min_args = 1,
        .max_args = 1,
        .summary = "make a named volume",
        .description = "Makes an empty directory in the store. A volume that exists stays as it is.",
        .options = options_none,
        .run = volume_run_create,
};

static int volume_inspect_one(struct box *box, const char *name, const void *values, struct cfs_error *err)
{
        const struct output_options *o = &((const struct values *)values)->out;
        char *row = NULL;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_volume **list = NULL, *v = NULL;
        size_t n = 0;
        int r = arena ? volumes_list(box, arena, &list, &n, err) : err_nomem(err);

        if (r >= 0)
                r = volumes_find(list, n, name, &v, err);
        if (r < 0 || !format_is_template(o->format))
                return r < 0 ? r : output_json_one(&oci_box_volume_type, v, 2, err);
        r = rows_volume(v, o, &row, err);
        return r < 0 ? r : output_template(o->format, row, &oci_box_volume_type, v, err);
}

static int volume_run_inspect(struct box *box, const void *values, const char *const *args,
                              struct cfs_error *err)
{
        int r = format_check(((const struct values *)values)->out.format, err);

        return r < 0 ? r : each_word(box, args, values, volume_inspect_one, err);
}

static const struct option_def inspect_options[] = {
        { "format", 'f', OPTION_TEXT, AT(out.format), "FORMAT", NULL,
          "json, or a template such as {{.Mountpoint}}" },
        { 0 },
};

const struct command cmd_volume_inspect_command = {
        .name = "volume inspect",
        .args = "NAME...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "show where volumes are and who uses them, as JSON",
        .description = "`path` is its directory. root may read and write there while containers run.",
        .options = inspect_options,
        .values_size = sizeof(struct values),
        .run = volume_run_inspect,
};

/* Removes a volume and prints its name, as `docker volume rm` does. */
static int volume_remove(const struct box *box, const struct oci_box_volume *v, struct cfs_error *err)
{
        int r = volumes_remove(box, v, err);

        /* Not in one transaction: a large volume takes minutes, and others wait for the store. */
        if (r >= 0)
                r = store_event_add(box, "volume", "remove", v->name, v->name, "", err);
        if (r >= 0)
                printf("%s\n", v->name);
        return r;
}

static int volume_rm_one(struct box *box, const char *name, const void *values, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_volume **list = NULL, *v = NULL;
        size_t n = 0;
        int r = arena ? volumes_list(box, arena, &list, &n, err) : err_nomem(err);

        (void)values;
        if (r >= 0)
                r = volumes_find(list, n, name, &v, err);
        return r < 0 ? r : volume_remove(box, v, err);
}

static int volume_run_rm(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return each_word(box, args, values, volume_rm_one, err);
}

const struct command cmd_volume_rm_command = {
        .name = "volume rm",
        .flags = COMMAND_ROOM,
        .args = "NAME...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "remove volumes, with what is in them",
        .description =
                "Removes volumes that no container uses, whether the container runs or not. Prints their\n"
                "names.",
        .options = options_none,
        .run = volume_run_rm,
};

static int volume_run_prune(struct box *box, const void *values, const char *const *args,
                            struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_volume **list = NULL;
        size_t n = 0;
        int r = arena ? volumes_list(box, arena, &list, &n, err) : err_nomem(err);

        (void)values;
        (void)args;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                if (list[i]->n_containers > 0)
                        continue;
                r = volume_remove(box, list[i], err);
        }
        return r;
}

const struct command cmd_volume_prune_command = {
        .name = "volume prune",
        .flags = COMMAND_ROOM,
        .args = "",
        .summary = "remove all volumes that no container uses",
        .description = "Removes them with the files in them, and does not ask. Prints their names.",
        .options = options_none,
        .run = volume_run_prune,
};
