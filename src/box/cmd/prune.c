/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box prune, container prune, image prune.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/container/container.h"
#include "box/container/repair.h"
#include "box/image/layer.h"
#include "box/store/image.h"
#include "box/store/store.h"
#include "box/store/volumes.h"
#include <stddef.h>
#include <stdio.h>

struct values {
        bool all, volumes;
};

#define AT(field) offsetof(struct values, field)

#define ENDED  "SELECT id FROM containers WHERE state IN ('created', 'exited')"
#define UNUSED "SELECT id FROM images WHERE id NOT IN (SELECT image FROM containers)"

/* IDs that a question yields; they are collected first, as each removal changes the tables. */
static int each_id(struct box *box, const char *sql,
                   int (*fn)(struct box *box, const char *id, struct cfs_error *err), unsigned *ret_n,
                   struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        _cleanup_str_ struct str ids = { 0 };
        int r = store_query(box, &stmt, err, sql, "");

        while (r >= 0 && (r = store_step(box, stmt, err)) > 0)
                str_addf(&ids, "%s\n", store_column(stmt, 0));
        store_finalize(&stmt);
        *ret_n = 0;
        for (char *p = ids.p; r >= 0 && p && *p;) {
                size_t n = strcspn(p, "\n");

                p[n] = '\0';
                r = fn(box, p, err);
                *ret_n += r >= 0;
                p += n + 1;
        }
        return r;
}

static int prune_container(struct box *box, const char *id, struct cfs_error *err)
{
        return remove_container(box, id, 0, err);
}

static int prune_image(struct box *box, const char *id, struct cfs_error *err)
{
        return store_image_remove(box, id, true, err);
}

static int print_image(struct box *box, const char *id, struct cfs_error *err)
{
        int r = prune_image(box, id, err);

        if (r >= 0)
                printf("%s\n", id);
        return r < 0 ? r : 0;
}

static int prune_volumes(struct box *box, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_volume **list = NULL;
        size_t n = 0;
        int r = arena ? volumes_list(box, arena, &list, &n, err) : err_nomem(err);

        for (size_t i = 0; r >= 0 && i < n; i++)
                if (list[i]->n_containers == 0)
                        r = volumes_remove(box, list[i], err);
        return r;
}

/* The containers, as docker prints what it removes: an ID a line. */
static int print_container(struct box *box, const char *id, struct cfs_error *err)
{
        int r = prune_container(box, id, err);

        if (r >= 0)
                printf("%s\n", id);
        return r;
}

static int run_container_prune(struct box *box, const void *values, const char *const *args,
                               struct cfs_error *err)
{
        unsigned n;
        int r = each_id(box, ENDED, print_container, &n, err);

        (void)values;
        (void)args;
        if (r >= 0)
                r = orphans_remove(box, err);
        return r < 0 ? r : 0;
}

static int run_image_prune(struct box *box, const void *values, const char *const *args,
                           struct cfs_error *err)
{
        const struct values *v = values;
        unsigned n;
        int r = each_id(box, v->all ? UNUSED : UNUSED " AND id NOT IN (SELECT image FROM tags)", print_image,
                        &n, err);

        (void)args;
        if (r >= 0)
                r = layer_collect(box, err);
        return r < 0 ? r : 0;
}

static int run_prune(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        unsigned containers = 0, images = 0;
        int layers, r = each_id(box, ENDED, prune_container, &containers, err);

        if (r >= 0)
                r = orphans_remove(box, err);
        if (r >= 0) {
                containers += (unsigned)r;
                r = each_id(box, v->all ? UNUSED : UNUSED " AND id NOT IN (SELECT image FROM tags)",
                            prune_image, &images, err);
        }
        layers = r < 0 ? r : layer_collect(box, err);
        if (layers >= 0 && v->volumes)
                r = prune_volumes(box, err);
        if (layers < 0 || r < 0)
                return layers < 0 ? layers : r;
        printf("removed %u containers, %u images, %d layers\n", containers, images, layers);
        return 0;
}

#define FORCE                                                                                                \
        {                                                                                                    \
                "force", 'f', OPTION_FLAG, OPTION_IGNORED, NULL, NULL,                                       \
                        "accepted for compatibility: it never asks"                                          \
        }

static const struct option_def prune_options[] = {
        { "all", 'a', OPTION_FLAG, AT(all), NULL, NULL,
          "images that have names, too, when no container needs them" },
        { "volumes", 0, OPTION_FLAG, AT(volumes), NULL, NULL, "volumes that no container uses, too" },
        FORCE,
        { 0 },
};

const struct command cmd_prune_command = {
        .name = "prune",
        .flags = COMMAND_ROOM,
        .args = "",
        .summary = "remove what is not needed",
        .description =
                "Removes containers that have ended, images without a name that no container was made of, and\n"
                "layers that no image has. Volumes (without --volumes) and the history stay. Does not ask.",
        .options = prune_options,
        .values_size = sizeof(struct values),
        .run = run_prune,
};

static const struct option_def container_prune_options[] = { FORCE, { 0 } };

const struct command cmd_container_prune_command = {
        .name = "container prune",
        .flags = COMMAND_ROOM,
        .args = "",
        .summary = "remove all containers that have ended",
        .description = "Does not ask; prints the IDs. Volumes and the history stay.",
        .options = container_prune_options,
        .values_size = sizeof(struct values),
        .run = run_container_prune,
};

static const struct option_def image_prune_options[] = {
        { "all", 'a', OPTION_FLAG, AT(all), NULL, NULL, "those that have names, too" },
        FORCE,
        { 0 },
};

const struct command cmd_image_prune_command = {
        .name = "image prune",
        .flags = COMMAND_ROOM,
        .args = "",
        .summary = "remove images that have no name and no container",
        .description = "Does not ask; prints the IDs.",
        .options = image_prune_options,
        .values_size = sizeof(struct values),
        .run = run_image_prune,
};
