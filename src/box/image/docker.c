/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `docker save` writes (Docker image specification v1.2, "Combined Image JSON + Filesystem Changeset
 * Format"): manifest.json names for each image the file of its configuration, its tags, and the files of its
 * layers. The layers have no digests of their own; those of the configuration are verified.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/image/blob.h"
#include "box/image/import.h"
#include "box/image/layer.h"
#include "box/store/image.h"
#include "json.h"

struct docker {
        const struct box *box;
        int dir_fd;
        const char *source;
        const struct import_options *o;
};

static int docker_add_layers(const struct docker *d, const struct oci_docker_image *im,
                             const struct oci_image *config, int64_t *layers, struct cfs_error *err)
{
        for (size_t i = 0; i < im->n_layers; i++) {
                _cleanup_close_ int fd = -1;
                struct layer layer = { 0 };
                uint64_t size;
                int r;

                fd = blob_open(d->dir_fd, d->source, im->layers[i], &size, err);
                if (fd < 0)
                        return fd;
                r = layer_add(d->box, fd, im->layers[i], NULL, config->rootfs->diff_ids[i], size, &layer,
                              err);
                if (r < 0)
                        return err_prefix(err, r, "image `%s`", d->source);
                layers[i] = layer.id;
        }
        return 0;
}

/* Before anything is made. */
static int check_names(const struct docker *d, const struct oci_docker_image *im, struct cfs_error *err)
{
        int r = 0;

        for (size_t i = 0; !d->o->name && r >= 0 && i < im->n_repo_tags; i++) {
                _cleanup_free_ char *name = NULL;

                r = store_image_name(im->repo_tags[i], &name, err);
        }
        return r < 0 ? err_prefix(err, r, "image `%s`", d->source) : 0;
}

static int add_names(const struct docker *d, const struct oci_docker_image *im, const char *id,
                     struct cfs_error *err)
{
        int r = 0;

        for (size_t i = 0; !d->o->name && r >= 0 && i < im->n_repo_tags; i++)
                r = store_image_tag(d->box, id, im->repo_tags[i], err);
        return r;
}

static int import_one(const struct docker *d, const struct oci_docker_image *im, char ret_id[DIGEST_SIZE],
                      struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ int64_t *layers = NULL;
        struct oci_image *config;
        size_t len;
        int r = check_names(d, im, err);

        if (r >= 0)
                r = blob_text(d->dir_fd, d->source, im->config, &text, &len, err);
        if (r >= 0)
                r = oci_decode(&oci_image_type, im->config, text, len, (void **)&config, &arena, err);
        if (r < 0)
                return r;
        if (im->n_layers != config->rootfs->n_diff_ids)
                return err_set(err, CFS_E_INVALID,
                               "image `%s`: manifest.json has %zu layers, the configuration %zu", d->source,
                               im->n_layers, config->rootfs->n_diff_ids);
        layers = calloc(im->n_layers + 1, sizeof(*layers));
        if (!layers)
                return err_nomem(err);
        r = docker_add_layers(d, im, config, layers, err);
        if (r >= 0)
                r = store_image_add(d->box, text, layers, im->n_layers, d->o->name, ret_id, err);
        if (r >= 0)
                r = add_names(d, im, ret_id, err);
        if (r >= 0 && d->o->added)
                d->o->added(ret_id);
        return r;
}

int docker_import(const struct box *box, int dir_fd, const char *source, const struct import_options *o,
                  char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        const struct docker d = { box, dir_fd, source, o };
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *text = NULL, *wrapped = NULL;
        struct oci_docker_archive *archive;
        int r = blob_text(dir_fd, source, "manifest.json", &text, NULL, err);

        if (r >= 0)
                r = json_write_wrap("images", text, &wrapped, err);
        if (r >= 0)
                r = oci_decode(&oci_docker_archive_type, "manifest.json", wrapped, strlen(wrapped),
                               (void **)&archive, &arena, err);
        if (r >= 0 && archive->n_images == 0)
                return err_set(err, CFS_E_INVALID, "image `%s`: manifest.json names no image", source);
        if (r >= 0 && archive->n_images > 1 && o->name)
                return err_set(err, CFS_E_INVALID,
                               "image `%s`: there is more than one, and `%s` can be the name of one only",
                               source, o->name);
        for (size_t i = 0; r >= 0 && i < archive->n_images; i++)
                r = import_one(&d, archive->images[i], ret_id, err);
        return r;
}
