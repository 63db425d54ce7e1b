/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The descriptor-based mount API.
 *
 * mount(2) takes strings for everything, and answers any mistake with EINVAL. fsopen(2) and fsconfig(2) take
 * one option at a time, so that the guilty one is known; and the descriptor of fsopen has a log: read(2) on
 * it returns one message of the kernel each time ("e tmpfs: Bad value for 'size'": e is for error, w for
 * warning, i for information), then ENODATA. Users get to see that instead of "invalid argument".
 *
 * The order is fixed: options, FSCONFIG_CMD_CREATE (makes the superblock), fsmount(2) (makes the mount, with
 * its flags), and only then move_mount(2) makes it visible.
 */
#include "base/mnt.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define MAX_MESSAGES 16  /* the kernel keeps 8                                        */
#define MAX_VALUE    256 /* fsconfig(2): bytes of a string value, the NUL included    */

/* Collects the kernel's error messages, or its warnings when it has no errors. "" when it said nothing. */
static void read_messages(int fs_fd, char *buf, size_t size)
{
        char msg[512], wanted = 'e';
        size_t len = 0;

        buf[0] = '\0';
        for (int i = 0; i < MAX_MESSAGES; i++) {
                ssize_t n = read(fs_fd, msg, sizeof(msg) - 1);
                int added;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EMSGSIZE) /* longer than our buffer, and dropped */
                        continue;
                if (n < 2)
                        break;
                msg[n] = '\0';
                if (msg[0] != 'e' && msg[0] != 'w')
                        continue;
                if (msg[0] != wanted && len > 0)
                        continue;
                wanted = msg[0];
                added = snprintf(buf + len, size - len, "%s%.*s", len ? "; " : "",
                                 (int)strcspn(msg + 2, "\n"), msg + 2);
                len = (size_t)added < size - len ? len + (size_t)added : size - 1;
        }
}

/* A call on a file system context failed with errnum while doing `what`. */
__attribute__((format(printf, 5, 6))) static int fs_fail(struct cfs_error *err, int fs_fd, int errnum,
                                                         const char *syscall, const char *fmt, ...)
{
        char what[400], messages[800];
        va_list ap;

        va_start(ap, fmt);
        if (vsnprintf(what, sizeof(what), fmt, ap) < 0)
                what[0] = '\0';
        va_end(ap);
        read_messages(fs_fd, messages, sizeof(messages));
        return err_sys(err, errnum, syscall, "%s%s%s", what, messages[0] ? ": " : "", messages);
}

/* One option, "key=value" or "flag". */
static int set_option(int fs_fd, const char *fstype, const char *option, struct cfs_error *err)
{
        _cleanup_free_ char *key = NULL;
        const char *eq = strchr(option, '=');
        int r;

        if (!eq) {
                r = fsconfig(fs_fd, FSCONFIG_SET_FLAG, option, NULL, 0);
        } else {
                if (strlen(eq + 1) >= MAX_VALUE)
                        return err_set(
                                err, CFS_E_UNSUPPORTED,
                                "%s: option `%.64s...`: the kernel takes at most %d bytes for one option",
                                fstype, option, MAX_VALUE - 1);
                r = str_printf(&key, err, "%.*s", (int)(eq - option), option);
                if (r < 0)
                        return r;
                r = fsconfig(fs_fd, FSCONFIG_SET_STRING, key, eq + 1, 0);
        }
        if (r < 0)
                return fs_fail(err, fs_fd, errno, "fsconfig", "%s: option `%.300s`", fstype, option);
        return 0;
}

static int set_options(int fs_fd, const char *fstype, const char *const *keyvals, struct cfs_error *err)
{
        for (; keyvals && *keyvals; keyvals++) {
                int r = set_option(fs_fd, fstype, *keyvals, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

int mnt_open_fs(const char *fstype, struct cfs_error *err)
{
        int fd = fsopen(fstype, FSOPEN_CLOEXEC), r;

        if (fd >= 0)
                return fd;
        r = err_sys(err, errno, "fsopen", "file system type `%s`", fstype);
        if (r == -ENODEV)
                r = err_hint(err, r,
                             "this kernel does not have that file system, or its module is not loaded");
        return r;
}

int mnt_try_options(const char *fstype, const char *const *keyvals, struct cfs_error *err)
{
        _cleanup_close_ int fs_fd = mnt_open_fs(fstype, err);

        return fs_fd < 0 ? fs_fd : set_options(fs_fd, fstype, keyvals, err);
}

int mnt_finish_fs(int fs_fd, const char *fstype, const char *source, const char *const *keyvals,
                  unsigned attr_flags, struct cfs_error *err)
{
        int fd, r;

        if (source && fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
                return fs_fail(err, fs_fd, errno, "fsconfig", "%s: source `%.300s`", fstype, source);
        r = set_options(fs_fd, fstype, keyvals, err);
        if (r < 0)
                return r;
        if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return fs_fail(err, fs_fd, errno, "fsconfig", "make file system `%s`", fstype);
        fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attr_flags);
        if (fd < 0)
                return fs_fail(err, fs_fd, errno, "fsmount", "mount file system `%s`", fstype);
        return fd;
}

int mnt_new_fs(const char *fstype, const char *source, const char *const *keyvals, unsigned attr_flags,
               struct cfs_error *err)
{
        _cleanup_close_ int fs_fd = mnt_open_fs(fstype, err);

        return fs_fd < 0 ? fs_fd : mnt_finish_fs(fs_fd, fstype, source, keyvals, attr_flags, err);
}

int mnt_clone(int dirfd, const char *path, bool recursive, struct cfs_error *err)
{
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
        int fd;

        if (recursive)
                flags |= AT_RECURSIVE;
        if (!*path)
                flags |= AT_EMPTY_PATH;
        fd = open_tree(dirfd, path, flags);
        if (fd >= 0)
                return fd;
        if (!*path)
                return err_sys(err, errno, "open_tree", "clone a mount");
        return err_path(err, errno, "open_tree", path, "clone mount `%s`", path);
}

int mnt_clone_readonly(int fd, struct cfs_error *err)
{
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;
        static bool unknown; /* to this kernel */
        _cleanup_close_ int clone = unknown ? -1 : sys_open_tree_attr(fd, "", flags, &attr);
        int r;

        if (clone >= 0)
                return TAKE_FD(clone);
        /* ENOSYS, or what a sandbox says to a number that it does not know. Should it have been another
         * failure, one of these two has it as well. */
        unknown = true;
        clone = mnt_clone(fd, "", true, err);
        r = clone < 0 ? clone : mnt_setattr(clone, true, MOUNT_ATTR_RDONLY, 0, 0, -1, err);
        return r < 0 ? r : TAKE_FD(clone);
}

int mnt_setattr(int mnt_fd, bool recursive, uint64_t set, uint64_t clr, uint64_t propagation, int userns_fd,
                struct cfs_error *err)
{
        struct mount_attr attr = { .attr_set = set, .attr_clr = clr, .propagation = propagation };
        const char *what = userns_fd >= 0 ? "map the ids of a mount" : "change the flags of a mount";
        int r;

        if (set & MOUNT_ATTR__ATIME)
                attr.attr_clr |= MOUNT_ATTR__ATIME; /* not bits but one number: mount_setattr(2) insists */
        if (userns_fd >= 0) {
                attr.attr_set |= MOUNT_ATTR_IDMAP;
                attr.userns_fd = (uint64_t)userns_fd;
        }
        if (!attr.attr_set && !attr.attr_clr && !attr.propagation)
                return 0;
        if (mount_setattr(mnt_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr)) ==
            0)
                return 0;
        r = err_sys(err, errno, "mount_setattr", "%s", what);
        if (userns_fd >= 0 && r == -EINVAL)
                r = err_hint(err, r, "its file system does not support mapped ids");
        return r;
}

int mnt_attach(int mnt_fd, int target_fd, struct cfs_error *err)
{
        if (move_mount(mnt_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
                return err_sys(err, errno, "move_mount", "attach a mount");
        return 0;
}

int mnt_attach_at(int mnt_fd, int dirfd, const char *name, struct cfs_error *err)
{
        if (!*name || strchr(name, '/') || STREQ(name, ".."))
                return err_set(err, CFS_E_BUG, "attach a mount: `%s` is not one name", name);
        if (move_mount(mnt_fd, "", dirfd, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return err_sys(err, errno, "move_mount", "attach a mount to `%s`", name);
        return 0;
}
