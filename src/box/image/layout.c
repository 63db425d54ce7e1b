/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OCI layouts (OCI image specification, image-layout.md): index.json names manifests, a manifest names a
 * configuration and layers, each by digest. Every blob is read with its digest verified; a layer's
 * uncompressed digest must also be the one that the configuration has.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/core/architecture.h"
#include "box/image/blob.h"
#include "box/image/import.h"
#include "box/image/layer.h"
#include "box/store/image.h"
#include <errno.h>
#include <fcntl.h>

#define MAX_LAYERS 500   /* what overlayfs takes */
#define MAX_DEPTH  4     /* of indexes in indexes */
#define MAX_SEEN   10000 /* indexes that list each other many times could keep us busy for days */

struct layout {
        const struct box *box;
        int dir_fd;
        const char *source;
        const struct import_options *o;
        char *ret_id;
        unsigned images, others; /* of another architecture */
        unsigned seen;           /* descriptors in all indexes */
        /* the index that names the manifest: what is said of it is said of the image */
        const struct oci_descriptor *outer;
};

/* ---- reading ------------------------------------------------------------------------------------------- */

static const char *annotation(const struct oci_descriptor *d, const char *key)
{
        return d && d->annotations ? oci_find_string(d->annotations, key) : NULL;
}

/* The name that tools write beside an image: a whole one, or only a tag. That of an index of several
 * platforms stands at the index. */
static const char *written_name(const struct layout *l, const struct oci_descriptor *d)
{
        static const char *const keys[] = { "io.containerd.image.name", "org.opencontainers.image.ref.name" };
        const char *name = NULL;

        for (size_t i = 0; !name && i < ARRAY_SIZE(keys); i++) {
                name = annotation(d, keys[i]);
                if (!name)
                        name = annotation(l->outer, keys[i]);
        }
        return name;
}

/* The image's name: the user's, else what the layout says, which may be a whole name or only a tag. */
static int find_name(const struct layout *l, const struct oci_descriptor *d, char **ret,
                     struct cfs_error *err)
{
        const char *name = l->o->name, *base = strrchr(l->source, '/');
        struct cfs_error ignored;

        base = base && base[1] ? base + 1 : l->source;
        if (!name)
                name = written_name(l, d);
        if (name && !l->o->name && !strpbrk(name, "/:")) { /* a tag */
                _cleanup_free_ char *full = NULL, *checked = NULL;

                if (str_printf(&full, err, "%.*s:%s", (int)strcspn(base, "."), base, name) >= 0 &&
                    store_image_name(full, &checked, &ignored) >= 0) {
                        *ret = TAKE_PTR(full);
                        return 0;
                }
                return 0;
        }
        return name ? str_dup(ret, name, err) : 0;
}

static int layout_add_layers(struct layout *l, const struct oci_manifest *m, const struct oci_image *config,
                             int64_t *layers, struct cfs_error *err)
{
        for (size_t i = 0; i < m->n_layers; i++) {
                const struct oci_descriptor *d = m->layers[i];
                _cleanup_close_ int fd = -1;
                struct layer layer = { 0 };
                char path[128];
                uint64_t size;
                int r;

                r = blob_check(l->source, d->digest, err);
                if (r >= 0)
                        r = layer_find(l->box, config->rootfs->diff_ids[i], &layer, err);
                if (r == 0) {
                        fd = blob_open(l->dir_fd, l->source, blob_path(path, sizeof(path), d->digest), &size,
                                       err);
                        if (fd < 0)
                                return fd;
                        r = blob_check_size(l->source, d, size, err);
                        if (r < 0)
                                return r;
                        r = layer_add(l->box, fd, d->digest, d->digest, config->rootfs->diff_ids[i], size,
                                      &layer, err);
                }
                if (r < 0)
                        return err_prefix(err, r, "image `%s`", l->source);
                layers[i] = layer.id;
        }
        return 0;
}

static int check_counts(const struct layout *l, const struct oci_manifest *m, const struct oci_image *config,
                        struct cfs_error *err)
{
        if (m->n_layers != config->rootfs->n_diff_ids)
                return err_set(err, CFS_E_INVALID,
                               "image `%s`: the manifest has %zu layers, the configuration %zu", l->source,
                               m->n_layers, config->rootfs->n_diff_ids);
        if (m->n_layers > MAX_LAYERS)
                return err_set(err, CFS_E_INVALID, "image `%s`: more than %d layers", l->source, MAX_LAYERS);
        return 0;
}

/* Registries hold other things than images in the same form: charts, signatures (manifest.md, "Guidelines for
 * Artifact Usage"). */
static int check_kind(const struct layout *l, const struct oci_manifest *m, struct cfs_error *err)
{
        const char *type = m->config->media_type;

        if (STREQ(type, "application/vnd.oci.image.config.v1+json") ||
            STREQ(type, "application/vnd.docker.container.image.v1+json"))
                return 0;
        return err_set(err, CFS_E_INVALID, "image `%s`: it is not an image of a container, but `%s`",
                       l->source, type);
}

static int import_manifest(struct layout *l, const struct oci_descriptor *d, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL, *config_text = NULL, *name = NULL;
        _cleanup_oci_arena_ struct oci_arena *arena = NULL, *config_arena = NULL;
        _cleanup_free_ int64_t *layers = NULL;
        struct oci_manifest *m;
        struct oci_image *config;
        size_t len;
        int r = blob_digest_text(l->dir_fd, l->source, d, &text, &len, err);

        if (r >= 0)
                r = oci_decode(&oci_manifest_type, d->digest, text, len, (void **)&m, &arena, err);
        if (r >= 0)
                r = check_kind(l, m, err);
        if (r >= 0)
                r = blob_digest_text(l->dir_fd, l->source, m->config, &config_text, &len, err);
        if (r >= 0)
                r = oci_decode(&oci_image_type, m->config->digest, config_text, len, (void **)&config,
                               &config_arena, err);
        if (r >= 0)
                r = check_counts(l, m, config, err);
        if (r < 0)
                return r;
        layers = calloc(m->n_layers + 1, sizeof(*layers));
        if (!layers)
                return err_nomem(err);
        r = layout_add_layers(l, m, config, layers, err);
        if (r >= 0)
                r = find_name(l, d, &name, err);
        if (r >= 0)
                r = store_image_add(l->box, config_text, layers, m->n_layers, name, l->ret_id, err);
        l->images++;
        if (r >= 0 && l->o->added)
                l->o->added(l->ret_id);
        return r;
}

static bool is_index(const struct oci_descriptor *d)
{
        return STREQ(d->media_type, "application/vnd.oci.image.index.v1+json") ||
               STREQ(d->media_type, "application/vnd.docker.distribution.manifest.list.v2+json");
}

static bool is_ours(const struct oci_descriptor *d)
{
        return !d->platform ||
               (STREQ(d->platform->os, "linux") && STREQ(d->platform->architecture, architecture_name()));
}

static int import_index(struct layout *l, const char *name, const char *text, size_t len, unsigned depth,
                        struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_image_index *index;
        int r = oci_decode(&oci_image_index_type, name, text, len, (void **)&index, &arena, err);

        if (r >= 0 && depth > MAX_DEPTH)
                r = err_set(err, CFS_E_INVALID, "image `%s`: indexes nested more than %d deep", l->source,
                            MAX_DEPTH);
        for (size_t i = 0; r >= 0 && i < index->n_manifests; i++) {
                const struct oci_descriptor *d = index->manifests[i];
                _cleanup_free_ char *inner = NULL;

                if (++l->seen > MAX_SEEN) {
                        r = err_set(err, CFS_E_INVALID, "image `%s`: its indexes have more than %d entries",
                                    l->source, MAX_SEEN);
                } else if (!is_ours(d)) {
                        l->others++;
                } else if (l->images > 0 && l->o->name) {
                        r = err_set(
                                err, CFS_E_INVALID,
                                "image `%s`: there is more than one, and `%s` can be the name of one only",
                                l->source, l->o->name);
                } else if (is_index(d)) {
                        const struct oci_descriptor *outer = l->outer;

                        r = blob_digest_text(l->dir_fd, l->source, d, &inner, &len, err);
                        if (r < 0)
                                break;
                        l->outer = d->annotations || !outer ? d : outer;
                        r = import_index(l, d->digest, inner, len, depth + 1, err);
                        l->outer = outer;
                } else {
                        r = import_manifest(l, d, err);
                }
        }
        return r;
}

int layout_import(const struct box *box, int dir_fd, const char *source, const struct import_options *o,
                  char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        struct layout l = { .box = box, .dir_fd = dir_fd, .source = source, .o = o, .ret_id = ret_id };
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r = blob_text(dir_fd, source, "index.json", &text, &len, err);

        if (r >= 0)
                r = import_index(&l, "index.json", text, len, 0, err);
        if (r >= 0 && l.images == 0)
                return err_set(err, CFS_E_INVALID, "image `%s`: %s", source,
                               l.others ? "none of its images is for this machine's processor"
                                        : "its index names no image");
        return r;
}
