/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of unpacking. An archive is hostile: its author wants a file outside the directory, a device
 * node, an attribute that makes overlayfs show what it should not, or all of the disk.
 *
 *   names      relative to the directory; a leading "/" is dropped, ".." refused. The directory part is
 *              looked up with RESOLVE_IN_ROOT (base/path.h), so a link that an earlier member made, to
 *              wherever, leads to a place inside.
 *   files      made with O_EXCL in that directory's descriptor, after removing what has the
 *              name: never written through a link.
 *   hard links name a member of the same archive, looked up in the same way; the last component is not followed.
 *   devices    as root only; the character device 0:0, which is overlayfs's whiteout, never.
 *   xattrs     none of overlayfs's own names: "trusted.overlay.redirect" shows any directory of the layers below
 *              (CVE-2023-2640 is of that kind).
 *   size       all files together at most max_bytes; a sparse file counts by what it holds.
 */
#include "box/image/member.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/rmtree.h"
#include "base/str.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

/* The member at hand. */
struct item {
        struct member_target *t;
        struct archive *a;
        struct archive_entry *e;
        const char *label; /* as the archive has it, for messages */
        char *path;        /* below the directory                 */
        const char *name;  /* its last component                  */
        int parent;        /* the directory it is in              */
};

static int refuse(const struct item *m, struct cfs_error *err, const char *why)
{
        return err_set(err, CFS_E_INVALID, "%s: member `%s`: %s", m->t->o->name, m->label, why);
}

static int member_failed(const struct item *m, struct cfs_error *err, const char *syscall, const char *what)
{
        return err_sys(err, errno, syscall, "%s: member `%s`: %s", m->t->o->name, m->label, what);
}

int member_path(const char *name, const char *rename, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };
        bool first = true;

        for (const char *p = name; *p;) {
                size_t n = strcspn(p, "/");

                if (n == 2 && p[0] == '.' && p[1] == '.')
                        return err_set(err, CFS_E_INVALID, "its name contains `..`");
                if (n > NAME_MAX)
                        return err_set(err, CFS_E_INVALID, "its name has a component of more than %d bytes",
                                       NAME_MAX);
                if (n > 0 && !(n == 1 && p[0] == '.')) {
                        str_add(&s, s.len ? "/" : "");
                        if (first && rename)
                                str_add(&s, rename);
                        else
                                str_add_n(&s, p, n);
                        first = false;
                }
                p += n;
                p += strspn(p, "/");
        }
        if (s.len >= PATH_MAX)
                return err_set(err, CFS_E_INVALID, "its name has more than %d bytes", PATH_MAX - 1);
        return str_take(&s, ret, err);
}

/* ---- where --------------------------------------------------------------------------------------------- */

static void forget_parent(struct member_target *t)
{
        cleanup_close_p(&t->parent_fd);
        t->parent_fd = -1;
        free(t->parent);
        t->parent = NULL;
}

/* The directory of a path as O_PATH; members come directory by directory, so the last one is kept. It is
 * forgotten when a directory or a link is replaced. */
static int open_parent(struct member_target *t, const char *path, const char **ret_name, int *ret_fd,
                       struct cfs_error *err)
{
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *dir = strndup(path, slash ? (size_t)(slash - path) : 0);
        int fd;

        if (!dir)
                return err_nomem(err);
        *ret_name = slash ? slash + 1 : path;
        if (t->parent_fd < 0 || !t->parent || !STREQ(t->parent, dir)) {
                fd = path_mkdirs_in_root(t->dir_fd, *dir ? dir : "/", 0755, err);
                if (fd < 0)
                        return fd;
                forget_parent(t);
                t->parent_fd = fd;
                t->parent = TAKE_PTR(dir);
        }
        *ret_fd = t->parent_fd;
        return 0;
}

static int remove_tree_at(int dirfd, const char *name)
{
        _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r = fd < 0 ? -errno : rmtree_contents(fd);

        if (r < 0)
                return r;
        return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Makes room for the member: a later one with the same name replaces an earlier one. A directory stays for
 * a directory. */
static int clear_place(const struct item *m, struct cfs_error *err)
{
        struct stat st;
        int r;

        if (fstatat(m->parent, m->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : member_failed(m, err, "fstatat", "look for what has its name");
        if (S_ISDIR(st.st_mode)) {
                r = remove_tree_at(m->parent, m->name);
                if (r < 0) {
                        errno = -r;
                        return member_failed(m, err, "unlinkat", "remove the directory in its place");
                }
        } else if (unlinkat(m->parent, m->name, 0) < 0) {
                return member_failed(m, err, "unlinkat", "remove what is in its place");
        }
        return 0;
}

/* ---- attributes ---------------------------------------------------------------------------------------- */

static bool wanted_xattr(const char *name)
{
        if (str_has_prefix(name, "trusted.overlay.") || str_has_prefix(name, "user.overlay."))
                return false;
        return str_has_prefix(name, "user.") || str_has_prefix(name, "trusted.") ||
               STREQ(name, "security.capability") || str_has_prefix(name, "system.posix_acl_");
}

static int set_xattrs(const struct item *m, const char *fd_path, struct cfs_error *err)
{
        const char *name;
        const void *value;
        size_t size;

        if (archive_entry_xattr_reset(m->e) <= 0)
                return 0;
        while (archive_entry_xattr_next(m->e, &name, &value, &size) == ARCHIVE_OK) {
                if (!wanted_xattr(name))
                        continue;
                if (lsetxattr(fd_path, name, value, size, 0) == 0)
                        continue;
                /* Errors that are ignored: not every file system has extended attributes, not every user
                 * may set all. */
                if (errno == EOPNOTSUPP || (errno == EPERM && m->t->o->rootless))
                        continue;
                return member_failed(m, err, "setxattr", name);
        }
        return 0;
}

static void get_times(const struct item *m, struct timespec times[2])
{
        times[1] = (struct timespec){ archive_entry_mtime(m->e), archive_entry_mtime_nsec(m->e) };
        times[0] = archive_entry_atime_is_set(m->e)
                           ? (struct timespec){ archive_entry_atime(m->e), archive_entry_atime_nsec(m->e) }
                           : times[1];
}

/* Owner first, as chown(2) takes set-user-ID bits and capabilities away; then the mode, attributes, times. */
static int set_attributes(const struct item *m, struct cfs_error *err)
{
        bool link = archive_entry_filetype(m->e) == AE_IFLNK;
        struct timespec times[2];
        char fd_path[64 + NAME_MAX];
        int r = 0;

        if (m->t->o->keep_owner && fchownat(m->parent, m->name, (uid_t)archive_entry_uid(m->e),
                                            (gid_t)archive_entry_gid(m->e), AT_SYMLINK_NOFOLLOW) < 0)
                return member_failed(m, err, "fchownat", "set its owner");
        (void)snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d/%s", m->parent, m->name);
        if (!link && fchmodat(m->parent, m->name, archive_entry_perm(m->e) & 07777, 0) < 0)
                return member_failed(m, err, "fchmodat", "set its mode");
        r = set_xattrs(m, fd_path, err);
        if (r < 0)
                return r;
        get_times(m, times);
        if (archive_entry_mtime_is_set(m->e) && utimensat(m->parent, m->name, times, AT_SYMLINK_NOFOLLOW) < 0)
                return member_failed(m, err, "utimensat", "set its times");
        return 0;
}

/* ---- kinds of members ---------------------------------------------------------------------------------- */

static int write_block(const struct item *m, int fd, const void *buf, size_t len, la_int64_t offset,
                       struct cfs_error *err)
{
        const char *p = buf;

        m->t->bytes += len;
        if (m->t->bytes > m->t->o->max_bytes)
                return err_set(err, CFS_E_INVALID, "%s: member `%s`: the archive holds more than %llu bytes",
                               m->t->o->name, m->label, (unsigned long long)m->t->o->max_bytes);
        while (len > 0) {
                ssize_t n = pwrite(fd, p, len, offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return member_failed(m, err, "pwrite", "write");
                p += n;
                len -= (size_t)n;
                offset += n;
        }
        return 0;
}

static int make_file(const struct item *m, struct cfs_error *err)
{
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        _cleanup_close_ int fd = openat(m->parent, m->name, flags, 0600);
        la_int64_t offset, end = 0, size = archive_entry_size(m->e);
        const void *buf;
        size_t len;
        int rc, r = 0;

        if (fd < 0 && errno == EEXIST) {
                r = clear_place(m, err);
                if (r < 0)
                        return r;
                forget_parent(m->t); /* m->parent is a copy */
                fd = openat(m->parent, m->name, flags, 0600);
        }
        if (fd < 0)
                return member_failed(m, err, "openat", "make the file");
        while (r >= 0 && (rc = archive_read_data_block(m->a, &buf, &len, &offset)) != ARCHIVE_EOF) {
                if (rc < ARCHIVE_WARN)
                        return err_set(err, CFS_E_INVALID, "%s: member `%s`: %s", m->t->o->name, m->label,
                                       archive_error_string(m->a));
                r = write_block(m, fd, buf, len, offset, err);
                end = offset + (la_int64_t)len;
        }
        if (r >= 0 && size > end && ftruncate(fd, size) < 0) /* a hole at the end */
                return member_failed(m, err, "ftruncate", "set its size");
        /* Starts to write the file to the disk, without waiting, as dpkg does: at the end the whole layer
         * must be there. */
        (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        return r;
}

static int remember_times(const struct item *m, const char *path, struct cfs_error *err)
{
        struct member_target *t = m->t;
        int r;

        if (t->n_dirs == t->cap_dirs) {
                size_t cap = t->cap_dirs ? 2 * t->cap_dirs : 64;
                struct member_dir *grown = realloc(t->dirs, cap * sizeof(*grown));

                if (!grown)
                        return err_nomem(err);
                t->dirs = grown;
                t->cap_dirs = cap;
        }
        r = str_dup(&t->dirs[t->n_dirs].path, path, err);
        if (r >= 0)
                get_times(m, t->dirs[t->n_dirs++].times);
        return r;
}

/* An opaque directory: it hides the contents that the layers below have there. */
static int make_opaque(const struct item *m, const char *fd_path, struct cfs_error *err)
{
        const char *attr = m->t->o->rootless ? "user.overlay.opaque" : "trusted.overlay.opaque";

        if (setxattr(fd_path, attr, "y", 1, 0) < 0)
                return member_failed(m, err, "setxattr", "mark the directory as opaque");
        return 0;
}

static bool is_whiteout(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static int make_directory(const struct item *m, struct cfs_error *err)
{
        struct member_target *t = m->t;
        char fd_path[64 + NAME_MAX];
        struct stat st = { 0 };
        int r = 0;

        if (fstatat(m->parent, m->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode)) {
                r = clear_place(m, err);
                if (r < 0)
                        return r;
                forget_parent(t);
                if (mkdirat(m->parent, m->name, 0700) < 0)
                        return member_failed(m, err, "mkdirat", "make the directory");
                (void)snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d/%s", m->parent, m->name);
                if (is_whiteout(&st)) /* the one of the layers below stays hidden */
                        r = make_opaque(m, fd_path, err);
                if (r < 0)
                        return r;
        }
        return remember_times(m, m->path, err);
}

static int make_hard_link(const struct item *m, struct cfs_error *err)
{
        const char *target = archive_entry_hardlink(m->e), *name;
        _cleanup_free_ char *path = NULL, *message = NULL;
        _cleanup_close_ int dir = -1;
        int r = member_path(target, m->t->o->rename, &path, err);

        if (r < 0)
                return err_prefix(err, r, "%s: member `%s`: hard link to `%s`", m->t->o->name, m->label,
                                  target);
        dir = path_parent_in_root(m->t->dir_fd, path, 0755, &name, err);
        if (dir < 0)
                return err_prefix(err, dir, "%s: member `%s`", m->t->o->name, m->label);
        r = clear_place(m, err);
        if (r < 0)
                return r;
        if (linkat(dir, name, m->parent, m->name, 0) == 0)
                return 0;
        r = str_printf(&message, err, "link it to `%s`", target);
        return r < 0 ? r : member_failed(m, err, "linkat", message);
}

static int make_symlink(const struct item *m, struct cfs_error *err)
{
        const char *target = archive_entry_symlink(m->e);
        int r = clear_place(m, err);

        if (r < 0)
                return r;
        forget_parent(m->t);
        if (!target || symlinkat(target, m->parent, m->name) < 0)
                return member_failed(m, err, "symlinkat", "make the symbolic link");
        return 0;
}

static int make_node(const struct item *m, mode_t type, struct cfs_error *err)
{
        dev_t dev = type == S_IFIFO ? 0 : archive_entry_rdev(m->e);
        int r;

        if (type == S_IFCHR && dev == makedev(0, 0))
                return refuse(m, err, "the character device 0:0 is overlayfs's mark of a removed file");
        if (type != S_IFIFO && m->t->o->rootless) {
                m->t->skipped++;
                return 1;
        }
        r = clear_place(m, err);
        if (r < 0)
                return r;
        if (mknodat(m->parent, m->name, type | 0600, dev) < 0)
                return member_failed(m, err, "mknodat", "make the node");
        return 0;
}

static int whiteout(const struct item *m, struct cfs_error *err)
{
        struct item hidden = *m;
        char fd_path[64 + NAME_MAX];
        struct stat st;

        if (STREQ(m->name, ".wh..wh..opq")) {
                (void)snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", m->parent);
                return make_opaque(m, fd_path, err);
        }
        hidden.name = m->name + strlen(".wh.");
        if (!*hidden.name || STREQ(hidden.name, ".") || STREQ(hidden.name, ".."))
                return refuse(m, err, "hides no name");
        /* A whiteout hides what the layers below have. Files of its own layer stay (image specification,
         * layer.md, "Whiteouts"). */
        if (fstatat(m->parent, hidden.name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
                (void)snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d/%s", m->parent, hidden.name);
                return S_ISDIR(st.st_mode) ? make_opaque(m, fd_path, err) : 0;
        }
        forget_parent(m->t);
        if (mknodat(m->parent, hidden.name, S_IFCHR, makedev(0, 0)) < 0)
                return member_failed(m, err, "mknodat", "make the whiteout");
        return 0;
}

static int make(const struct item *m, struct cfs_error *err)
{
        mode_t type = archive_entry_filetype(m->e);

        if (archive_entry_hardlink(m->e))
                return make_hard_link(m, err);
        switch (type) {
        case S_IFREG:
                return make_file(m, err);
        case S_IFDIR:
                return make_directory(m, err);
        case S_IFLNK:
                return make_symlink(m, err);
        case S_IFIFO:
        case S_IFCHR:
        case S_IFBLK:
                return make_node(m, type, err);
        default:
                return refuse(m, err, "is of a kind that is unknown here");
        }
}

static int check_owner(const struct item *m, struct cfs_error *err)
{
        const int64_t ids[] = { archive_entry_uid(m->e), archive_entry_gid(m->e) };

        /* The highest number means "as it is" to chown(2). */
        for (size_t i = 0; m->t->o->keep_owner && i < ARRAY_SIZE(ids); i++)
                if (ids[i] < 0 || ids[i] >= UINT32_MAX)
                        return err_set(err, CFS_E_INVALID, "%s: member `%s`: %lld is not the number of a %s",
                                       m->t->o->name, m->label, (long long)ids[i], i ? "group" : "user");
        return 0;
}

/* The directory itself: its mode and owner, which are those of the root in the container. */
static int root_member(const struct item *m, struct cfs_error *err)
{
        char path[32];
        int r;

        if (archive_entry_filetype(m->e) != S_IFDIR)
                return refuse(m, err, "has no name");
        r = check_owner(m, err);
        if (r < 0)
                return r;
        if (m->t->o->keep_owner &&
            fchown(m->t->dir_fd, (uid_t)archive_entry_uid(m->e), (gid_t)archive_entry_gid(m->e)) < 0)
                return member_failed(m, err, "fchown", "set its owner");
        if (fchmod(m->t->dir_fd, archive_entry_perm(m->e) & 07777) < 0)
                return member_failed(m, err, "fchmod", "set its mode");
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", m->t->dir_fd);
        r = set_xattrs(m, path, err);
        return r < 0 ? r : remember_times(m, ".", err);
}

/* aufs kept its own data under such names; layers of old builders still have them. */
static bool is_bookkeeping(const char *path)
{
        for (const char *p = path; p; p = strchr(p, '/')) {
                p += *p == '/';
                if (str_has_prefix(p, ".wh..wh.") && !STREQ(p, ".wh..wh..opq"))
                        return true;
        }
        return false;
}

static bool is_below_whiteout(const char *path)
{
        for (const char *p = path; p; p = strchr(p, '/')) {
                p += *p == '/';
                if (str_has_prefix(p, ".wh.") && strchr(p, '/'))
                        return true;
        }
        return false;
}

static int unpack_item(struct item *m, struct cfs_error *err)
{
        _cleanup_close_ int parent = -1;
        int r = check_owner(m, err);

        if (r < 0)
                return r;
        if (m->t->o->whiteouts == UNPACK_OVERLAY && is_bookkeeping(m->path))
                return 0;
        if (m->t->o->whiteouts == UNPACK_OVERLAY && is_below_whiteout(m->path))
                return refuse(m, err, "is below a whiteout");
        r = open_parent(m->t, m->path, &m->name, &m->parent, err);
        if (r < 0)
                return err_prefix(err, r, "%s: member `%s`", m->t->o->name, m->label);
        /* The kept descriptor may be forgotten while the member is made. */
        parent = fcntl(m->parent, F_DUPFD_CLOEXEC, 3);
        if (parent < 0)
                return member_failed(m, err, "fcntl", "duplicate a descriptor");
        m->parent = parent;
        if (m->t->o->whiteouts == UNPACK_OVERLAY && str_has_prefix(m->name, ".wh."))
                return whiteout(m, err);
        r = make(m, err);
        if (r != 0)
                return r < 0 ? r : 0;
        return archive_entry_hardlink(m->e) ? 0 : set_attributes(m, err);
}

int member_unpack(struct member_target *t, struct archive *a, struct archive_entry *e, struct cfs_error *err)
{
        struct item m = { .t = t, .a = a, .e = e };
        int r;

        m.label = archive_entry_pathname(e);
        if (!m.label)
                m.label = archive_entry_pathname_utf8(e);
        if (!m.label)
                return err_set(err, CFS_E_INVALID, "%s: member %llu has no name that can be read", t->o->name,
                               (unsigned long long)t->members);
        r = member_path(m.label, t->o->rename, &m.path, err);
        if (r < 0)
                r = err_prefix(err, r, "%s: member `%s`", t->o->name, m.label);
        else
                r = *m.path ? unpack_item(&m, err) : root_member(&m, err);
        free(m.path);
        return r;
}

/* The innermost directories came last. */
int member_finish(struct member_target *t, struct cfs_error *err)
{
        forget_parent(t);
        for (size_t i = t->n_dirs; i > 0; i--) {
                const struct member_dir *d = &t->dirs[i - 1];
                _cleanup_close_ int fd = path_open_beneath(t->dir_fd, d->path, O_PATH | O_DIRECTORY, NULL);
                char path[32];

                if (fd < 0) /* it was replaced or hidden since */
                        continue;
                (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
                if (utimensat(AT_FDCWD, path, d->times, 0) < 0)
                        return err_sys(err, errno, "utimensat", "%s: member `%s`: set its times", t->o->name,
                                       d->path);
        }
        return 0;
}

void member_release(struct member_target *t)
{
        forget_parent(t);
        for (size_t i = 0; i < t->n_dirs; i++)
                free(t->dirs[i].path);
        free(t->dirs);
}
