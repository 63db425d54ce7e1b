/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --volumes-from CONTAINER[:ro|:rw]: what the user has mounted in another container, by its configuration,
 * whether it runs or not. Not what the box mounts itself (/etc/hosts and the like), and not file systems in
 * memory.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/store/container.h"
#include <fcntl.h>
#include <stdio.h>

#define MAX_CONFIG (16U << 20)

/* "NAME:ro" -> NAME. */
static int split(const char *word, char *name, size_t size, bool *ret_readonly, struct cfs_error *err)
{
        const char *colon = strchr(word, ':');
        size_t len = colon ? (size_t)(colon - word) : strlen(word);

        *ret_readonly = colon && STREQ(colon, ":ro");
        if (len == 0 || len >= size || (colon && !*ret_readonly && !STREQ(colon, ":rw")))
                return err_set(err, CFS_E_INVALID,
                               "--volumes-from %s: expected CONTAINER, CONTAINER:ro or CONTAINER:rw", word);
        (void)snprintf(name, size, "%.*s", (int)len, word);
        return 0;
}

/* The bundle's own files, and the init that --init mounts. */
static bool is_own(const struct oci_box_container *other, const struct oci_mount *m)
{
        return str_has_prefix(m->source, other->bundle) || STREQ(m->destination, "/dev/init");
}

static int from_add(struct config_from *f, const struct oci_mount *m, bool readonly, struct oci_arena *arena,
                    struct cfs_error *err)
{
        struct config_from_mount *list = oci_arena_alloc(arena, (f->n + 1) * sizeof(*list));

        if (!list)
                return err_nomem(err);
        if (f->n)
                memcpy(list, f->list, f->n * sizeof(*list));
        list[f->n] = (struct config_from_mount){
                .source = oci_arena_strdup(arena, m->source),
                .destination = oci_arena_strdup(arena, m->destination),
                .readonly = readonly || oci_mount_has_option(m, "ro") || oci_mount_has_option(m, "rro"),
        };
        if (!list[f->n].source || !list[f->n].destination)
                return err_nomem(err);
        f->list = list;
        f->n++;
        return 0;
}

static int add_container(const struct box *box, const char *word, struct config_from *f,
                         struct oci_arena *arena, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *own = NULL;
        _cleanup_free_ char *path = NULL, *text = NULL;
        struct oci_box_container *other = NULL;
        char name[80], id[BOX_ID_SIZE];
        struct oci_config *c = NULL;
        bool readonly;
        size_t len;
        int r = split(word, name, sizeof(name), &readonly, err);

        if (r >= 0)
                r = store_container_find(box, name, id, err);
        if (r >= 0)
                r = store_container_get(box, id, arena, &other, err);
        if (r >= 0)
                r = str_printf(&path, err, "%s/config.json", other->bundle);
        if (r >= 0)
                r = io_read_file(AT_FDCWD, path, MAX_CONFIG, &text, &len, err);
        if (r >= 0)
                r = oci_decode(&oci_config_type, path, text, len, (void **)&c, &own, err);
        for (size_t i = 0; r >= 0 && i < c->n_mounts; i++) {
                const struct oci_mount *m = c->mounts[i];

                if (m->source && *m->source == '/' && !is_own(other, m))
                        r = from_add(f, m, readonly, arena, err);
        }
        return r < 0 ? err_prefix(err, r, "--volumes-from %s", word) : 0;
}

int from_containers(struct container *c, struct cfs_error *err)
{
        int r = 0;

        for (const char **p = c->o->volumes_from; r >= 0 && p && *p; p++)
                r = add_container(c->box, *p, &c->from, c->arena, err);
        return r;
}
