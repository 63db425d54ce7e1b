/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths below a root that a hostile process may control.
 *
 * The kernel offers openat2(2): a look-up that cannot leave the tree below a descriptor, decided by the
 * kernel while it walks, so that no exchange of a component can win a race. It cannot make what is missing.
 * Making directories by path after a look-up ("does /a/b exist? then mkdir /a/b/c") is the race of
 * CVE-2024-45310; so making is a walk of our own, in which each component is opened by its directory's
 * descriptor without following it, and looked at through the descriptor that was opened:
 *
 *   a directory   is the next directory;
 *   a link        is read through its descriptor, and its text replaces the component: an absolute one starts again
 *                 at the root, as if chrooted;
 *   missing       is made by mkdirat(2) in its directory, and then opened as above: a link that another
 *                 process puts there in between is then just a link;
 *   ".."          never asks the kernel for a parent (a directory that is moved while we are in it has a
 *                 parent elsewhere): the names of the directories passed so far are kept, and all but the
 *                 last are opened again from the root by openat2(2) without links.
 *
 * What an attacker can achieve is that we make directories at another place inside the root, or fail.
 *
 * openat2(2) gives EAGAIN when a rename somewhere on the machine, in any file system, made it impossible to
 * be sure that ".." stayed inside; trying again is the documented answer. A neighbour of the container may
 * rename all day, so after MAX_TRIES the same walk takes over, which makes nothing then: without ".." the
 * kernel is always sure.
 */
#include "base/path.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAX_LINKS 40  /* as the kernel: path_resolution(7)                  */
#define MAX_TRIES 256 /* of one look-up, against a process that keeps renaming */

#define IN_ROOT       (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
#define BENEATH       (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
#define PROC_ROOT_INO 1

static int fail(struct cfs_error *err, int errnum, const char *syscall, const char *verb, const char *path)
{
        int r;

        r = err_sys(err, errnum, syscall, "%s `%s` below the root", verb, path);
        if (!err)
                return r;
        (void)snprintf(err->path, sizeof(err->path), "%s", path);
        if (errnum == ELOOP)
                return err_hint(err, r, "the path goes through a symbolic link that must not be followed");
        if (errnum == EXDEV)
                return err_hint(err, r, "the path leads outside, or something is mounted on it");
        return r;
}

/* -errno */
static int open_resolved(int dirfd, const char *path, int flags, uint64_t resolve)
{
        struct open_how how = { .flags = (uint64_t)(unsigned)flags | O_CLOEXEC, .resolve = resolve };
        int fd;

        if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
                return -EINVAL;
        if (WEAKENED("in-root")) { /* the links of the root lead where they say */
                fd = openat(dirfd, path[strspn(path, "/")] ? path + strspn(path, "/") : ".",
                            flags | O_CLOEXEC, 0);
                return fd < 0 ? -errno : fd;
        }
        for (int i = 0; i < MAX_TRIES; i++) {
                fd = sys_openat2(dirfd, path, &how);
                if (fd >= 0)
                        return fd;
                if (errno != EAGAIN && errno != EINTR)
                        break;
        }
        return -errno;
}

int path_open_beneath(int dir_fd, const char *path, int flags, struct cfs_error *err)
{
        int fd = open_resolved(dir_fd, path, flags, BENEATH);

        return fd < 0 ? fail(err, -fd, "openat2", "open", path) : fd;
}

int path_open_proc(int proc_fd, const char *path, int flags, struct cfs_error *err)
{
        /* Links, because "self" is one. All others of procfs stay in procfs too, except the magic ones;
         * and nothing that is mounted over a file of procfs is entered. */
        int fd = -1, r;

        if (WEAKENED("host-proc")) { /* what the container has on /proc */
                char there[PATH_MAX];

                (void)snprintf(there, sizeof(there), "/proc/%s", path);
                fd = open(there, flags | O_CLOEXEC, 0);
                return fd < 0 ? err_path(err, errno, "open", path, "open `%s`", there) : fd;
        }
        fd = open_resolved(proc_fd, path, flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
        if (fd >= 0)
                return fd;
        r = err_path(err, -fd, "openat2", path, "open `/proc/%s`", path);
        if (-fd == EXDEV)
                r = err_hint(err, r, "something is mounted over this file of procfs");
        return r;
}

int path_write_proc(int proc_fd, const char *path, const char *text, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        ssize_t n;

        fd = path_open_proc(proc_fd, path, O_WRONLY, err);
        if (fd < 0)
                return fd;
        do
                n = write(fd, text, strlen(text));
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return err_sys(err, errno, "write", "write `%.128s` to `/proc/%s`", text, path);
        return 0;
}

int path_open_host_proc(struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        struct statfs fs;
        struct stat st;

        fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return err_path(err, errno, "open", "/proc", "open `/proc`");
        if (fstatfs(fd, &fs) < 0)
                return err_path(err, errno, "fstatfs", "/proc", "examine `/proc`");
        if (fstat(fd, &st) < 0)
                return err_path(err, errno, "fstat", "/proc", "examine `/proc`");
        /* A directory of procfs mounted on /proc would be procfs too. */
        if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
                return err_set(err, CFS_E_UNSUPPORTED, "`/proc` is not the root of a procfs");
        return TAKE_FD(fd);
}

/* ---- walking ------------------------------------------------------------------------------------------- */

/* The last two make what is missing. */
enum kind { KIND_OPEN, KIND_DIR, KIND_FILE };

struct walk {
        int root;       /* borrowed                                                                      */
        int cur;        /* the directory that we are in; owned, -1: the root                             */
        enum kind kind; /* of the last component                                                         */
        int flags;      /* KIND_OPEN: as for open(2)                                                     */
        unsigned tries; /* of opening the last component                                                 */
        mode_t dir_mode, file_mode;
        unsigned links;
        char done
                /* names of the directories from the root to cur: no links, no dots, "a/b/c" */
                [PATH_MAX];
        char todo
                /* what is still to be walked */
                [PATH_MAX];
};

static int at(const struct walk *w)
{
        return w->cur >= 0 ? w->cur : w->root;
}

static void enter(struct walk *w, int fd)
{
        if (w->cur >= 0)
                (void)close(w->cur);
        w->cur = fd;
}

/* Replaces the `used` bytes in front of todo by `text`. */
static int put_todo(struct walk *w, size_t used, const char *text)
{
        size_t rest = strlen(w->todo + used), n = strlen(text);

        if (n + rest >= sizeof(w->todo))
                return -ENAMETOOLONG;
        memmove(w->todo + n, w->todo + used, rest + 1);
        memcpy(w->todo, text, n);
        return 0;
}

static int push_done(struct walk *w, const char *name)
{
        size_t len = strlen(w->done), n = strlen(name);

        if (len + n + 2 > sizeof(w->done))
                return -ENAMETOOLONG;
        if (len > 0)
                w->done[len++] = '/';
        memcpy(w->done + len, name, n + 1);
        return 0;
}

/* ".." */
static int step_up(struct walk *w)
{
        char *slash = strrchr(w->done, '/');
        int fd;

        if (slash)
                *slash = '\0';
        else
                w->done[0] = '\0';
        if (!w->done[0]) {
                enter(w, -1);
                return 0;
        }
        fd = open_resolved(w->root, w->done, O_PATH | O_DIRECTORY, IN_ROOT | RESOLVE_NO_SYMLINKS);
        if (fd < 0)
                return fd;
        enter(w, fd);
        return 0;
}

/* A link of procfs whose text is not where it leads, and that openat2(2) would not follow for us. What it
 * says of the others ("self", "mounts") is what the walk will find by itself. */
static bool is_magic(const struct walk *w, int fd, const char *name)
{
        struct statfs fs;
        int there;

        if (fstatfs(fd, &fs) == 0 && fs.f_type != PROC_SUPER_MAGIC)
                return false;
        there = open_resolved(at(w), name, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
        if (there >= 0)
                (void)close(there);
        return there == -ELOOP;
}

/* `fd` is the link `name`, found under the first `used` bytes of todo. */
static int step_link(struct walk *w, int fd, const char *name, size_t used)
{
        char target[PATH_MAX];
        ssize_t n;

        if (++w->links > MAX_LINKS || is_magic(w, fd, name))
                return -ELOOP;
        n = readlinkat(fd, "", target, sizeof(target));
        if (n < 0)
                return -errno;
        if ((size_t)n >= sizeof(target))
                return -ENAMETOOLONG;
        if (n == 0)
                return -ENOENT;
        target[n] = '\0';
        if (target[0] == '/') {
                enter(w, -1);
                w->done[0] = '\0';
        }
        return put_todo(w, used, target);
}

/* Makes `name` in the current directory. 0 or -errno. */
static int make(struct walk *w, const char *name, enum kind kind)
{
        mode_t old = umask(0);
        int r;

        if (kind == KIND_DIR) {
                r = mkdirat(at(w), name, w->dir_mode) < 0 ? -errno : 0;
        } else {
                /* Not mknodat(2), which not every file system of users (FUSE, 9p) has. */
                int fd = openat(at(w), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                w->file_mode);

                r = fd < 0 ? -errno : 0;
                if (fd >= 0)
                        (void)close(fd);
        }
        (void)umask(old);
        return r;
}

/* Opens `name` in the current directory without following it, making it when it is missing. */
static int open_or_make(struct walk *w, const char *name, enum kind kind)
{
        int fd, r;

        for (int i = 0; i < MAX_TRIES; i++) {
                fd = WEAKENED("in-root") ? openat(at(w), name, O_PATH | O_CLOEXEC)
                                         : openat(at(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                if (fd >= 0 || errno != ENOENT || w->kind == KIND_OPEN)
                        return fd >= 0 ? fd : -errno;
                r = make(w, name, kind);
                /* EEXIST: another process was faster. Look again at what is there, ours or not. */
                if (r < 0 && r != -EEXIST)
                        return r;
        }
        return -EAGAIN;
}

/* KIND_OPEN has come to the end: `name` in the current directory, no link by what was seen of it. Opened with
 * O_PATH it would be whatever it is by now, so callers who want that get what was seen. Returns 1, or 0 to
 * look again. */
static int open_last(struct walk *w, const char *name, int *ret_fd)
{
        int fd = open_resolved(at(w), name, w->flags | O_NOFOLLOW, BENEATH);

        if (fd == -ELOOP && !(w->flags & O_NOFOLLOW) && ++w->tries < MAX_TRIES)
                return 0;
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 1;
}

/* Walks the first component of todo. Returns 0 to go on, 1 when cur (a directory) or *ret_fd is the
 * result. */
static int step(struct walk *w, int *ret_fd)
{
        _cleanup_close_ int fd = -1;
        char name[NAME_MAX + 1];
        size_t skip = strspn(w->todo, "/"), n = strcspn(w->todo + skip, "/");
        bool last = w->todo[skip + n + strspn(w->todo + skip + n, "/")] == '\0';
        bool slash = w->todo[skip + n] == '/';
        enum kind kind = last || w->kind == KIND_OPEN ? w->kind : KIND_DIR;
        struct stat st;
        int r;

        if (n == 0)
                return 1;
        if (n > NAME_MAX)
                return -ENAMETOOLONG;
        memcpy(name, w->todo + skip, n);
        name[n] = '\0';
        if (STREQ(name, ".") || STREQ(name, "..")) {
                r = put_todo(w, skip + n, "");
                return r < 0 || n == 1 ? r : step_up(w);
        }
        if (kind == KIND_FILE && slash)
                return -EISDIR; /* as open(2) says of O_CREAT and "name/" */

        fd = open_or_make(w, name, kind);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISLNK(st.st_mode) && !(last && !slash && (w->flags & O_NOFOLLOW)))
                return step_link(w, fd, name, skip + n);
        if (kind == KIND_OPEN && last && !slash && !(w->flags & O_PATH))
                return open_last(w, name, ret_fd);
        if (w->flags & O_DIRECTORY && !S_ISDIR(st.st_mode))
                return -ENOTDIR;
        if (kind == KIND_FILE || (kind == KIND_OPEN && last && !slash)) {
                *ret_fd = TAKE_FD(fd);
                return 1;
        }
        if (!S_ISDIR(st.st_mode))
                return -ENOTDIR;
        r = push_done(w, name);
        if (r < 0)
                return r;
        enter(w, TAKE_FD(fd));
        return put_todo(w, skip + n, "");
}

/* The descriptor of `path`, or -errno. `like` has what is the same throughout the walk. */
static int walk(const struct walk *like, const char *path)
{
        struct walk w = *like;
        int fd = -1, r;

        w.cur = -1;
        r = put_todo(&w, 0, path);
        while (r == 0)
                r = step(&w, &fd);
        if (r == 1 && fd < 0 && w.kind == KIND_OPEN)
                r = open_last(&w, ".", &fd);
        if (r == 1 && fd < 0) {
                /* The path ended at a directory: with KIND_FILE it was "/" or ended in a dot. */
                fd = TAKE_FD(w.cur);
                if (fd < 0)
                        r = open_resolved(w.root, ".", O_PATH | O_DIRECTORY, BENEATH);
        }
        enter(&w, -1);
        if (r < 0)
                return r;
        return fd >= 0 ? fd : r;
}

int path_open_in_root(int root_fd, const char *path, int flags, struct cfs_error *err)
{
        int fd = open_resolved(root_fd, path, flags, IN_ROOT);

        if (fd == -EAGAIN)
                fd = walk(&(struct walk){ .root = root_fd, .kind = KIND_OPEN, .flags = flags }, path);
        return fd < 0 ? fail(err, -fd, "openat2", "open", path) : fd;
}

int path_mkdirs_in_root(int root_fd, const char *path, mode_t mode, struct cfs_error *err)
{
        int fd;

        /* Usually all is there, and one system call finds it. */
        fd = open_resolved(root_fd, path, O_PATH | O_DIRECTORY, IN_ROOT);
        if ((fd == -ENOENT || fd == -EAGAIN) && !str_empty(path))
                fd = walk(&(struct walk){ .root = root_fd, .kind = KIND_DIR, .dir_mode = mode }, path);
        return fd < 0 ? fail(err, -fd, "mkdirat", "make directory", path) : fd;
}

int path_mkfile_in_root(int root_fd, const char *path, mode_t mode, struct cfs_error *err)
{
        int fd;

        fd = open_resolved(root_fd, path, O_PATH, IN_ROOT);
        if ((fd == -ENOENT || fd == -EAGAIN) && !str_empty(path))
                fd = walk(
                        &(struct walk){
                                .root = root_fd, .kind = KIND_FILE, .dir_mode = 0755, .file_mode = mode },
                        path);
        return fd < 0 ? fail(err, -fd, "openat", "make file", path) : fd;
}

int path_parent_in_root(int root_fd, const char *path, mode_t mode, const char **ret_name,
                        struct cfs_error *err)
{
        _cleanup_free_ char *dir = NULL;
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        int fd, r;

        if (!*name || STREQ(name, ".") || STREQ(name, ".."))
                return err_set(err, CFS_E_INVALID, "`%s` does not end in the name of a file", path);
        if (slash)
                r = str_printf(&dir, err, "/%.*s", (int)(slash - path), path);
        else
                r = str_dup(&dir, "/", err);
        if (r < 0)
                return r;
        fd = path_mkdirs_in_root(root_fd, dir, mode, err);
        if (fd < 0)
                return fd;
        *ret_name = name;
        return fd;
}

/* ---- strings ------------------------------------------------------------------------------------------- */

bool path_is_absolute(const char *path)
{
        return path && path[0] == '/';
}

bool path_has_dotdot(const char *path)
{
        while (*path) {
                size_t n = strcspn(path, "/");

                if (n == 2 && path[0] == '.' && path[1] == '.')
                        return true;
                path += n;
                path += strspn(path, "/");
        }
        return false;
}

void path_clean(const char *path, char *buf)
{
        char *out = buf;

        while (*path) {
                size_t n;

                path += strspn(path, "/");
                n = strcspn(path, "/");
                if (n == 2 && path[0] == '.' && path[1] == '.') {
                        while (out > buf && *--out != '/')
                                ;
                } else if (n > 0 && !(n == 1 && path[0] == '.')) {
                        *out++ = '/';
                        memmove(out, path, n);
                        out += n;
                }
                path += n;
        }
        if (out == buf)
                *out++ = '/';
        *out = '\0';
}

int path_join(const char *base, const char *rel, char **ret, struct cfs_error *err)
{
        size_t n = strlen(base);

        if (path_is_absolute(rel) || n == 0)
                return str_dup(ret, rel, err);
        while (n > 1 && base[n - 1] == '/')
                n--;
        if (str_empty(rel))
                return str_printf(ret, err, "%.*s", (int)n, base);
        return str_printf(ret, err, "%.*s%s%s", (int)n, base, base[n - 1] == '/' ? "" : "/", rel);
}
