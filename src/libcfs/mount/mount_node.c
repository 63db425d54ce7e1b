/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One device node, in the three ways that there are:
 *
 *   mknod(2)                  where the init may: without a user namespace.
 *   made by the runtime       mknod(2) of a device is refused in a user namespace. A privileged runtime makes the nodes
 *                             in a tmpfs of its own, with the owner as the host sees it, and the init mounts
 *                             each one on an empty file. So name, owner and mode are those of the
 *                             configuration.
 *   the host's, bind-mounted  by a runtime without privilege, after looking at what was cloned: it must be
 *                             the very device. Owner and mode are the host's there, and a warning says so
 *                             when others were asked for.
 *
 * What exists already: a device of linux.devices must be the one asked for (config-linux.md, "Devices"), and
 * is left as it is: it may be the host's, by a bind mount. A default device whose place is taken is left,
 * whatever is there: the image, or a mount of the configuration (`--volume /dev/urandom:/dev/random`), wants
 * it so. runc and crun do the same.
 */
#include "libcfs/mount/mount_node.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/str.h"
#include "base/weakened.h"
#include "base/sys.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif

bool mount_node_is_same(const struct mount_node *n, const struct stat *st)
{
        return (st->st_mode & S_IFMT) == n->type && (n->type == S_IFIFO || st->st_rdev == n->dev);
}

bool mount_node_is_mount(int dir, const char *name)
{
        struct statx stx;

        return statx(dir, name, AT_SYMLINK_NOFOLLOW, 0, &stx) == 0 &&
               (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* ---- the host's node ----------------------------------------------------------------------------------- */

/* What devtmpfs calls the device: "DEVNAME=fuse" in /sys/dev/char/10:229/uevent. Empty when it has no
 * name. */
static void kernel_name(const struct mount_node *n, char *buf, size_t size)
{
        _cleanup_free_ char *text = NULL;
        char path[64], *name;

        buf[0] = '\0';
        (void)snprintf(path, sizeof(path), "/sys/dev/%s/%u:%u/uevent", n->type == S_IFBLK ? "block" : "char",
                       major(n->dev), minor(n->dev));
        if (io_read_file(AT_FDCWD, path, 4096, &text, NULL, NULL) < 0 || !(name = strstr(text, "DEVNAME=")))
                return;
        name += strlen("DEVNAME=");
        name[strcspn(name, "\n")] = '\0';
        (void)snprintf(buf, size, "/dev/%s", name);
}

/* A clone of the host's node: by its path there, by its number (udev's links), by the kernel's name for
 * it. */
static int clone_host(const struct mount_node *n, struct cfs_error *err)
{
        char by_number[64], by_name[300];
        const char *paths[] = { n->path, by_number, by_name };
        _cleanup_close_ int fd = -1;
        struct stat st;

        (void)snprintf(by_number, sizeof(by_number), "/dev/%s/%u:%u", n->type == S_IFBLK ? "block" : "char",
                       major(n->dev), minor(n->dev));
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                if (paths[i] == by_name)
                        kernel_name(n, by_name, sizeof(by_name));
                if (stat(paths[i], &st) < 0) {
                        if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
                                continue;
                        return err_path(err, errno, "stat", paths[i], "examine the host's `%s`", paths[i]);
                }
                if (!mount_node_is_same(n, &st))
                        continue;
                fd = mnt_clone(AT_FDCWD, paths[i], false, err);
                if (fd < 0)
                        return fd;
                if (fstat(fd, &st) < 0)
                        return err_path(err, errno, "fstat", paths[i], "examine the host's `%s`", paths[i]);
                if (mount_node_is_same(n, &st))
                        return TAKE_FD(fd);
                return err_set(err, CFS_E_SYSTEM, "the host's `%s` was exchanged", paths[i]);
        }
        return err_set(
                err, CFS_E_UNSUPPORTED,
                "device nodes cannot be made here (user namespace), and the host has no node in /dev for `%s`, device %u:%u",
                n->path, major(n->dev), minor(n->dev));
}

/* Owners are compared by what is asked for: 0 is what engines write for "the usual", which no bind mount
 * can give. */
static void warn_of_difference(const struct mount_node *n, int fd)
{
        struct stat st;

        if (n->is_default || fstat(fd, &st) < 0)
                return;
        if (n->has_mode && (st.st_mode & 07777) != n->mode)
                log_warning("`%s`: fileMode %04o is not applied: the node is the host's, whose mode is %04o",
                            n->path, (unsigned)n->mode, (unsigned)(st.st_mode & 07777));
        if ((n->uid != (uid_t)-1 && n->uid != 0 && st.st_uid != n->uid) ||
            (n->gid != (gid_t)-1 && n->gid != 0 && st.st_gid != n->gid))
                log_warning("`%s`: uid and gid are not applied: the node is the host's, and so is its owner",
                            n->path);
}

/* It is the host's own node, which root in a container without a user namespace owns. Through a read-only
 * mount its mode and owner cannot be changed; a device can be written to all the same. */
static int protect_host(int fd, struct cfs_error *err)
{
        return WEAKENED("bound-node") ? 0 : mnt_setattr(fd, false, MOUNT_ATTR_RDONLY, 0, 0, -1, err);
}

/* ---- mounting one -------------------------------------------------------------------------------------- */

static int bind_node(const struct mount_node_maker *k, int dir, const char *name, const struct mount_node *n,
                     struct cfs_error *err)
{
        _cleanup_close_ int file = -1; /* open for writing it would keep its mount from becoming read-only */
        _cleanup_close_ int fd = -1, target = -1;
        bool made = k->made_fd >= 0 && n->made[0];

        fd = made ? mnt_clone(k->made_fd, n->made, false, err) : clone_host(n, err);
        if (fd < 0)
                return fd;
        if (!made) {
                int r = protect_host(fd, err);

                if (r < 0)
                        return r;
                warn_of_difference(n, fd);
        }
        file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (file < 0 && errno != EEXIST)
                return err_sys(err, errno, "openat", "make `%s`", n->path);
        target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (target < 0)
                return err_sys(err, errno, "openat", "make `%s`", n->path);
        return mnt_attach(fd, target, err);
}

/* Something is there. */
static int accept_existing(const struct mount_node_maker *k, int dir, const char *name,
                           const struct mount_node *n, struct cfs_error *err)
{
        struct stat st;

        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(err, errno, "fstatat", "examine `%s`", n->path);
        if (mount_node_is_same(n, &st))
                return 0;
        /* An empty file is what a node was bound on in an earlier container of the same root file system. */
        if (!k->mknod_ && S_ISREG(st.st_mode) && st.st_size == 0 && n->type != S_IFIFO &&
            !mount_node_is_mount(dir, name))
                return bind_node(k, dir, name, n, err);
        if (n->is_default) {
                log_info("`%s` exists, and stays: it is not the default device", n->path);
                return 0;
        }
        return err_set(err, CFS_E_INVALID, MOUNT_NODE_OTHER_THING, n->path);
}

static int make_at(const struct mount_node_maker *k, int dir, const char *name, const struct mount_node *n,
                   struct cfs_error *err)
{
        if (!k->mknod_ && n->type != S_IFIFO) {
                struct stat st; /* not faccessat2(2), which filters know less well */

                if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                        return accept_existing(k, dir, name, n, err);
                if (errno != ENOENT)
                        return err_sys(err, errno, "fstatat", "look for `%s`", n->path);
                return bind_node(k, dir, name, n, err);
        }
        if (mknodat(dir, name, n->type | n->mode, n->dev) < 0) {
                if (errno == EEXIST)
                        return accept_existing(k, dir, name, n, err);
                /* A runtime in a user namespace that makes a container without one of its own. */
                if (errno == EPERM && n->type != S_IFIFO)
                        return bind_node(k, dir, name, n, err);
                return err_sys(err, errno, "mknodat", "make `%s`", n->path);
        }
        if ((n->uid != (uid_t)-1 || n->gid != (gid_t)-1) &&
            fchownat(dir, name, n->uid, n->gid, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(err, errno, "fchownat", "give `%s` to %u:%u", n->path, n->uid, n->gid);
        return 0;
}

/* In a /dev that is not the container's own nothing is made; what is there may do. */
static int look_in_foreign_dev(const struct mount_node_maker *k, const struct mount_node *n)
{
        _cleanup_close_ int fd = path_open_in_root(k->root_fd, n->path, O_PATH | O_NOFOLLOW, NULL);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || !mount_node_is_same(n, &st))
                log_warning(MOUNT_NODE_NOT_MADE, n->path);
        return 0;
}

int mount_node_make(const struct mount_node_maker *k, const struct mount_node *n, struct cfs_error *err)
{
        const char *below = n->path + strspn(n->path, "/"), *name;
        _cleanup_close_ int dir = -1;
        size_t skip = strcspn(below, "/");

        if (skip == 3 && str_has_prefix(below, "dev/")) {
                below += skip + strspn(below + skip, "/");
                if (k->dev_fd < 0)
                        return look_in_foreign_dev(k, n);
                if (!strchr(below, '/'))
                        return make_at(k, k->dev_fd, below, n, err);
                dir = path_parent_in_root(k->dev_fd, below, 0755, &name, err);
        } else {
                dir = path_parent_in_root(k->root_fd, n->path, 0755, &name, err);
        }
        return dir < 0 ? dir : make_at(k, dir, name, n, err);
}

/* ---- by the runtime ------------------------------------------------------------------------------------ */

int mount_node_prepare(int dir_fd, const struct mount_node *n, uid_t uid, gid_t gid, struct cfs_error *err)
{
        if (mknodat(dir_fd, n->made, n->type | n->mode, n->dev) < 0)
                return err_sys(err, errno, "mknodat", "make the node for `%s`", n->path);
        if (fchownat(dir_fd, n->made, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(err, errno, "fchownat", "give the node for `%s` to %u:%u", n->path, uid, gid);
        return 0;
}
