/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removing a directory of the box by descriptors: the last component is not followed, and what is in it may
 * be a container's work. Reading one: an error is not the end of it.
 */
#include "box/core/directory.h"
#include "base/cleanup.h"
#include "base/rmtree.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int directory_remove(const struct box *box, const char *path, struct cfs_error *err)
{
        _cleanup_close_ int fd = openat(box->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        const char *root = *path == '/' ? "" : box->root;
        int r;

        if (fd < 0)
                return errno == ENOENT ? 0 : err_sys(err, errno, "openat", "open %s/%s", root, path);
        r = rmtree_contents(fd);
        if (r >= 0 && unlinkat(box->root_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
                r = -errno;
        return r < 0 ? err_sys(err, -r, "unlinkat", "remove %s/%s", root, path) : 0;
}

int directory_open(struct dir *d, int dir_fd, const char *name, const char *path, struct cfs_error *err)
{
        int r = dir_open(d, dir_fd, name);

        return r < 0 ? err_path(err, -r, "openat", path, "open directory `%s`", path) : 0;
}

int directory_next(struct dir *d, const char *path, struct cfs_error *err)
{
        int r = dir_next(d);

        return r < 0 ? err_path(err, -r, "getdents64", path, "read directory `%s`", path) : r;
}
