/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commit: the upper layer becomes a layer of the store, and the image's configuration one entry longer.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "box/bundle/config.h"
#include "box/container/container.h"
#include "box/container/files.h"
#include "box/image/layer.h"
#include "box/store/container.h"
#include "box/store/image.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>

/* ---- --change ------------------------------------------------------------------------------------------ */

static int words(struct config *x, const char *text, char ***ret, size_t *ret_n)
{
        int r = 0;

        *ret = NULL;
        *ret_n = 0;
        while (r >= 0 && *text) {
                size_t n = strcspn(text, " ");

                if (n > 0)
                        r = config_append(x, ret, ret_n, "%.*s", (int)n, text);
                text += n;
                text += strspn(text, " ");
        }
        return r;
}

static int set_map(struct config *x, const char *text, struct oci_string_map **map)
{
        const char *eq = strchr(text, '=');
        size_t len = eq ? (size_t)(eq - text) : strlen(text), n = *map ? (*map)->n : 0;
        struct oci_string_map *grown = oci_arena_alloc(x->arena, sizeof(*grown));

        if (!grown || !(grown->entries = oci_arena_alloc(x->arena, (n + 1) * sizeof(*grown->entries))))
                return err_nomem(x->err);
        for (size_t i = 0; i < n; i++)
                if (strlen((*map)->entries[i].key) != len || strncmp((*map)->entries[i].key, text, len) != 0)
                        grown->entries[grown->n++] = (*map)->entries[i];
        grown->entries[grown->n].key = oci_arena_strndup(x->arena, text, len);
        grown->entries[grown->n++].value = oci_arena_strdup(x->arena, eq ? eq + 1 : "");
        *map = grown;
        return 0;
}

static int expose(struct config *x, const char *port, struct oci_image_config *c)
{
        size_t n = c->exposed_ports ? c->exposed_ports->n : 0;
        struct oci_image_empty_map *grown = oci_arena_alloc(x->arena, sizeof(*grown));
        char text[64];

        if (!grown || !(grown->entries = oci_arena_alloc(x->arena, (n + 1) * sizeof(*grown->entries))))
                return err_nomem(x->err);
        if (n)
                memcpy(grown->entries, c->exposed_ports->entries, n * sizeof(*grown->entries));
        (void)snprintf(text, sizeof(text), "%.40s%s", port, strchr(port, '/') ? "" : "/tcp");
        grown->entries[n].key = oci_arena_strdup(x->arena, text);
        grown->entries[n].value = oci_arena_alloc(x->arena, 16);
        grown->n = n + 1;
        c->exposed_ports = grown;
        return 0;
}

static int set_env(struct config *x, const char *pair, struct oci_image_config *c)
{
        size_t len = strcspn(pair, "=");

        if (!pair[len])
                return err_set(x->err, CFS_E_INVALID, "--change ENV %s: expected NAME=VALUE", pair);
        for (size_t i = 0; i < c->n_env; i++)
                if (strncmp(c->env[i], pair, len + 1) == 0) {
                        c->env[i] = oci_arena_strdup(x->arena, pair);
                        return 0;
                }
        return config_append(x, &c->env, &c->n_env, "%s", pair);
}

static int change(struct config *x, const char *text, struct oci_image_config *c)
{
        size_t n = strcspn(text, " ");
        const char *rest = text + n + strspn(text + n, " ");

        if (n == 3 && strncasecmp(text, "CMD", n) == 0)
                return words(x, rest, &c->cmd, &c->n_cmd);
        if (n == 10 && strncasecmp(text, "ENTRYPOINT", n) == 0)
                return words(x, rest, &c->entrypoint, &c->n_entrypoint);
        if (n == 3 && strncasecmp(text, "ENV", n) == 0)
                return set_env(x, rest, c);
        if (n == 5 && strncasecmp(text, "LABEL", n) == 0)
                return set_map(x, rest, &c->labels);
        if (n == 6 && strncasecmp(text, "EXPOSE", n) == 0)
                return expose(x, rest, c);
        if (n == 4 && strncasecmp(text, "USER", n) == 0)
                c->user = oci_arena_strdup(x->arena, rest);
        else if (n == 7 && strncasecmp(text, "WORKDIR", n) == 0)
                c->working_dir = oci_arena_strdup(x->arena, rest);
        else
                return err_set(x->err, CFS_E_INVALID,
                               "--change %s: known are CMD, ENTRYPOINT, ENV, LABEL, EXPOSE, USER, WORKDIR",
                               text);
        return 0;
}

/* ---- commit -------------------------------------------------------------------------------------------- */

static int add_history(struct config *x, struct oci_image *image, const struct oci_box_container *row,
                       const struct files_commit_options *o, const char *time)
{
        struct oci_image_history **grown = oci_arena_alloc(x->arena, (image->n_history + 1) * sizeof(*grown));
        struct oci_image_history *h = oci_arena_alloc(x->arena, sizeof(*h));
        char **text = NULL;
        size_t n = 0;
        _cleanup_str_ struct str command = { 0 };

        if (!grown || !h)
                return err_nomem(x->err);
        for (size_t i = 0; i < row->n_command; i++)
                str_addf(&command, "%s%s", i ? " " : "", row->command[i]);
        if (config_append(x, &text, &n, "%s", command.p ? command.p : "") < 0)
                return -ENOMEM;
        h->created = (char *)time;
        h->created_by = text[0];
        h->author = (char *)o->author;
        h->comment = (char *)o->message;
        if (image->n_history)
                memcpy(grown, image->history, image->n_history * sizeof(*grown));
        grown[image->n_history++] = h;
        image->history = grown;
        return 0;
}

static int new_config(struct config *x, struct oci_image *image, const struct oci_box_container *row,
                      const char *diff_id, const struct files_commit_options *o, char **ret)
{
        char time[LOG_TIME_SIZE];
        int r = config_append(x, &image->rootfs->diff_ids, &image->rootfs->n_diff_ids, "%s", diff_id);

        log_time(time);
        if (r >= 0 && !image->config && !(image->config = oci_arena_alloc(x->arena, sizeof(*image->config))))
                r = err_nomem(x->err);
        for (const char **c = o->changes; r >= 0 && c && *c; c++)
                r = change(x, *c, image->config);
        if (r >= 0)
                r = add_history(x, image, row, o, time);
        image->created = time;
        if (o->author)
                image->author = (char *)o->author;
        return r < 0 ? r : oci_encode(&oci_image_type, image, 0, ret, NULL, x->err);
}

static int commit(const struct box *box, struct container *c, const struct oci_box_container *row,
                  struct oci_image *image, struct oci_arena *arena, const struct files_commit_options *o,
                  char ret_image[DIGEST_SIZE], struct cfs_error *err)
{
        struct config x = { .arena = arena, .err = err };
        _cleanup_free_ int64_t *layers = NULL, *all = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int upper = -1;
        struct layer layer;
        char path[64];
        size_t n;
        int r = store_image_layers(box, c->image, &layers, &n, err);

        (void)snprintf(path, sizeof(path), "containers/%s/own/upper", c->id);
        if (r >= 0 && (upper = openat(box->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
                r = err_sys(err, errno, "openat", "open %s/%s", box->root, path);
        if (r >= 0)
                r = layer_add_directory(box, upper, row->name, true, &layer, err);
        if (r >= 0)
                r = new_config(&x, image, row, layer.diff_id, o, &text);
        if (r < 0)
                return r;
        all = calloc(n + 1, sizeof(*all));
        if (!all)
                return err_nomem(err);
        memcpy(all, layers, n * sizeof(*all));
        all[n] = layer.id;
        return store_image_add(box, text, all, n + 1, o->name, ret_image, err);
}

int files_commit(const struct box *box, const char *id, const struct files_commit_options *o,
                 char ret_image[DIGEST_SIZE], struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_container *row;
        struct oci_image *image;
        struct container c;
        int r = create_reopen(&c, box, id, err);

        if (r < 0)
                return r;
        r = store_container_get(box, id, c.arena, &row, err);
        if (r >= 0)
                r = store_image_config(box, c.image, &image, &arena, NULL, err);
        if (r >= 0)
                r = commit(box, &c, row, image, arena, o, ret_image, err);
        create_release(&c);
        return r;
}
