/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.maskedPaths: what must not be read inside is covered; a file by the null device, a directory by an
 * empty one.
 *
 * We are in the container's root by now, so the null device is the container's: a container that shares the
 * root file system could have put a link there, and made us bind any file, writable, on
 * /proc/sys/kernel/core_pattern (CVE-2025-31133). So it is opened without following links and must be the
 * character device 1:3; clones are made of that descriptor, not of the path. Where another thing has its
 * place, an image's or a mount's (`--volume /dev/zero:/dev/null`), an empty file of a read-only tmpfs is the
 * mask.
 *
 * Kubernetes masks one path for each CPU. All directories share one tmpfs: the first gets it, the others get
 * clones, which cost a tenth.
 *
 * A path that does not exist needs no mask, and neither does one that no user of the container can reach,
 * because a directory on the way refuses the container's root user and its own owner. Any other failure is
 * one of create: a mask that is not there is a hole.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/mount/mount.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct masks {
        struct mount_env env; /* for the label                                    */
        int null_fd;          /* the container's /dev/null                        */
        int empty_fd;         /* in its place: an empty file, mounted somewhere already */
        int dir_fd;           /* the empty directory, mounted somewhere already   */
};

void masked_paths_check(const struct ctx *c, struct problems *p)
{
        if (c->linux_->n_masked_paths > 0 && !ctx_has_ns(c, CLONE_NEWNS))
                problem(p, "linux.maskedPaths",
                        "unable to restrict sys entries without a private MNT namespace");
        for (size_t i = 0; i < c->linux_->n_masked_paths; i++) {
                const char *path = c->linux_->masked_paths[i];

                if (!path_is_absolute(path))
                        problem(p, PROP("linux.maskedPaths[%zu]", i), "`%s` is not an absolute path", path);
                else if (mount_target_is_root(path, c->arena))
                        problem(p, PROP("linux.maskedPaths[%zu]", i),
                                "`%s` is the container's root, which cannot be masked", path);
        }
}

/* The container's /dev/null; -ENXIO when there is another thing in its place. */
static int masked_paths_open_null(int root_fd, struct cfs_error *err)
{
        _cleanup_close_ int fd = path_open_beneath(root_fd, "dev/null", O_PATH | O_NOFOLLOW, NULL);
        struct stat st;

        if (WEAKENED("null-device-masks"))
                return fd >= 0 ? TAKE_FD(fd) : openat(root_fd, "dev/null", O_PATH | O_CLOEXEC);
        if (fd == -ELOOP) { /* /dev may be a link */
                _cleanup_close_ int dev = mount_target_dev(root_fd, NULL, NULL);

                fd = dev < 0 ? dev : path_open_beneath(dev, "null", O_PATH | O_NOFOLLOW, NULL);
        }
        if (fd == -ENOENT || fd == -ELOOP || fd == -ENOTDIR)
                return -ENXIO;
        if (fd < 0)
                return err_sys(err, -fd, "openat2", "open the container's `/dev/null`");
        if (fstat(fd, &st) < 0)
                return err_sys(err, errno, "fstat", "examine the container's `/dev/null`");
        return S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) ? TAKE_FD(fd) : -ENXIO;
}

/* On top of the root for as long as it takes: only what is attached can be cloned, and what is open stays. */
static int attach_and_open(int fs_fd, int root_fd, const char *name, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1, cwd = -1;
        int r = mnt_attach(fs_fd, root_fd, err);

        if (r < 0)
                return r;
        fd = mnt_clone(fs_fd, name, false, err);
        cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (cwd < 0 || fchdir(fs_fd) < 0 || umount2(".", MNT_DETACH) < 0 || fchdir(cwd) < 0)
                return err_sys(err, errno, "umount2", "detach the masks");
        return fd < 0 ? fd : TAKE_FD(fd);
}

/* A detached mount of an empty file. The second and later files are masked with a clone of what is
 * attached then. */
static int make_empty(const struct masks *k, int root_fd, struct cfs_error *err)
{
        const char *options[] = { "nr_inodes=2", NULL, NULL };
        _cleanup_close_ int fs = -1, file = -1, fd = -1;
        int r;

        if (mount_label_option(&k->env, "tmpfs", NULL, &options[1]) < 0)
                return err_nomem(err);
        fs = mnt_new_fs("tmpfs", "tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                        err);
        if (fs < 0)
                return fs;
        file = openat(fs, "empty", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
        if (file < 0)
                return err_sys(err, errno, "openat", "make an empty file for masks");
        (void)close(TAKE_FD(file));
        fd = attach_and_open(fs, root_fd, "empty", err);
        r = fd < 0 ? fd : mnt_setattr(fd, false, MOUNT_ATTR_RDONLY, 0, 0, -1, err);
        return r < 0 ? r : TAKE_FD(fd);
}

static int mask_file(struct masks *k, int root_fd, int target, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        int r;

        if (k->null_fd < 0 && k->empty_fd < 0) {
                k->null_fd = masked_paths_open_null(root_fd, err);
                if (k->null_fd < 0 && k->null_fd != -ENXIO)
                        return k->null_fd;
        }
        if (k->null_fd >= 0 || k->empty_fd >= 0) {
                fd = mnt_clone(k->null_fd >= 0 ? k->null_fd : k->empty_fd, "", false, err);
                return fd < 0 ? fd : mnt_attach(fd, target, err);
        }
        fd = make_empty(k, root_fd, err);
        r = fd < 0 ? fd : mnt_attach(fd, target, err);
        if (r >= 0)
                k->empty_fd = TAKE_FD(fd);
        return r;
}

static int mask_dir(struct masks *k, int target, struct cfs_error *err)
{
        const char *options[] = { "nr_inodes=1" /* the directory itself */, NULL, NULL };
        _cleanup_close_ int fd = -1;
        int r;

        if (k->dir_fd >= 0) {
                fd = mnt_clone(k->dir_fd, "", false, err);
                return fd < 0 ? fd : mnt_attach(fd, target, err);
        }
        if (mount_label_option(&k->env, "tmpfs", NULL, &options[1]) < 0)
                return err_nomem(err);
        fd = mnt_new_fs("tmpfs", "tmpfs", options,
                        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
        if (fd < 0)
                return fd;
        r = mnt_attach(fd, target, err);
        if (r >= 0)
                k->dir_fd = TAKE_FD(fd);
        return r;
}

/* Listed twice, or reached by two paths: what is there is a mask, or the null device itself. */
static bool is_masked(const struct masks *k, const struct stat *st)
{
        struct stat dir;

        if (S_ISCHR(st->st_mode))
                return st->st_rdev == makedev(1, 3);
        if (S_ISREG(st->st_mode))
                return k->empty_fd >= 0 && fstat(k->empty_fd, &dir) == 0 && dir.st_dev == st->st_dev;
        return S_ISDIR(st->st_mode) && k->dir_fd >= 0 && fstat(k->dir_fd, &dir) == 0 &&
               dir.st_dev == st->st_dev;
}

static int mask(struct masks *k, int root_fd, const char *path, struct cfs_error *err)
{
        _cleanup_close_ int target = mount_target_reach(root_fd, path, k->env.arena);
        struct stat st;

        if (target == -ENOENT || target == -ENOTDIR)
                return 0;
        if (target == -EACCES) {
                log_info("`%s` is not masked: it lies in a directory that no user of the container may enter",
                         path);
                return 0;
        }
        if (target < 0)
                return err_sys(err, -target, "openat2", "open `%s`", path);
        if (fstat(target, &st) < 0)
                return err_sys(err, errno, "fstat", "examine `%s`", path);
        if (is_masked(k, &st))
                return 0;
        return S_ISDIR(st.st_mode) ? mask_dir(k, target, err) : mask_file(k, root_fd, target, err);
}

int masked_paths_init(struct ctx *c, struct cfs_error *err)
{
        struct masks k = { .null_fd = -1, .empty_fd = -1, .dir_fd = -1 };
        const char *label = c->linux_->mount_label;
        int r = 0;

        k.env = (struct mount_env){ .label = str_empty(label) ? NULL : label, .arena = c->arena };
        for (size_t i = 0; r >= 0 && i < c->linux_->n_masked_paths; i++) {
                r = mask(&k, c->rootfs_fd, c->linux_->masked_paths[i], err);
                if (r < 0)
                        (void)err_property(err, r, "linux.maskedPaths[%zu]", i);
        }
        if (k.null_fd >= 0)
                (void)close(k.null_fd);
        cleanup_close_p(&k.empty_fd);
        cleanup_close_p(&k.dir_fd);
        return r;
}

void masked_paths_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->linux_->n_masked_paths; i++)
                report_line(r, "hide %s", c->linux_->masked_paths[i]);
}
