/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.devices, the default devices, and the links of /dev (config-linux.md, "Devices", "Default Devices";
 * runtime-linux.md, "Dev symbolic links").
 *
 * /dev is opened once, beneath the root and without following links, and everything is made relative to that
 * descriptor: a root file system whose /dev is a link to the host's must not get device nodes made there
 * (CVE-2026-41579). A device elsewhere ("/srv/dev/null") goes to its own directory, resolved inside the root.
 *
 * mknod(2) of a device is refused in a user namespace; then the host's node is bind-mounted, after looking at what was
 * cloned: it must be the very device. The node's owner and mode are the host's there.
 *
 * A node that exists already must be the device asked for (config-linux.md), and is left as it is: it may be the host's,
 * by a bind mount. When /dev as a whole is a bind mount nothing is made in it at all.
 *
 * /dev/ptmx is the link to the container's own devpts instance, also when linux.devices lists the node (podman lists all
 * of the host's for a privileged container): the node would open the host's instance.
 *
 * The umask is taken away for the while, so that modes are exact without a chmod(2) that could follow a link.
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
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MAX_MAJOR 4095    /* 12 bits: mknod(2)'s device number */
#define MAX_MINOR 1048575 /* 20 bits                           */

struct node {
        const char *path; /* inside the container            */
        mode_t type;      /* S_IFCHR, S_IFBLK, S_IFIFO       */
        mode_t mode;
        dev_t dev;
        uid_t uid; /* -1: as it comes */
        gid_t gid;
};

struct maker {
        int root_fd;
        int dev_fd;  /* /dev, or -1 when nothing is to be made there */
        bool mknod_; /* not refused so far                           */
};

static const struct {
        const char *path;
        unsigned major, minor;
} defaults[] = {
        { "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
        { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const struct {
        const char *name, *text;
} links[] = {
        { "ptmx", "pts/ptmx" },          { "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
        { "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
};

static bool is_path(const char *destination, const char *path)
{
        size_t n = strlen(path);

        while (n > 0) { /* "//dev/" and "dev" are "/dev" */
                while (*destination == '/')
                        destination++;
                while (*path == '/')
                        path++;
                n = strcspn(path, "/");
                if (strncmp(destination, path, n) != 0 || (destination[n] && destination[n] != '/'))
                        return false;
                destination += n;
                path += n;
        }
        return *destination == '\0';
}

/* The last mount on a path, or NULL. */
static const struct oci_mount *mount_on(const struct ctx *c, const char *path)
{
        for (size_t i = c->config->n_mounts; i-- > 0;)
                if (is_path(c->config->mounts[i]->destination, path))
                        return c->config->mounts[i];
        return NULL;
}

static bool is_bind(const struct oci_mount *m)
{
        for (size_t i = 0; i < m->n_options; i++)
                if (STREQ(m->options[i], "bind") || STREQ(m->options[i], "rbind"))
                        return true;
        return str_eq(m->type, "bind");
}

/* ---- check ------------------------------------------------------------------------------------------------------- */

static void check_number(struct problems *p, size_t i, const char *name, bool has, int64_t n, int64_t max)
{
        if (!has)
                problem(p, PROP("linux.devices[%zu].%s", i, name),
                        "is missing: only a FIFO (type p) has none");
        else if (n < 0 || n > max)
                problem(p, PROP("linux.devices[%zu].%s", i, name), "%lld is not between 0 and %lld",
                        (long long)n, (long long)max);
}

void devices_check(const struct ctx *c, struct problems *p)
{
        for (size_t i = 0; i < c->linux_->n_devices; i++) {
                const struct oci_device *d = c->linux_->devices[i];

                if (str_empty(d->type) || !strchr("cbup", d->type[0]) || d->type[1])
                        problem(p, PROP("linux.devices[%zu].type", i), "`%s` is none of c, b, u and p",
                                d->type ? d->type : "");
                else if (d->type[0] != 'p') {
                        check_number(p, i, "major", d->has_major, d->major, MAX_MAJOR);
                        check_number(p, i, "minor", d->has_minor, d->minor, MAX_MINOR);
                }
                if (str_empty(d->path) || !path_is_absolute(d->path))
                        problem(p, PROP("linux.devices[%zu].path", i), "`%s` is not an absolute path",
                                d->path ? d->path : "");
                else if (path_has_dotdot(d->path) || d->path[strlen(d->path) - 1] == '/' ||
                         is_path(d->path, "/dev"))
                        problem(p, PROP("linux.devices[%zu].path", i),
                                "`%s` is not the name of a device node", d->path);
        }
}

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

static bool is_same(const struct stat *st, const struct node *n)
{
        return (st->st_mode & S_IFMT) == n->type && (n->type == S_IFIFO || st->st_rdev == n->dev);
}

/* A clone of the host's node, by its path there or by its number (udev's links). */
static int clone_host(const struct node *n, struct cfs_error *err)
{
        char by_number[64];
        const char *paths[] = { n->path, by_number };
        _cleanup_close_ int fd = -1;
        struct stat st;

        (void)snprintf(by_number, sizeof(by_number), "/dev/%s/%u:%u", n->type == S_IFBLK ? "block" : "char",
                       major(n->dev), minor(n->dev));
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                if (stat(paths[i], &st) < 0) {
                        if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
                                continue;
                        return err_path(err, errno, "stat", paths[i], "examine the host's `%s`", paths[i]);
                }
                if (!is_same(&st, n))
                        continue;
                fd = mnt_clone(AT_FDCWD, paths[i], false, err);
                if (fd < 0)
                        return fd;
                if (fstat(fd, &st) < 0)
                        return err_path(err, errno, "fstat", paths[i], "examine the host's `%s`", paths[i]);
                if (is_same(&st, n))
                        return TAKE_FD(fd);
                return err_set(err, CFS_E_SYSTEM, "the host's `%s` was exchanged", paths[i]);
        }
        return err_set(
                err, CFS_E_UNSUPPORTED,
                "device nodes cannot be made here (user namespace), and the host has no `%s` that is device %u:%u",
                n->path, major(n->dev), minor(n->dev));
}

static int bind_node(int dir, const char *name, const struct node *n, struct cfs_error *err)
{
        _cleanup_close_ int file = -1; /* open for writing it would keep its mount from becoming read-only */
        _cleanup_leave_ int fd = -1, target = -1;

        fd = clone_host(n, err);
        if (fd < 0)
                return fd;
        file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (file < 0 && errno != EEXIST)
                return err_sys(err, errno, "openat", "make `%s`", n->path);
        target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (target < 0)
                return err_sys(err, errno, "openat", "make `%s`", n->path);
        return mnt_attach(fd, target, err);
}

/* Something is there. */
static int accept_existing(struct maker *k, int dir, const char *name, const struct node *n,
                           struct cfs_error *err)
{
        struct stat st;

        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(err, errno, "fstatat", "examine `%s`", n->path);
        if (is_same(&st, n))
                return 0;
        /* An empty file is what a node was bound on in an earlier container of the same root file system. */
        if (!k->mknod_ && S_ISREG(st.st_mode) && st.st_size == 0 && n->type != S_IFIFO)
                return bind_node(dir, name, n, err);
        return err_set(err, CFS_E_INVALID, "`%s` exists and is another thing than the device asked for",
                       n->path);
}

static int make_at(struct maker *k, int dir, const char *name, const struct node *n, struct cfs_error *err)
{
        if (k->mknod_ || n->type == S_IFIFO) {
                if (mknodat(dir, name, n->type | n->mode, n->dev) == 0)
                        goto made;
                if (errno == EEXIST)
                        return accept_existing(k, dir, name, n, err);
                if (errno != EPERM || n->type == S_IFIFO)
                        return err_sys(err, errno, "mknodat", "make `%s`", n->path);
                k->mknod_ = false;
        }
        if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return accept_existing(k, dir, name, n, err);
        if (errno != ENOENT)
                return err_sys(err, errno, "faccessat", "look for `%s`", n->path);
        return bind_node(dir, name, n, err);
made:
        if ((n->uid != (uid_t)-1 || n->gid != (gid_t)-1) &&
            fchownat(dir, name, n->uid, n->gid, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(err, errno, "fchownat", "give `%s` to %u:%u", n->path, n->uid, n->gid);
        return 0;
}

static int make_node(struct maker *k, const struct node *n, struct cfs_error *err)
{
        const char *below = n->path + strspn(n->path, "/"), *name;
        _cleanup_close_ int dir = -1;
        size_t skip = strcspn(below, "/");
        int r;

        if (skip == 3 && str_has_prefix(below, "dev/")) {
                below += skip + strspn(below + skip, "/");
                if (k->dev_fd < 0) {
                        log_warning("`%s` is not made: /dev is a bind mount", n->path);
                        return 0;
                }
                if (!strchr(below, '/'))
                        return make_at(k, k->dev_fd, below, n, err);
                dir = path_parent_in_root(k->dev_fd, below, 0755, &name, err);
        } else {
                dir = path_parent_in_root(k->root_fd, n->path, 0755, &name, err);
        }
        if (dir < 0)
                return dir;
        r = make_at(k, dir, name, n, err);
        return r;
}

static void node_of(const struct oci_device *d, struct node *n)
{
        n->path = d->path;
        n->type = d->type[0] == 'b' ? S_IFBLK : d->type[0] == 'p' ? S_IFIFO : S_IFCHR;
        n->mode = d->has_file_mode ? d->file_mode & 07777 : 0666;
        n->dev = n->type == S_IFIFO ? 0 : makedev((unsigned)d->major, (unsigned)d->minor);
        n->uid = d->has_uid ? d->uid : (uid_t)-1;
        n->gid = d->has_gid ? d->gid : (gid_t)-1;
}

static bool is_configured(const struct ctx *c, const char *path)
{
        for (size_t i = 0; i < c->linux_->n_devices; i++)
                if (is_path(c->linux_->devices[i]->path, path))
                        return true;
        return false;
}

/* The link of that name takes its place. */
static bool is_link(const struct maker *k, const char *path)
{
        return k->dev_fd >= 0 && is_path(path, "/dev/ptmx");
}

static int make_nodes(const struct ctx *c, struct maker *k, struct cfs_error *err)
{
        struct node n;
        int r;

        for (size_t i = 0; k->dev_fd >= 0 && i < ARRAY_SIZE(defaults); i++) {
                if (is_configured(c, defaults[i].path))
                        continue;
                n = (struct node){ .path = defaults[i].path,
                                   .type = S_IFCHR,
                                   .mode = 0666,
                                   .dev = makedev(defaults[i].major, defaults[i].minor),
                                   .uid = (uid_t)-1,
                                   .gid = (gid_t)-1 };
                r = make_node(k, &n, err);
                if (r < 0)
                        return err_prefix(err, r, "default devices");
        }
        for (size_t i = 0; i < c->linux_->n_devices; i++) {
                if (is_link(k, c->linux_->devices[i]->path))
                        continue;
                node_of(c->linux_->devices[i], &n);
                r = make_node(k, &n, err);
                if (r < 0)
                        return err_property(err, r, "linux.devices[%zu]", i);
        }
        return 0;
}

/* ---- links ------------------------------------------------------------------------------------------------------- */

static int make_link(int dev_fd, const char *name, const char *text, struct cfs_error *err)
{
        struct stat st;

        if (symlinkat(text, dev_fd, name) == 0)
                return 0;
        if (errno != EEXIST)
                return err_sys(err, errno, "symlinkat", "make `/dev/%s`", name);
        if (fstatat(dev_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
                return 0; /* the image's own, and never followed by us */
        /* A ptmx node of the image would open the host's devpts instance; other things are the image's affair. */
        if (!STREQ(name, "ptmx"))
                return 0;
        if (unlinkat(dev_fd, name, 0) < 0 || symlinkat(text, dev_fd, name) < 0)
                return err_sys(err, errno, "symlinkat", "replace `/dev/%s`", name);
        return 0;
}

static int make_links(const struct ctx *c, const struct maker *k, struct cfs_error *err)
{
        const struct oci_mount *proc = mount_on(c, "/proc");
        _cleanup_close_ int fd = -1;
        bool has_proc = proc && str_eq(proc->type, "proc");
        int r = 0;

        if (!has_proc) { /* "if the source file exists after processing mounts" */
                fd = path_open_in_root(k->root_fd, "/proc/self/fd", O_PATH, NULL);
                has_proc = fd >= 0;
        }
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(links); i++)
                if (has_proc || !str_has_prefix(links[i].text, "/proc/"))
                        r = make_link(k->dev_fd, links[i].name, links[i].text, err);
        if (r >= 0 && has_proc && faccessat(c->proc_fd, "kcore", F_OK, 0) == 0)
                r = make_link(k->dev_fd, "core", "/proc/kcore", err);
        return r;
}

/* ---- the row ----------------------------------------------------------------------------------------------------- */

static int open_dev(int root_fd, struct cfs_error *err)
{
        int fd = path_open_beneath(root_fd, "dev", O_PATH | O_DIRECTORY, NULL), r;

        if (fd == -ENOENT && mkdirat(root_fd, "dev", 0755) == 0)
                fd = path_open_beneath(root_fd, "dev", O_PATH | O_DIRECTORY, NULL);
        if (fd >= 0)
                return fd;
        r = err_sys(err, -fd, "openat2", "open `/dev` below the root");
        if (r == -ELOOP || r == -ENOTDIR)
                return err_hint(err, r,
                                "the root file system's /dev is a link or a file; it must be a directory");
        return r;
}

int devices_init(struct ctx *c, struct cfs_error *err)
{
        const struct oci_mount *dev = mount_on(c, "/dev");
        struct maker k = { .root_fd = c->rootfs_fd, .dev_fd = -1, .mknod_ = !ctx_has_ns(c, CLONE_NEWUSER) };
        mode_t old = umask(0);
        int r = 0;

        if (!dev || !is_bind(dev)) {
                k.dev_fd = open_dev(c->rootfs_fd, err);
                r = k.dev_fd;
        }
        if (r >= 0)
                r = make_nodes(c, &k, err);
        if (r >= 0 && k.dev_fd >= 0)
                r = make_links(c, &k, err);
        mount_leave_p(&k.dev_fd);
        (void)umask(old);
        return r < 0 ? r : 0;
}

void devices_explain(const struct ctx *c, struct report *r)
{
        const struct oci_mount *dev = mount_on(c, "/dev");
        struct node n;

        if (dev && is_bind(dev))
                report_line(r, "leave /dev as it is bound");
        else
                report_line(
                        r,
                        "make null, zero, full, random, urandom, tty and the links ptmx, fd, stdin, stdout, stderr, "
                        "core in /dev");
        for (size_t i = 0; i < c->linux_->n_devices; i++) {
                node_of(c->linux_->devices[i], &n);
                if (n.type == S_IFIFO)
                        report_line(r, "make FIFO %s, mode %04o", n.path, n.mode);
                else
                        report_line(r, "make %s device %u:%u %s, mode %04o",
                                    n.type == S_IFBLK ? "block" : "character", major(n.dev), minor(n.dev),
                                    n.path, n.mode);
        }
}
