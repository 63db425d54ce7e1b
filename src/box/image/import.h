/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Import and export of images.
 */
#ifndef BOX_IMAGE_IMPORT_H
#define BOX_IMAGE_IMPORT_H

#include "box/core/box.h"
#include "box/core/digest.h"

struct import_options {
        const char *name;              /* for the image; NULL: what it says itself       */
        void (*added)(const char *id); /* called for each image; may be NULL */
        /* For root file systems, which say nothing of what to run: */
        const char *const *command; /* NULL-terminated, or NULL: /bin/sh       */
        const char *const *env;     /* NULL-terminated, or NULL                */
};

/* `source`: a directory (a root file system, or an OCI layout), an archive (of a root file system, an OCI
 * layout, or `docker save`), "-" for an archive from standard input. ret_id is that of the (last) image. */
int import_image(const struct box *box, const char *source, const struct import_options *o,
                 char ret_id[DIGEST_SIZE], struct cfs_error *err);

/* layout.c: all images of an OCI layout. */
int layout_import(const struct box *box, int dir_fd, const char *source, const struct import_options *o,
                  char ret_id[DIGEST_SIZE], struct cfs_error *err);
/* export.c: writes images as a new OCI layout. */
struct export_image {
        char id[DIGEST_SIZE];
        char *name; /* NULL: it has none there */
};

struct export_options {
        const struct export_image *images;
        size_t n;
        bool gzip;   /* compress the layers                                         */
        bool docker; /* with manifest.json, for those that read `docker save` alone */
};

int export_layout(const struct box *box, const struct export_options *o, const char *dir,
                  struct cfs_error *err);

/* docker.c: all images of an unpacked `docker save`. */
int docker_import(const struct box *box, int dir_fd, const char *source, const struct import_options *o,
                  char ret_id[DIGEST_SIZE], struct cfs_error *err);

/* make.c: an image from what this machine has: "busybox", "debian". */
int make_image(const struct box *box, const char *kind, const char *name, const char *suite,
               char ret_id[DIGEST_SIZE], struct cfs_error *err);

/* rootfs.c: makes an image of one layer, which came from a directory or an archive with a root file
 * system. */
int rootfs_image(const struct box *box, int64_t layer, const char *diff_id, const struct import_options *o,
                 const char *created_by, char ret_id[DIGEST_SIZE], struct cfs_error *err);

#endif
