/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What kind of thing is imported is seen from what it contains, not from its name. An archive may come from a
 * pipe, so it is unpacked first, as if it were a layer; when it turns out to be an OCI layout or the output
 * of `docker save`, the image is read from the directory that this made.
 */
#include "box/image/import.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/image/layer.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static bool has_file(int dir_fd, const char *name)
{
        struct stat st;

        return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static bool is_layout(int dir_fd)
{
        return has_file(dir_fd, "oci-layout") && has_file(dir_fd, "index.json");
}

/* `docker save` of today writes both forms in one archive: the OCI one has verified digests. */
static bool is_docker(int dir_fd)
{
        return has_file(dir_fd, "manifest.json") && !has_file(dir_fd, "bin/sh");
}

static int import_directory(const struct box *box, int fd, const char *source, const struct import_options *o,
                            char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        struct layer layer;
        int r;

        if (is_layout(fd))
                return layout_import(box, fd, source, o, ret_id, err);
        if (is_docker(fd))
                return docker_import(box, fd, source, o, ret_id, err);
        r = layer_add_directory(box, fd, source, false, &layer, err);
        if (r < 0)
                return r;
        return rootfs_image(box, layer.id, layer.diff_id, o, "cfs-box import", ret_id, err);
}

static int import_archive(const struct box *box, int fd, const char *source, uint64_t size,
                          const struct import_options *o, char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        _cleanup_close_ int dir_fd = -1;
        struct layer layer;
        int r = layer_unpack_aside(box, fd, source, size, &layer, &dir_fd, err);

        if (r < 0)
                return r;
        if (is_layout(dir_fd) || is_docker(dir_fd)) {
                r = import_directory(box, dir_fd, source, o, ret_id, err);
                layer_forget(box, &layer);
                return r;
        }
        r = layer_keep(box, &layer, err);
        if (r < 0) {
                layer_forget(box, &layer);
                return r;
        }
        return rootfs_image(box, layer.id, layer.diff_id, o, "cfs-box import", ret_id, err);
}

int import_image(const struct box *box, const char *source, const struct import_options *o,
                 char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (STREQ(source, "-")) {
                if (isatty(STDIN_FILENO))
                        return err_set(err, CFS_E_INVALID,
                                       "standard input is a terminal: an archive is expected there");
                return import_archive(box, STDIN_FILENO, "standard input", 0, o, ret_id, err);
        }
        fd = io_open_named(source, err);
        if (fd < 0)
                return err_prefix(err, fd, "import");
        if (fstat(fd, &st) < 0)
                return err_path(err, errno, "open", source, "import `%s`", source);
        if (S_ISDIR(st.st_mode))
                return import_directory(box, fd, source, o, ret_id, err);
        return import_archive(box, fd, source, S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0, o, ret_id,
                              err);
}
