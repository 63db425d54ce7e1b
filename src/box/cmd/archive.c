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

/* The file of --output, or standard output, which must not be a terminal (docker says the same). */
static int open_output(const struct values *v, struct cfs_error *err)
{
        int fd;

        if (v->output && !STREQ(v->output, "-")) {
                fd = open(v->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                return fd < 0 ? err_path(err, errno, "open", v->output, "write `%s`", v->output) : fd;
        }
        if (isatty(STDOUT_FILENO))
                return err_hint(err, err_set(err, CFS_E_INVALID, "standard output is a terminal"),
                                "--output FILE, or redirect it");
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        return fd < 0 ? err_sys(err, errno, "fcntl", "duplicate standard output") : fd;
}

/* Half an archive is not one. */
static int close_output(const struct values *v, int fd, int r)
{
        (void)close(fd);
        if (r < 0 && v->output && !STREQ(v->output, "-"))
                (void)unlink(v->output);
        return r < 0 ? r : 0;
}

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
        int fd, r = store_container_find(box, args[0], id, err);

        if (r < 0)
                return r;
        fd = open_output(values, err);
        return fd < 0 ? fd : close_output(values, fd, files_copy_export(box, id, fd, err));
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

/* The layout is made in the store, which has room for the layers. */
static int save(const struct box *box, const char *ref, bool gzip, int to, struct cfs_error *err)
{
        _cleanup_free_ char *dir = NULL, *layout = NULL, *name = NULL;
        struct cfs_error ignored;
        char id[DIGEST_SIZE];
        int r = store_image_find(box, ref, id, err);

        if (r >= 0)
                r = store_image_ref(ref, id, &name, err);
        if (r >= 0)
                r = layer_tree_make(box, &dir, err);
        if (r < 0)
                return r;
        r = str_printf(&layout, err, "%s/layout", dir);
        if (r >= 0)
                r = export_layout(box, id, name, layout, gzip, err);
        if (r >= 0)
                r = pack_directory(layout, to, err);
        (void)directory_remove(box, dir, &ignored);
        return r;
}

static int run_save(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        int fd = open_output(v, err);

        return fd < 0 ? fd : close_output(v, fd, save(box, args[0], v->compress, fd, err));
}

static const struct option_def save_options[] = {
        OUTPUT_OPTION,
        { "compress", 'z', OPTION_FLAG, AT(compress), NULL, NULL, "compress the layers with gzip" },
        { 0 },
};

const struct command cmd_image_save_command = {
        .name = "image save",
        .args = "IMAGE",
        .min_args = 1,
        .max_args = 1,
        .summary = "write an image as an archive of an OCI layout",
        .description =
                "Writes a tar archive, which `image load`, skopeo (oci-archive:), podman and docker can read.",
        .examples = "cfs-box save busybox | ssh HOST cfs-box load",
        .options = save_options,
        .values_size = sizeof(struct values),
        .run = run_save,
};
