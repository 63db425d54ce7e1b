/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * O_TMPFILE makes a file without a name, which is gone when this process is killed. linkat(2) cannot
 * replace a file, so one that is there already is replaced by a rename(2) of a second name.
 */
#include "box/cmd/target.h"
#include "base/cleanup.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int standard_output(struct target *t, struct cfs_error *err)
{
        if (isatty(STDOUT_FILENO))
                return err_hint(err, err_set(err, CFS_E_INVALID, "standard output is a terminal"),
                                "--output FILE, or redirect it");
        t->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        return t->fd < 0 ? err_sys(err, errno, "fcntl", "duplicate standard output") : 0;
}

static const char *last_component(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* A file without a name in the directory of t->path. Not every file system has them: -EOPNOTSUPP. */
static int open_unnamed(struct target *t, const struct stat *old)
{
        size_t len = (size_t)(last_component(t->path) - t->path);
        _cleanup_free_ char *dir = len ? strndup(t->path, len) : strdup(".");

        if (!dir)
                return -ENOMEM;
        t->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (t->dir_fd < 0)
                return -errno;
        t->fd = openat(t->dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
        if (t->fd < 0)
                return -errno;
        /* The new file is for those that the old one was for. */
        if (old && (fchown(t->fd, old->st_uid, old->st_gid) < 0 || fchmod(t->fd, old->st_mode & 07777) < 0))
                return -EOPNOTSUPP;
        return 0;
}

static void target_release(struct target *t)
{
        cleanup_close_p(&t->fd);
        cleanup_close_p(&t->dir_fd);
        free(t->path);
        *t = (struct target){ .fd = -1, .dir_fd = -1 };
}

int target_open(struct target *t, const char *path, struct cfs_error *err)
{
        _cleanup_free_ char *real = NULL;
        struct stat st;
        bool there;
        int r;

        *t = (struct target){ .fd = -1, .dir_fd = -1 };
        if (!path || STREQ(path, "-"))
                return standard_output(t, err);
        there = stat(path, &st) == 0;
        if (!there && errno != ENOENT)
                return err_path(err, errno, "stat", path, "write `%s`", path);
        /* A link stays a link, and what it leads to is replaced. */
        real = there ? realpath(path, NULL) : NULL;
        if (!there || (S_ISREG(st.st_mode) && real && access(real, W_OK) == 0)) {
                r = str_dup(&t->path, real ? real : path, err);
                if (r < 0)
                        return r;
                r = open_unnamed(t, there ? &st : NULL);
                if (r >= 0)
                        return 0;
                target_release(t);
                if (r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -ENOSPC || r == -EIO)
                        return err_path(err, -r, "open", path, "write `%s`", path);
        }
        /* A device, a FIFO; a directory in which nothing may be made. */
        t->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        return t->fd < 0 ? err_path(err, errno, "open", path, "write `%s`", path) : 0;
}

static int give_name(const struct target *t, struct cfs_error *err)
{
        _cleanup_free_ char *second = NULL;
        char fd_path[32];
        int r;

        (void)snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", t->fd);
        if (linkat(AT_FDCWD, fd_path, t->dir_fd, last_component(t->path), AT_SYMLINK_FOLLOW) == 0)
                return 0;
        if (errno != EEXIST)
                return err_path(err, errno, "linkat", t->path, "write `%s`", t->path);
        r = str_printf(&second, err, "%s.%d", last_component(t->path), (int)getpid());
        if (r < 0)
                return r;
        if (linkat(AT_FDCWD, fd_path, t->dir_fd, second, AT_SYMLINK_FOLLOW) < 0)
                return err_path(err, errno, "linkat", t->path, "write `%s` as `%s`", t->path, second);
        if (renameat(t->dir_fd, second, t->dir_fd, last_component(t->path)) < 0) {
                r = err_path(err, errno, "renameat", t->path, "replace `%s`", t->path);
                (void)unlinkat(t->dir_fd, second, 0);
                return r;
        }
        return 0;
}

int target_close(struct target *t, int r, struct cfs_error *err)
{
        if (r >= 0 && t->path)
                r = give_name(t, err);
        target_release(t);
        return r < 0 ? r : 0;
}
