/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a mount goes.
 *
 * The destination is a path inside the container's root, where a symbolic link may point anywhere and may be
 * exchanged while we look; base/path.c resolves it inside the root to a descriptor, and the mount is attached
 * to that. What is missing is made: a directory, or an empty file for a file.
 *
 * Nothing may be mounted in a procfs, because the runtime and other programs write to /proc/self/attr and
 * read from /proc/sys, and a mount there would catch or forge that (CVE-2019-16884, CVE-2019-19921).
 * Exceptions are the files that lxcfs and similar programs provide: they describe the machine, and security
 * settings are not written to them. The path as written is looked at first, so that `cfs check` can say it;
 * and then what was opened, because a link of the image may lead there just as well.
 *
 * Mount points in a /dev that is a new tmpfs have all to be made. What lies directly in the tmpfs that was
 * mounted last, but for those inside of it, is made through its descriptor, and the mount attached by the new
 * directory's name: one call, where the way from the root takes five. Only cfs can enter that tmpfs so far.
 * It is forgotten once a mount may lie on it, or on a directory above it.
 *
 * The kernel's own file systems are mounted on ordinary directories only: if /proc of a rootfs is a link,
 * every program that later opens /proc/... sees something else (CVE-2023-27561, CVE-2025-54867).
 */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static const char *const proc_files[] = {
        "/proc/cpuinfo",
        "/proc/diskstats",
        "/proc/meminfo",
        "/proc/stat",
        "/proc/swaps",
        "/proc/uptime",
        "/proc/loadavg",
        "/proc/slabinfo",
        "/proc/net/dev",
        "/proc/pressure",
        "/proc/pressure/cpu",
        "/proc/pressure/io",
        "/proc/pressure/irq",
        "/proc/pressure/memory",
        "/proc/sys/kernel/ns_last_pid",
        "/proc/sys/crypto/fips_enabled",
};

char *mount_target_clean(const char *path, struct oci_arena *arena)
{
        char *buf = oci_arena_alloc(arena, strlen(path) + 2);

        if (buf)
                path_clean(path, buf);
        return buf;
}

bool mount_target_is_root(const char *path, struct oci_arena *arena)
{
        const char *clean = mount_target_clean(path, arena);

        return clean && STREQ(clean, "/");
}

bool mount_target_is_below(const char *path, const char *dir)
{
        size_t n = STREQ(dir, "/") ? 0 : strlen(dir);

        return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static bool is_proc_file(const char *clean)
{
        for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++)
                if (STREQ(proc_files[i], clean))
                        return true;
        return false;
}

const char *mount_target_refused(const char *clean, const char *type, bool bind)
{
        if (WEAKENED("mount-in-proc"))
                return NULL;
        if (STREQ(clean, "/proc"))
                return bind || str_eq(type, "proc") ? NULL
                                                    : "cannot be mounted because it is not of type proc";
        if (str_has_prefix(clean, "/proc/") && !is_proc_file(clean))
                return "cannot be mounted because it is inside /proc";
        return NULL;
}

static bool is_ordinary_only(const struct oci_mount *m, const struct mount_options *o)
{
        return !WEAKENED("ordinary-proc") && m->type && !(o->flags & MOUNT_BIND) &&
               (STREQ(m->type, "proc") || STREQ(m->type, "sysfs"));
}

/* Makes the last component of a clean path, when only that is missing. 0 or -errno. */
static int make_last(int root_fd, const char *clean, enum mount_target_kind kind)
{
        const char *name = strrchr(clean, '/') + 1;
        size_t n = (size_t)(name - clean);
        _cleanup_close_ int dir = -1;
        _not_zeroed_ char parent[PATH_MAX];
        int fd;

        if (n >= sizeof(parent))
                return -ENAMETOOLONG;
        if (n > 1) {
                memcpy(parent, clean + 1, n - 2);
                parent[n - 2] = '\0';
        } else {
                memcpy(parent, ".", 2);
        }
        dir = path_open_beneath(root_fd, parent, O_PATH | O_DIRECTORY, NULL);
        if (dir < 0)
                return dir;
        if (kind == MOUNT_TARGET_DIR)
                return mkdirat(dir, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
        fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        (void)close(fd);
        return 0;
}

/* The path without following any link: usually all is there, or all but the last component. Then one or
 * four system calls do. -errno without a message. */
static int open_plain(int root_fd, const char *clean, enum mount_target_kind kind, mode_t *ret_mode)
{
        const char *beneath = clean[1] ? clean + 1 : ".";
        int flags = O_PATH | (kind == MOUNT_TARGET_DIR ? O_DIRECTORY : 0), fd, r;
        struct stat st;

        fd = path_open_beneath(root_fd, beneath, flags, NULL);
        if (fd >= 0 && ret_mode) {
                if (fstat(fd, &st) < 0) {
                        r = -errno;
                        (void)close(fd);
                        return r;
                }
                *ret_mode = st.st_mode & 07777;
        }
        if (fd != -ENOENT)
                return fd;
        r = make_last(root_fd, clean, kind);
        return r < 0 ? r : path_open_beneath(root_fd, beneath, flags, NULL);
}

void mount_target_forget(struct mount_env *e)
{
        if (e->own_path)
                (void)close(e->own_fd);
        e->own_path = NULL;
}

void mount_target_own(struct mount_env *e, const struct oci_mount *m, int fd)
{
        const char *clean = e->plain ? mount_target_clean(m->destination, e->arena) : NULL;

        /* /dev/shm: more will come in /dev. */
        if (!clean || (e->own_path && mount_target_is_below(clean, e->own_path))) {
                (void)close(fd);
                return;
        }
        mount_target_forget(e);
        e->own_path = clean;
        e->own_fd = fd;
}

const char *mount_target_make_own(struct mount_env *e, const struct oci_mount *m,
                                  const struct mount_options *o, enum mount_target_kind kind)
{
        const char *clean = e->own_path ? mount_target_clean(m->destination, e->arena) : NULL, *name;
        size_t n = clean ? (size_t)(strrchr(clean, '/') - clean) : 0;

        if (!clean || kind != MOUNT_TARGET_DIR || o->flags & MOUNT_DEST_NOFOLLOW || is_ordinary_only(m, o) ||
            mount_target_refused(clean, m->type, o->flags & MOUNT_BIND) || strlen(e->own_path) != n ||
            strncmp(clean, e->own_path, n) != 0)
                return NULL;
        name = clean + n + 1;
        /* What is there already has a mode that the caller may ask for, or may be a link. */
        if (mkdirat(e->own_fd, name, 0755) < 0)
                return NULL;
        e->plain = true;
        return name;
}

static int open_ordinary(const struct mount_env *e, const struct oci_mount *m, const char *clean,
                         struct cfs_error *err)
{
        int fd, r;

        fd = open_plain(e->root_fd, clean, MOUNT_TARGET_DIR, NULL);
        if (fd == -ENOENT) {
                fd = path_mkdirs_in_root(e->root_fd, clean, 0755, err);
                if (fd < 0)
                        return fd;
                (void)close(fd);
                fd = open_plain(e->root_fd, clean, MOUNT_TARGET_DIR, NULL);
        }
        if (fd == -ELOOP || fd == -ENOTDIR) {
                r = err_set(err, CFS_E_INVALID,
                            "file system `%s` must be mounted on ordinary directory, and `%s` is %s", m->type,
                            clean, fd == -ELOOP ? "reached through a symbolic link" : "none");
                return err_hint(err, r, "the root file system is damaged or malicious");
        }
        if (fd < 0)
                return err_sys(err, -fd, "openat2", "open `%s` below the root", clean);
        return fd;
}

/* dest-nofollow: the last component itself, whatever it is; made when it is missing. */
static int open_nofollow(const struct mount_env *e, const char *clean, enum mount_target_kind kind,
                         struct cfs_error *err)
{
        _cleanup_close_ int dir = -1, made = -1;
        const char *name;
        int fd;

        dir = path_parent_in_root(e->root_fd, clean, 0755, &name, err);
        if (dir < 0)
                return dir;
        fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) {
                if (kind == MOUNT_TARGET_DIR)
                        (void)mkdirat(dir, name, 0755);
                else
                        made = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
                fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        }
        if (fd < 0)
                return err_sys(err, errno, "openat", "open `%s` below the root", clean);
        return fd;
}

static int open_usual(const struct mount_env *e, const char *clean, enum mount_target_kind kind,
                      mode_t *ret_mode, struct cfs_error *err)
{
        struct stat st;
        int fd;

        if (kind != MOUNT_TARGET_DIR)
                return path_mkfile_in_root(e->root_fd, clean, 0644, err);
        if (ret_mode) {
                fd = path_open_in_root(e->root_fd, clean, O_PATH | O_DIRECTORY, NULL);
                if (fd >= 0 && fstat(fd, &st) == 0) {
                        *ret_mode = st.st_mode & 07777;
                        return fd;
                }
                if (fd >= 0) {
                        int r = err_sys(err, errno, "fstat", "look at the mode of `%s`", clean);

                        (void)close(fd);
                        return r;
                }
        }
        return path_mkdirs_in_root(e->root_fd, clean, 0755, err);
}

/* A link may have led into a procfs. "/proc" itself is where one may be already. */
static const char *refuse_procfs(int fd, const char *clean)
{
        struct statfs fs;

        if (STREQ(clean, "/proc") || is_proc_file(clean) || WEAKENED("mount-in-proc"))
                return NULL;
        if (fstatfs(fd, &fs) < 0)
                return "cannot be examined";
        return fs.f_type == PROC_SUPER_MAGIC ? "cannot be mounted because it is inside /proc" : NULL;
}

int mount_target_open(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                      enum mount_target_kind kind, int *ret_fd, mode_t *ret_mode, struct cfs_error *err)
{
        const char *clean = mount_target_clean(m->destination, e->arena), *why;
        _cleanup_close_ int fd = -1;
        bool followed = false;

        if (!clean)
                return err_nomem(err);
        why = mount_target_refused(clean, m->type, o->flags & MOUNT_BIND);
        if (why)
                return err_set(err, CFS_E_INVALID, "`%s` %s", clean, why);
        if (is_ordinary_only(m, o)) {
                fd = open_ordinary(e, m, clean, err);
        } else if (o->flags & MOUNT_DEST_NOFOLLOW) {
                fd = open_nofollow(e, clean, kind, err);
                followed = true;
        } else {
                fd = open_plain(e->root_fd, clean, kind, ret_mode);
                followed = fd < 0;
                if (fd < 0)
                        fd = open_usual(e, clean, kind, ret_mode, err);
        }
        if (fd < 0)
                return fd;
        why = followed ? refuse_procfs(fd, clean) : NULL;
        if (why)
                return err_set(err, CFS_E_INVALID, "`%s` %s", clean, why);
        /* Through a link the mount may come to lie anywhere. */
        e->plain = !followed;
        if (e->own_path && (followed || mount_target_is_below(e->own_path, clean)))
                mount_target_forget(e);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* The directory that refuses: the deepest that can be opened. */
static int open_refusing(int root_fd, const char *clean)
{
        char prefix[PATH_MAX];
        int fd = -EACCES;

        (void)snprintf(prefix, sizeof(prefix), "%s", clean);
        for (char *slash; fd == -EACCES && (slash = strrchr(prefix, '/'));) {
                slash[slash == prefix] = '\0';
                fd = path_open_in_root(root_fd, prefix, O_PATH | O_DIRECTORY, NULL);
                if (slash == prefix)
                        break;
        }
        return fd;
}

int mount_target_reach(int root_fd, const char *path, struct oci_arena *arena)
{
        int fd = path_open_in_root(root_fd, path, O_PATH, NULL);
        const char *clean = fd == -EACCES ? mount_target_clean(path, arena) : NULL;
        _cleanup_close_ int dir = clean ? open_refusing(root_fd, clean) : -1;
        struct stat st;

        if (dir < 0 || fstat(dir, &st) < 0)
                return fd;
        /* The IDs of this thread's accesses to files alone, setfsuid(2). What is not mapped stays as it
         * was. */
        gid_t gid = (gid_t)setfsgid(st.st_gid);
        uid_t uid = (uid_t)setfsuid(st.st_uid);

        fd = path_open_in_root(root_fd, path, O_PATH, NULL);
        (void)setfsuid(uid);
        (void)setfsgid(gid);
        return fd;
}

int mount_target_dev(int root_fd, bool *ret_linked, struct cfs_error *err)
{
        int fd = WEAKENED("dev-in-root") ? openat(root_fd, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC)
                                         : path_open_beneath(root_fd, "dev", O_PATH | O_DIRECTORY, NULL);

        if (ret_linked)
                *ret_linked = fd == -ELOOP;
        if (fd == -ELOOP)
                return path_open_in_root(root_fd, "/dev", O_PATH | O_DIRECTORY, err);
        return fd < 0 ? err_sys(err, -fd, "openat2", "open `/dev` below the root") : fd;
}

int mount_target_symlink(const struct mount_env *e, const char *destination, const char *text,
                         struct cfs_error *err)
{
        const char *clean = mount_target_clean(destination, e->arena), *name;
        _cleanup_close_ int dir = -1;
        char there[PATH_MAX];
        ssize_t n;

        if (!clean)
                return err_nomem(err);
        dir = path_parent_in_root(e->root_fd, clean, 0755, &name, err);
        if (dir < 0)
                return dir;
        if (symlinkat(text, dir, name) == 0)
                return 0;
        if (errno == EEXIST) {
                n = readlinkat(dir, name, there, sizeof(there));
                if (n >= 0 && (size_t)n == strlen(text) && memcmp(there, text, (size_t)n) == 0)
                        return 0;
                errno = EEXIST;
        }
        return err_sys(err, errno, "symlinkat", "make the link `%s`", clean);
}
