/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diff: what has changed is seen in the upper layer alone. A whiteout is a file that was removed; what no
 * layer below has was added; the rest was changed.
 */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/container/files.h"
#include "box/image/layer.h"
#include "box/store/image.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MAX_LAYERS 512

struct diff {
        int layers[MAX_LAYERS]; /* directories, the highest first */
        size_t n;
        int (*fn)(void *data, char kind, const char *path);
        void *data;
        struct cfs_error *err;
};

static bool is_whiteout(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool is_below(const struct diff *d, const char *path)
{
        for (size_t i = 0; i < d->n; i++) {
                _cleanup_close_ int fd = path_open_beneath(d->layers[i], path, O_PATH | O_NOFOLLOW, NULL);
                struct stat st;

                /* The last component may be a link, which "beneath" refuses to open. */
                if (fd == -ELOOP)
                        return true;
                if (fd >= 0 && fstat(fd, &st) == 0)
                        return !is_whiteout(&st);
        }
        return false;
}

/* Files that were made for the box's own mounts. */
static bool is_mount_point(const char *path, const struct stat *st)
{
        static const char *const own[] = { "etc/hosts", "etc/hostname", "etc/resolv.conf" };

        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
                if (STREQ(own[i], path))
                        return S_ISREG(st->st_mode) && st->st_size == 0;
        return false;
}

static int walk(const struct diff *d, int dir_fd, const char *dir);

static int entry(const struct diff *d, int dir_fd, const char *dir, const char *name)
{
        _cleanup_free_ char *path = NULL;
        struct stat st;
        int r = str_printf(&path, d->err, "%s%s%s", dir, *dir ? "/" : "", name);

        if (r < 0)
                return r;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : err_sys(d->err, errno, "fstatat", "look at `%s`", path);
        if (is_mount_point(path, &st))
                return 0;
        r = d->fn(d->data, is_whiteout(&st) ? 'D' : is_below(d, path) ? 'C' : 'A', path);
        if (r >= 0 && S_ISDIR(st.st_mode)) {
                _cleanup_close_ int fd =
                        openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                r = fd < 0 ? err_sys(d->err, errno, "openat", "open `%s`", path) : walk(d, fd, path);
        }
        return r;
}

static int walk(const struct diff *d, int dir_fd, const char *dir)
{
        struct dirent **names;
        int n, r = 0;

        n = scandirat(dir_fd, ".", &names, NULL, alphasort);
        if (n < 0)
                return err_sys(d->err, errno, "scandir", "read directory `/%s`", dir);
        for (int i = 0; i < n; i++) {
                if (r >= 0 && !STREQ(names[i]->d_name, ".") && !STREQ(names[i]->d_name, ".."))
                        r = entry(d, dir_fd, dir, names[i]->d_name);
                free(names[i]);
        }
        free(names);
        return r;
}

static int open_layers(const struct box *box, const char *image, struct diff *d, struct cfs_error *err)
{
        _cleanup_free_ int64_t *layers = NULL;
        size_t n;
        int r = store_image_layers(box, image, &layers, &n, err);

        for (size_t i = n; r >= 0 && i > 0 && d->n < MAX_LAYERS; i--) {
                r = layer_open(box, layers[i - 1], err);
                if (r >= 0)
                        d->layers[d->n++] = r;
        }
        return r;
}

int files_diff(const struct box *box, const char *id, int (*fn)(void *data, char kind, const char *path),
               void *data, struct cfs_error *err)
{
        struct diff d = { .fn = fn, .data = data, .err = err };
        _cleanup_close_ int upper = -1;
        struct container c;
        char path[80];
        int r = create_reopen(&c, box, id, err);

        if (r < 0)
                return r;
        r = open_layers(box, c.image, &d, err);
        (void)snprintf(path, sizeof(path), "%s/upper", c.own);
        if (r >= 0 && (upper = openat(box->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
                r = err_sys(err, errno, "openat", "open %s/%s", box->root, path);
        if (r >= 0)
                r = walk(&d, upper, "");
        for (size_t i = 0; i < d.n; i++)
                (void)close(d.layers[i]);
        create_release(&c);
        return r < 0 ? r : 0;
}
