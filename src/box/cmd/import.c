/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box import, image make: ways in for images.
 */
#include "box/cmd/cmd.h"
#include "box/image/import.h"
#include "box/image/layer.h"
#include <stddef.h>
#include <stdio.h>

struct values {
        const char *name, *suite;
        const char **env;
};

#define AT(field) offsetof(struct values, field)

/* Whatever went wrong: the layers of a failed import belong to no image. */
static int finish(const struct box *box, int r, const char *id, struct cfs_error *err)
{
        struct cfs_error ignored;

        (void)layer_collect(box, &ignored);
        if (r < 0)
                return r;
        if (id)
                printf("%s\n", id);
        return 0;
}

static void print_id(const char *id)
{
        printf("%s\n", id);
}

static int run_import(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        const struct import_options o = { .name = args[1],
                                          .command = args[1] && args[2] ? args + 2 : NULL,
                                          .env = v->env,
                                          .added = print_id };
        char id[DIGEST_SIZE] = "";

        return finish(box, import_image(box, args[0], &o, id, err), NULL, err);
}

static const struct option_def import_options[] = {
        { "env", 'e', OPTION_LIST, AT(env), "NAME=VALUE", NULL, "an environment variable of the image" },
        { 0 },
};

const struct command cmd_import_command = {
        .name = "import",
        .args = "SOURCE [NAME[:TAG]] [COMMAND [ARG...]]",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .stop_after = 2,
        .summary = "make an image of a directory or an archive",
        .description =
                "SOURCE is a directory, an archive (tar, also compressed with gzip, bzip2, xz or zstd), or -\n"
                "for an archive on standard input. It contains a root file system, an OCI layout, or the\n"
                "output of `docker save`; cfs-box finds out which. An OCI layout and a docker archive name\n"
                "their images and the commands of these. For a root file system NAME is the name of the\n"
                "image, and COMMAND its command, /bin/sh by default.\n"
                "\n"
                "Digests are verified. Archives larger than 64 GiB are refused, and so are members that lead\n"
                "outside or that pretend to be whiteouts of overlayfs. The error names the member, and\n"
                "nothing is left behind. Prints the ID of each image.",
        .examples =
                "cfs-box import alpine-minirootfs-3.19.tar.gz alpine:3.19\n"
                "skopeo copy docker://debian oci-archive:debian.tar:debian:12 && cfs-box import debian.tar\n"
                "docker save nginx | cfs-box import -",
        .options = import_options,
        .values_size = sizeof(struct values),
        .run = run_import,
};

static int run_make(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        char id[DIGEST_SIZE] = "";

        return finish(box, make_image(box, args[0], v->name, v->suite, id, err), id, err);
}

static const struct option_def make_options[] = {
        { "name", 'n', OPTION_TEXT, AT(name), "NAME[:TAG]", NULL,
          "the image's name; busybox or debian by default" },
        { "suite", 0, OPTION_TEXT, AT(suite), "SUITE", NULL, "debian: the suite, stable by default" },
        { 0 },
};

const struct command cmd_image_make_command = {
        .name = "image make",
        .args = "busybox|debian",
        .min_args = 1,
        .max_args = 1,
        .summary = "make an image from what this machine has",
        .description =
                "busybox: the machine's own static busybox, with a link for each of its applets. This needs\n"
                "no network.\n"
                "\n"
                "debian: a minimal Debian, made by mmdebstrap(1) from the mirrors that apt uses.\n"
                "\n"
                "Prints the image's ID.",
        .examples = "cfs-box image make busybox && cfs-box run busybox echo hello",
        .options = make_options,
        .values_size = sizeof(struct values),
        .run = run_make,
};
