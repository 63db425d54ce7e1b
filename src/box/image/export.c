/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing images as an OCI layout that skopeo, podman and docker load.
 *
 * The store keeps layers unpacked, not the archives that they came from, so a layer is packed anew. What the
 * box packed itself (import of a directory, image make, commit) comes out with the digest that it had, since
 * packing is reproducible; of another layer the digest may change, and with it the image's ID. The
 * configuration is then written with the digests that are true.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/rmtree.h"
#include "base/str.h"
#include "box/core/architecture.h"
#include "box/image/blob.h"
#include "box/image/import.h"
#include "box/image/layer.h"
#include "box/image/pack.h"
#include "box/core/progress.h"
#include "box/store/image.h"
#include "json.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A layer that is a blob now. */
struct packed {
        int64_t layer;
        struct oci_descriptor *descriptor;
        char *diff_id;
};

struct export
{
        const struct box *box;
        const struct export_options *o;
        const char *dir;
        int dir_fd;
        struct oci_arena *arena;
        struct packed *packed;
        size_t n_packed;
        struct json_writer *index, *docker; /* index.json and manifest.json */
};

static int write_blob(const struct export *x, const char *text, struct oci_descriptor *d,
                      struct cfs_error *err)
{
        char digest[DIGEST_SIZE], path[128];

        digest_of(text, strlen(text), digest);
        d->digest = oci_arena_strdup(x->arena, digest);
        d->size = strlen(text);
        d->has_size = true;
        if (!d->digest)
                return err_nomem(err);
        blob_path(path, sizeof(path), digest);
        /* Two names of an image have the same. */
        if (faccessat(x->dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return 0;
        return io_write_new(x->dir_fd, path, text, strlen(text), 0644, err);
}

static int copy(const struct export *x, int from, int to, struct digest *digest, uint64_t *size,
                const char *name, struct cfs_error *err)
{
        _cleanup_free_ char *buf = malloc(1 << 18);
        struct progress progress;
        ssize_t n = 0;
        int r = buf ? 0 : err_nomem(err);

        progress_begin(&progress, x->box->quiet, name, 0);
        while (r >= 0 && (n = read(from, buf, 1 << 18)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        r = err_sys(err, errno, "read", "read layer %s", name);
                else if ((r = io_write_all(to, buf, (size_t)n)) < 0)
                        r = err_sys(err, -r, "write", "write to `%s`", x->dir);
                if (r < 0)
                        break;
                digest_add(digest, buf, (size_t)n);
                *size += (uint64_t)n;
                progress_update(&progress, *size);
        }
        progress_end(&progress, r >= 0);
        return r;
}

/* Packs a layer into a blob. */
static int pack_blob(const struct export *x, int64_t layer, bool gzip, char ret_digest[DIGEST_SIZE],
                     uint64_t *ret_size, bool keep, struct cfs_error *err)
{
        _cleanup_close_ int dir_fd = layer_open(x->box, layer, err), to = -1, from = -1;
        struct pack_options o = { .dir_fd = dir_fd, .name = "layer", .overlay = true, .gzip = gzip };
        struct digest digest;
        struct cfs_error pack_err;
        char path[128];
        struct pack p;
        int r, packed;

        if (dir_fd < 0)
                return dir_fd;
        digest_init(&digest);
        *ret_size = 0;
        to = keep ? openat(x->dir_fd, "blobs/sha256/new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)
                  : open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (to < 0)
                return err_sys(err, errno, "openat", "make a file in `%s`", x->dir);
        r = pack_start(&p, &o, &from, err);
        if (r < 0)
                return r;
        r = copy(x, from, to, &digest, ret_size, "layer", err);
        cleanup_close_p(&from);
        from = -1;
        packed = pack_finish(&p, &pack_err);
        if (r >= 0 && packed < 0) {
                *err = pack_err;
                r = packed;
        }
        digest_text(&digest, ret_digest);
        if (r >= 0 && keep &&
            renameat(x->dir_fd, "blobs/sha256/new", x->dir_fd, blob_path(path, sizeof(path), ret_digest)) < 0)
                r = err_sys(err, errno, "renameat", "rename a blob in `%s`", x->dir);
        return r;
}

static int export_layer(const struct export *x, int64_t layer, struct packed *ret, struct cfs_error *err)
{
        char digest[DIGEST_SIZE], plain[DIGEST_SIZE];
        struct oci_descriptor *d = oci_arena_alloc(x->arena, sizeof(*d));
        uint64_t size = 0, ignored;
        int r = d ? pack_blob(x, layer, x->o->gzip, digest, &size, true, err) : err_nomem(err);

        if (r >= 0 && x->o->gzip)
                r = pack_blob(x, layer, false, plain, &ignored, false, err);
        if (r < 0)
                return r;
        d->media_type = (char *)(x->o->gzip ? "application/vnd.oci.image.layer.v1.tar+gzip"
                                            : "application/vnd.oci.image.layer.v1.tar");
        d->digest = oci_arena_strdup(x->arena, digest);
        d->size = size;
        d->has_size = true;
        *ret = (struct packed){ layer, d, oci_arena_strdup(x->arena, x->o->gzip ? plain : digest) };
        return d->digest && ret->diff_id ? 0 : err_nomem(err);
}

/* A layer that several images have is packed once. */
static int find_layer(struct export *x, int64_t layer, size_t *ret, struct cfs_error *err)
{
        struct packed *grown;
        int r;

        for (size_t i = 0; i < x->n_packed; i++)
                if (x->packed[i].layer == layer) {
                        *ret = i;
                        return 0;
                }
        grown = realloc(x->packed, (x->n_packed + 1) * sizeof(*grown));
        if (!grown)
                return err_nomem(err);
        x->packed = grown;
        r = export_layer(x, layer, &grown[x->n_packed], err);
        if (r >= 0)
                *ret = x->n_packed++;
        return r;
}

static int export_layers(struct export *x, const int64_t *layers, size_t n, struct oci_manifest *m,
                         struct oci_image *config, struct cfs_error *err)
{
        size_t at = 0;
        int r = 0;

        m->layers = oci_arena_alloc(x->arena, (n + 1) * sizeof(*m->layers));
        if (!m->layers)
                return err_nomem(err);
        for (size_t i = 0; i < n; i++) {
                r = find_layer(x, layers[i], &at, err);
                if (r < 0)
                        break;
                m->layers[m->n_layers++] = x->packed[at].descriptor;
                config->rootfs->diff_ids[i] = x->packed[at].diff_id;
        }
        return r;
}

/* ---- what names the images ----------------------------------------------------------------------------- */

static char *blob_name(const struct export *x, const char *digest)
{
        char path[128];

        return oci_arena_strdup(x->arena, blob_path(path, sizeof(path), digest));
}

/* An entry of manifest.json, as `docker save` writes it. */
static int add_docker(struct export *x, const struct oci_manifest *m, const char *name, struct cfs_error *err)
{
        struct oci_docker_image im = { .config = blob_name(x, m->config->digest),
                                       .layers =
                                               oci_arena_alloc(x->arena, (m->n_layers + 1) * sizeof(char *)),
                                       .n_layers = m->n_layers,
                                       .repo_tags = (char *[]){ (char *)name, NULL },
                                       .n_repo_tags = name ? 1 : 0 };

        if (!im.config || !im.layers)
                return err_nomem(err);
        for (size_t i = 0; i < m->n_layers; i++)
                if (!(im.layers[i] = blob_name(x, m->layers[i]->digest)))
                        return err_nomem(err);
        return oci_encode_into(x->docker, &oci_docker_image_type, &im, err);
}

/* An entry of index.json. */
static int add_manifest(struct export *x, const char *manifest, const char *name, struct cfs_error *err)
{
        struct oci_platform platform = { .architecture = (char *)architecture_name(), .os = (char *)"linux" };
        struct oci_string_pair pair = { (char *)"org.opencontainers.image.ref.name", (char *)name };
        struct oci_string_map annotations = { 1, &pair };
        struct oci_descriptor d = { .media_type = (char *)"application/vnd.oci.image.manifest.v1+json",
                                    .platform = &platform,
                                    .annotations = name ? &annotations : NULL };
        int r = write_blob(x, manifest, &d, err);

        return r < 0 ? r : oci_encode_into(x->index, &oci_descriptor_type, &d, err);
}

static int export_image(struct export *x, const char *id, const char *name, struct cfs_error *err)
{
        struct oci_descriptor config_d = { .media_type = (char *)"application/vnd.oci.image.config.v1+json" };
        struct oci_manifest m = { .schema_version = 2,
                                  .has_schema_version = true,
                                  .media_type = (char *)"application/vnd.oci.image.manifest.v1+json",
                                  .config = &config_d };
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *text = NULL, *manifest = NULL, *original = NULL, *before = NULL;
        _cleanup_free_ int64_t *layers = NULL;
        struct oci_image *config;
        size_t n;
        int r = store_image_config(x->box, id, &config, &arena, &original, err);

        if (r >= 0)
                r = store_image_layers(x->box, id, &layers, &n, err);
        if (r >= 0)
                r = oci_encode(&oci_image_type, config, 0, &before, NULL, err);
        if (r >= 0)
                r = export_layers(x, layers, n, &m, config, err);
        if (r >= 0)
                r = oci_encode(&oci_image_type, config, 0, &text, NULL, err);
        /* When no digest has changed, the configuration stays to the byte, and with it the ID. */
        if (r >= 0)
                r = write_blob(x, STREQ(before, text) ? original : text, &config_d, err);
        if (r >= 0)
                r = oci_encode(&oci_manifest_type, &m, 0, &manifest, NULL, err);
        if (r >= 0)
                r = add_manifest(x, manifest, name, err);
        return r < 0 || !x->o->docker ? r : add_docker(x, &m, name, err);
}

static int write_names(const struct export *x, struct cfs_error *err)
{
        static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
        _cleanup_free_ char *index = NULL, *docker = NULL;
        size_t len = 0;
        int r = io_write_new(x->dir_fd, "oci-layout", layout, strlen(layout), 0644, err);

        json_write_array_end(x->index);
        json_write_object_end(x->index);
        json_write_array_end(x->docker);
        if (json_write_take(x->index, &index, &len, r < 0 ? NULL : err) < 0 && r >= 0)
                r = -ENOMEM;
        if (r >= 0)
                r = io_write_new(x->dir_fd, "index.json", index, len, 0644, err);
        if (json_write_take(x->docker, &docker, &len, r < 0 ? NULL : err) < 0 && r >= 0)
                r = -ENOMEM;
        return r < 0 || !x->o->docker ? r : io_write_new(x->dir_fd, "manifest.json", docker, len, 0644, err);
}

static int export_all(struct export *x, struct cfs_error *err)
{
        int r = 0;

        x->index = json_write_new(0);
        json_write_object(x->index);
        json_write_key(x->index, "schemaVersion");
        json_write_number(x->index, 2);
        json_write_key(x->index, "manifests");
        json_write_array(x->index);
        x->docker = json_write_new(0);
        json_write_array(x->docker);
        for (size_t i = 0; r >= 0 && i < x->o->n; i++)
                r = export_image(x, x->o->images[i].id, x->o->images[i].name, err);
        if (r >= 0)
                return write_names(x, err);
        json_write_free(x->index);
        json_write_free(x->docker);
        return r;
}

int export_layout(const struct box *box, const struct export_options *o, const char *dir,
                  struct cfs_error *err)
{
        struct export x = { .box = box, .o = o, .dir = dir };
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        _cleanup_close_ int fd = -1;
        int r;

        if (!arena)
                return err_nomem(err);
        if (mkdir(dir, 0755) < 0)
                return err_path(err, errno, "mkdir", dir, "make directory `%s`", dir);
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        x.dir_fd = fd;
        x.arena = arena;
        if (fd < 0 || mkdirat(fd, "blobs", 0755) < 0 || mkdirat(fd, "blobs/sha256", 0755) < 0)
                r = err_path(err, errno, "mkdir", dir, "make directories in `%s`", dir);
        else
                r = export_all(&x, err);
        free(x.packed);
        if (r < 0) { /* half a layout is not one */
                if (fd >= 0)
                        (void)rmtree_contents(fd);
                (void)rmdir(dir);
        }
        return r;
}
