/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box export, image load, image save: archives on standard input and output, or in files.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/container/container.h"
#include "box/container/files.h"
#include "box/core/directory.h"
#include "box/cmd/output.h"
#include "box/cmd/target.h"
#include "box/image/import.h"
#include "box/image/layer.h"
#include "box/image/pack.h"
#include "box/store/container.h"
#include "box/store/image.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct values {
        const char *input, *output;
        bool compress;
};

#define AT(field) offsetof(struct values, field)

#define OUTPUT_OPTION                                                                                        \
        {                                                                                                    \
                "output", 'o', OPTION_TEXT, AT(output), "FILE", NULL,                                        \
                        "write to FILE instead of standard output"                                           \
        }

/* ---- export -------------------------------------------------------------------------------------------- */

static int archive_run_export(struct box *box, const void *values, const char *const *args,
                              struct cfs_error *err)
{
        char id[BOX_ID_SIZE];
        struct target t;
        int r = store_container_find(box, args[0], id, err);

        if (r >= 0)
                r = target_open(&t, ((const struct values *)values)->output, err);
        return r < 0 ? r : target_close(&t, files_copy_export(box, id, t.fd, err), err);
}

static const struct option_def export_options[] = { OUTPUT_OPTION, { 0 } };

const struct command cmd_export_command = {
        .name = "export",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "write a container's root file system as an archive",
        .description =
                "Writes the files as tar(1) does, without volumes and other mounts. `cfs-box import` makes an\n"
                "image of such an archive.",
        .examples = "cfs-box export web | cfs-box import - web:flat httpd -f",
        .options = export_options,
        .values_size = sizeof(struct values),
        .run = archive_run_export,
};

/* ---- load ---------------------------------------------------------------------------------------------- */

static void print_loaded(const char *id)
{
        printf("Loaded image: %s\n", id);
}

static int run_load(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        const struct import_options o = { .added = print_loaded };
        struct cfs_error ignored;
        char id[DIGEST_SIZE] = "";
        int r = import_image(box, v->input ? v->input : "-", &o, id, err);

        (void)args;
        (void)layer_collect(box, &ignored);
        return r < 0 ? r : 0;
}

static const struct option_def load_options[] = {
        { "input", 'i', OPTION_TEXT, AT(input), "FILE", NULL, "read FILE instead of standard input" },
        { "quiet", 'q', OPTION_FLAG, OPTION_IGNORED, NULL, NULL,
          "accepted for compatibility: the global --quiet is without progress bars" },
        { 0 },
};

const struct command cmd_image_load_command = {
        .name = "image load",
        .args = "",
        .summary = "take in what `docker save` or `image save` has written",
        .description = "Does the same as `import`, from standard input.",
        .examples = "docker save nginx | cfs-box load",
        .options = load_options,
        .values_size = sizeof(struct values),
        .run = run_load,
};

/* ---- save ---------------------------------------------------------------------------------------------- */

static int pack_directory(const char *dir, int to, struct cfs_error *err)
{
        _cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct pack_options o = { .dir_fd = fd, .name = dir };

        return fd < 0 ? err_path(err, errno, "open", dir, "open `%s`", dir) : files_copy_pack(&o, to, err);
}

/* The images that the words name. */
static int find_images(const struct box *box, const char *const *refs, struct export_image *images,
                       struct cfs_error *err)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && refs[i]; i++) {
                r = store_image_find(box, refs[i], images[i].id, err);
                if (r >= 0)
                        r = store_image_ref(refs[i], images[i].id, &images[i].name, err);
        }
        return r;
}

/* The layout is made in the store, which has room for the layers. */
static int save(const struct box *box, const struct export_options *o, const char *output,
                struct cfs_error *err)
{
        _cleanup_free_ char *dir = NULL, *layout = NULL;
        struct cfs_error ignored;
        struct target t;
        int r = target_open(&t, output, err);

        if (r < 0)
                return r;
        r = layer_tree_make(box, &dir, err);
        if (r < 0)
                return target_close(&t, r, err);
        r = str_printf(&layout, err, "%s/layout", dir);
        if (r >= 0)
                r = export_layout(box, o, layout, err);
        if (r >= 0)
                r = pack_directory(layout, t.fd, err);
        (void)directory_remove(box, dir, &ignored);
        return target_close(&t, r, err);
}

static int run_save(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        struct export_options o = { .gzip = v->compress, .docker = true };
        struct export_image *images;
        int r;

        while (args[o.n])
                o.n++;
        o.images = images = calloc(o.n + 1, sizeof(*images));
        if (!images)
                return err_nomem(err);
        r = find_images(box, args, images, err);
        if (r >= 0)
                r = save(box, &o, v->output, err);
        for (size_t i = 0; i < o.n; i++)
                free(images[i].name);
        free(images);
        return r;
}

static const struct option_def save_options[] = {
        OUTPUT_OPTION,
        { "compress", 'z', OPTION_FLAG, AT(compress), NULL, NULL, "compress the layers with gzip" },
        { 0 },
};

const struct command cmd_image_save_command = {
        .name = "image save",
        .args = "IMAGE...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "write images as an archive",
        .description =
                "Writes a tar archive, which `image load`, skopeo (oci-archive:, docker-archive:), podman and\n"
                "docker can read: an OCI layout that has the manifest.json of `docker save`, too. Layers that\n"
                "several of the images have are in it once. FILE stays as it was when the command fails.",
        .examples = "cfs-box save busybox | ssh HOST cfs-box load",
        .options = save_options,
        .values_size = sizeof(struct values),
        .run = run_save,
};
