/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Named volumes: ROOT/volumes/NAME. Which containers use one is in their configurations, so that nothing else
 * has to be kept true.
 */
#include "box/store/volumes.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/core/directory.h"
#include "box/core/volume.h"
#include "box/store/container.h"
#include "box/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define MAX_CONFIG (16 << 20)

static int compare_volumes(const void *a, const void *b)
{
        return strcmp((*(struct oci_box_volume *const *)a)->name, (*(struct oci_box_volume *const *)b)->name);
}

static int add_volume(const struct box *box, struct oci_arena *arena, const char *name,
                      struct oci_box_volume ***list, size_t *n, struct cfs_error *err)
{
        struct oci_box_volume *v = oci_arena_alloc(arena, sizeof(*v));
        struct oci_box_volume **grown = oci_arena_alloc(arena, (*n + 1) * sizeof(*grown));
        _cleanup_free_ char *path = NULL;
        int r = str_printf(&path, err, "%s/volumes/%s", box->root, name);

        if (r < 0)
                return r;
        if (!v || !grown || !(v->name = oci_arena_strdup(arena, name)) ||
            !(v->path = oci_arena_strdup(arena, path)))
                return err_nomem(err);
        if (*n)
                memcpy(grown, *list, *n * sizeof(*grown));
        grown[(*n)++] = v;
        *list = grown;
        return 0;
}

/* Adds the container to the volumes that its configuration mounts. One without a configuration is being made,
 * or its making has failed. */
static int add_user(const struct box *box, struct oci_arena *arena, const char *bundle, const char *name,
                    struct oci_box_volume **list, size_t n, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *own = NULL;
        _cleanup_free_ char *text = NULL;
        struct oci_config *c;
        char path[PATH_MAX + 16];
        int r;

        (void)snprintf(path, sizeof(path), "%s/config.json", bundle);
        r = io_read_file(AT_FDCWD, path, MAX_CONFIG, &text, NULL, err);
        if (r < 0) /* what cannot be read may use the volume */
                return err->errnum == ENOENT ? 0 : r;
        r = oci_decode(&oci_config_type, path, text, strlen(text), (void **)&c, &own, err);
        if (r < 0)
                return err->code == CFS_E_NOMEM ? r : 0;
        for (size_t i = 0; i < c->n_mounts; i++)
                for (size_t k = 0; k < n; k++) {
                        struct oci_box_volume *v = list[k];
                        char **grown;

                        if (!c->mounts[i]->source || !STREQ(c->mounts[i]->source, v->path))
                                continue;
                        grown = oci_arena_alloc(arena, (v->n_containers + 1) * sizeof(*grown));
                        if (!grown || !(grown[v->n_containers] = oci_arena_strdup(arena, name)))
                                return err_nomem(err);
                        if (v->n_containers)
                                memcpy(grown, v->containers, v->n_containers * sizeof(*grown));
                        v->containers = grown;
                        v->n_containers++;
                }
        return 0;
}

int volumes_list(const struct box *box, struct oci_arena *arena, struct oci_box_volume ***ret, size_t *ret_n,
                 struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        struct oci_box_volume **list = NULL;
        struct sqlite3_stmt *stmt = NULL;
        char bundle[PATH_MAX];
        size_t n = 0;
        int r = dir_open_nofollow(&d, box->root_fd, "volumes");

        *ret_n = 0;
        if (r < 0)
                return r == -ENOENT ? 0 : err_sys(err, -r, "openat", "open %s/volumes", box->root);
        while (r >= 0 && (r = directory_next(&d, "volumes", err)) > 0)
                if (volume_is_name(d.name))
                        r = add_volume(box, arena, d.name, &list, &n, err);
        if (n > 1)
                qsort(list, n, sizeof(*list), compare_volumes);
        if (r >= 0 && n > 0)
                r = store_query(box, &stmt, err,
                                "SELECT id, name, auto_remove AND NOT detached FROM containers ORDER BY name",
                                "");
        while (stmt && r >= 0 && (r = store_step(box, stmt, err)) > 0) {
                r = store_container_bundle(box, store_column(stmt, 0), store_column_int(stmt, 2), bundle,
                                           err);
                if (r >= 0)
                        r = add_user(box, arena, bundle, store_column(stmt, 1), list, n, err);
        }
        store_finalize(&stmt);
        *ret = list;
        *ret_n = n;
        return r < 0 ? r : 0;
}

int volumes_find(struct oci_box_volume *const *list, size_t n, const char *name, struct oci_box_volume **ret,
                 struct cfs_error *err)
{
        for (size_t i = 0; i < n; i++)
                if (STREQ(list[i]->name, name)) {
                        *ret = list[i];
                        return 0;
                }
        return err_set(err, CFS_E_NOT_FOUND, "there is no volume `%s`", name);
}

int volumes_remove(const struct box *box, const struct oci_box_volume *v, struct cfs_error *err)
{
        char path[192];

        if (v->n_containers > 0)
                return err_hint(err,
                                err_set(err, CFS_E_STATE, "volume `%s` is in use by container `%s`", v->name,
                                        v->containers[0]),
                                "remove the container first: cfs-box rm %s", v->containers[0]);
        (void)snprintf(path, sizeof(path), "volumes/%s", v->name);
        return directory_remove(box, path, err);
}
