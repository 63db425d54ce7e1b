/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.maskedPaths: what must not be read inside is covered; a file by the null device, a directory by an empty one.
 *
 * We are in the container's root by now, so the null device is the container's: somebody who shares the root file system
 * could have put a link there, and made us bind anything, writable, on /proc/sys/kernel/core_pattern (CVE-2025-31133).
 * So it is opened without following links and must be the character device 1:3; clones are made of that descriptor, not
 * of the path.
 *
 * Kubernetes masks one path for each CPU. All directories share one tmpfs: the first gets it, the others get clones,
 * which cost a tenth.
 *
 * A path that does not exist needs no mask, and neither does one that nobody in the container could reach, because a
 * directory on the way refuses the container's root user and its own owner. Any other failure is one of create: a mask that
 * is not there is a hole.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
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

static int open_null(int root_fd, struct cfs_error *err)
{
        _cleanup_close_ int dev = mount_target_dev(root_fd, NULL, err);
        _cleanup_close_ int fd = dev < 0 ? dev : path_open_beneath(dev, "null", O_PATH | O_NOFOLLOW, err);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return err_sys(err, errno, "fstat", "examine the container's `/dev/null`");
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
                return err_set(err, CFS_E_INVALID, "the container's `/dev/null` is not the null device");
        return TAKE_FD(fd);
}

static int mask_file(struct masks *k, int root_fd, int target, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;

        if (k->null_fd < 0)
                k->null_fd = open_null(root_fd, err);
        if (k->null_fd < 0)
                return k->null_fd;
        fd = mnt_clone(k->null_fd, "", false, err);
        return fd < 0 ? fd : mnt_attach(fd, target, err);
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
                log_info("`%s` is not masked: it lies in a directory that nobody in the container may enter",
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
        struct masks k = { .null_fd = -1, .dir_fd = -1 };
        const char *label = c->linux_->mount_label;
        int r = 0;

        k.env = (struct mount_env){ .label = str_empty(label) ? NULL : label, .arena = c->arena };
        for (size_t i = 0; r >= 0 && i < c->linux_->n_masked_paths; i++) {
                r = mask(&k, c->rootfs_fd, c->linux_->masked_paths[i], err);
                if (r < 0)
                        (void)err_property(err, r, "linux.maskedPaths[%zu]", i);
        }
        cleanup_close_p(&k.null_fd);
        cleanup_close_p(&k.dir_fd);
        return r;
}

void masked_paths_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->linux_->n_masked_paths; i++)
                report_line(r, "hide %s", c->linux_->masked_paths[i]);
}
