/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tmpcopyup: a tmpfs that begins with a copy of what it covers, so that "/etc, writable, thrown away at the
 * end" works.
 *
 * The source is the container's root file system, which may be hostile; the copy is a tmpfs that no other
 * process can reach yet. So reading is what needs care: every name is opened relative to its directory
 * without following links and looked at through the descriptor, and a FIFO or device that appears there does
 * not make us wait. The copy cannot leave the source directory, which is walked downward only.
 *
 * What is copied: directories, files, links, FIFOs, sockets and devices with mode, owner, times and extended
 * attributes. Devices (in user namespaces), owners that are not mapped, and attributes that tmpfs does not
 * take are left out without an error: the container's root could not have made them either. A copy that has
 * another owner than the file, the container's root, is not set-user-ID or set-group-ID.
 */
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/mount/mount.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MAX_DEPTH 200 /* three descriptors a level */
#define MAX_XATTR 65536

static int copy_dir(int from, int to, unsigned depth, struct cfs_error *err);

static void copy_xattrs(int from, int to)
{
        _cleanup_free_ char *names = malloc(MAX_XATTR), *value = malloc(MAX_XATTR);
        ssize_t n, len;

        if (!names || !value)
                return;
        n = flistxattr(from, names, MAX_XATTR);
        for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
                len = fgetxattr(from, name, value, MAX_XATTR);
                if (len >= 0)
                        (void)fsetxattr(to, name, value, (size_t)len, 0);
        }
}

/* Attributes before the owner, since chown(2) clears security.capability; the mode after it, since it
 * clears set-id. */
static int copy_attributes(int from, int to, const struct stat *st, struct cfs_error *err)
{
        const struct timespec times[2] = { st->st_atim, st->st_mtim };
        mode_t mode = st->st_mode & 07777;

        if (fchown(to, st->st_uid, st->st_gid) < 0) {
                if (errno != EPERM && errno != EINVAL)
                        return err_sys(err, errno, "fchown", "copy the owner");
                if (!WEAKENED("copied-owner")) /* set-ID for another user than it was made for */
                        mode &= ~(mode_t)(S_ISUID | S_ISGID);
        }
        copy_xattrs(from, to);
        if (fchmod(to, mode) < 0)
                return err_sys(err, errno, "fchmod", "copy the mode");
        (void)futimens(to, times);
        return 0;
}

static int copy_data(int from, int to, struct cfs_error *err)
{
        ssize_t n;

        do
                n = sendfile(to, from, NULL, 1 << 30);
        while (n > 0 || (n < 0 && errno == EINTR));
        return n < 0 ? err_sys(err, errno, "sendfile", "copy a file") : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, struct cfs_error *err)
{
        _cleanup_close_ int from = -1, to = -1;
        struct stat st;
        int r;

        from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (from < 0 || fstat(from, &st) < 0)
                return err_sys(err, errno, "openat", "open `%s`", name);
        if (!S_ISREG(st.st_mode))
                return err_sys(err, EAGAIN, NULL, "`%s` is exchanged while it is read", name);
        to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to < 0)
                return err_sys(err, errno, "openat", "make `%s`", name);
        r = copy_data(from, to, err);
        return r < 0 ? r : copy_attributes(from, to, &st, err);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st, struct cfs_error *err)
{
        char text[PATH_MAX];
        ssize_t n = readlinkat(from_dir, name, text, sizeof(text) - 1);

        if (n < 0)
                return err_sys(err, errno, "readlinkat", "read the link `%s`", name);
        text[n] = '\0';
        if (symlinkat(text, to_dir, name) < 0)
                return err_sys(err, errno, "symlinkat", "make the link `%s`", name);
        (void)!fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
        return 0;
}

static int copy_special(int to_dir, const char *name, const struct stat *st, struct cfs_error *err)
{
        if (mknodat(to_dir, name, st->st_mode & S_IFMT, st->st_rdev) < 0)
                return errno == EPERM ? 0 : err_sys(err, errno, "mknodat", "make `%s`", name);
        (void)!fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
        if (fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0)
                return err_sys(err, errno, "fchmodat", "copy the mode of `%s`", name);
        return 0;
}

static int copy_subdir(int from_dir, int to_dir, const char *name, unsigned depth, struct cfs_error *err)
{
        _cleanup_close_ int from = -1, to = -1;
        struct stat st;
        int r;

        if (depth == 0)
                return err_set(err, CFS_E_UNSUPPORTED, "`%s`: directories are nested too deep", name);
        from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (from < 0 || fstat(from, &st) < 0)
                return err_sys(err, errno, "openat", "open `%s`", name);
        if (mkdirat(to_dir, name, 0700) < 0)
                return err_sys(err, errno, "mkdirat", "make `%s`", name);
        to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (to < 0)
                return err_sys(err, errno, "openat", "open `%s`", name);
        r = copy_dir(from, to, depth - 1, err);
        if (r >= 0)
                r = copy_attributes(from, to, &st, err);
        return r < 0 ? err_prefix(err, r, "%s", name) : 0;
}

static int copy_entry(int from, int to, const char *name, unsigned depth, struct cfs_error *err)
{
        struct stat st;

        if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : err_sys(err, errno, "fstatat", "examine `%s`", name);
        switch (st.st_mode & S_IFMT) {
        case S_IFDIR:
                return copy_subdir(from, to, name, depth, err);
        case S_IFREG:
                return copy_file(from, to, name, err);
        case S_IFLNK:
                return copy_link(from, to, name, &st, err);
        default:
                return copy_special(to, name, &st, err);
        }
}

static int copy_dir(int from, int to, unsigned depth, struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = dir_open(&d, from, "."), more = 1;

        if (r < 0)
                return err_sys(err, -r, "openat", "open a directory");
        while (r >= 0 && (more = dir_next(&d)) > 0)
                r = copy_entry(from, to, d.name, depth, err);
        return more < 0 ? err_sys(err, -more, "getdents64", "read a directory") : r;
}

int mount_copyup(int from_fd, int to_fd, struct cfs_error *err)
{
        mode_t old = umask(0);
        int r = copy_dir(from_fd, to_fd, MAX_DEPTH, err);

        (void)umask(old);
        return r < 0 ? err_prefix(err, r, "tmpcopyup") : 0;
}
