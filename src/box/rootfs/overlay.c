/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounting overlayfs, by Documentation/filesystems/overlayfs.rst.
 *
 * Layers have numbers for names, relative to ROOT/layers: the option "lowerdir" takes 255 bytes, which is
 * enough for 60 layers and works on every kernel; for more, Linux 6.5 knows "lowerdir+", one layer at a time.
 * redirect_dir, metacopy and index are off: they leave marks in the upper layer that mean something only
 * together with these layers, and `commit` makes a layer of it.
 *
 * With a user namespace (--userns) the layers keep the owners that they have, and are mounted with their IDs
 * shifted (mount_setattr(2), MOUNT_ATTR_IDMAP; Linux 5.19 for overlayfs): one clone of ROOT/layers over
 * itself, one of the directory of what the container writes, both in our private mount namespace. So
 * containers with and without user namespaces share layers.
 */
#include "box/rootfs/overlay.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/mnt.h"
#include "base/str.h"
#include "base/sys.h"
#include <errno.h>
#include <limits.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LOWERDIR_MAX 250

int overlay_private(const struct box *box, struct cfs_error *err)
{
        struct mount_attr slave = { .propagation = MS_SLAVE };
        int root;

        if (unshare(CLONE_NEWNS) < 0)
                return err_hint(err, err_sys(err, errno, "unshare", "make a mount namespace"),
                                "`cfs-box doctor` says what is missing");
        if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &slave, sizeof(slave)) < 0)
                return err_sys(err, errno, "mount_setattr", "make mounts private");
        /* A descriptor from before belongs to the other namespace, and the kernel mounts nothing on it. */
        root = open(box->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root < 0 || dup3(root, box->root_fd, O_CLOEXEC) < 0)
                return err_path(err, errno, "open", box->root, "open `%s`", box->root);
        (void)close(root);
        return 0;
}

/* ---- shifted IDs --------------------------------------------------------------------------------------- */

/* A user namespace that maps n IDs from 0 to those from host_id on: a child makes it, and is not needed
 * for long. */
int overlay_userns(uint32_t host_id, uint32_t n, struct cfs_error *err)
{
        _cleanup_close_ int pidfd = -1;
        struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_PIDFD,
                                   .exit_signal = SIGCHLD,
                                   .pidfd = (uintptr_t)&pidfd };
        char path[48], map[48];
        int fd = -1, r = 0;
        pid_t pid = sys_clone3(&args);

        if (pid < 0)
                return err_sys(err, errno, "clone3", "make a user namespace");
        if (pid == 0)
                for (;;)
                        (void)pause();
        (void)snprintf(map, sizeof(map), "0 %u %u\n", host_id, n);
        (void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
        r = io_write_small(AT_FDCWD, path, map, err);
        (void)snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
        if (r >= 0)
                r = io_write_small(AT_FDCWD, path, map, err);
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
        if (r >= 0 && (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
                r = err_sys(err, errno, "open", "open `%s`", path);
        (void)sys_pidfd_send_signal(pidfd, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r < 0 ? r : fd;
}

/* A clone of a directory, its owners shifted, on top of itself. */
static int shift(const struct box *box, const char *name, int userns, struct cfs_error *err)
{
        _cleanup_close_ int mnt = mnt_clone(box->root_fd, name, false, err), target = -1;
        int r;

        if (mnt < 0)
                return mnt;
        r = mnt_setattr(mnt, false, 0, 0, 0, userns, err);
        if (r < 0)
                return err_prefix(err, r, "shift the owners of %s/%s", box->root, name);
        target = openat(box->root_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (target < 0)
                return err_sys(err, errno, "openat", "open %s/%s", box->root, name);
        return mnt_attach(mnt, target, err);
}

static int shift_all(const struct box *box, const struct overlay *o, struct cfs_error *err)
{
        _cleanup_close_ int userns = overlay_userns(o->host_id, o->n_ids, err);
        int r = userns < 0 ? userns : shift(box, "layers", userns, err);

        return r < 0 ? r : shift(box, o->own, userns, err);
}

/* ---- mounting ------------------------------------------------------------------------------------------ */

struct options {
        char **list;
        size_t n;
};

__attribute__((format(printf, 3, 4))) static int add(struct options *o, struct cfs_error *err,
                                                     const char *fmt, ...)
{
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = vasprintf(&o->list[o->n], fmt, ap);
        va_end(ap);
        if (r < 0)
                return err_nomem(err);
        o->list[++o->n] = NULL;
        return 0;
}

/* An image may have one layer in several places, mostly an empty one, and overlayfs refuses a directory
 * that it has (ELOOP). What the layer has and removes is seen as the uppermost place shows it; the others
 * add nothing. */
static bool is_above(const struct overlay *o, size_t place)
{
        for (size_t i = place + 1; i < o->n_layers; i++)
                if (o->layers[i] == o->layers[place])
                        return true;
        return false;
}

static int add_layers(struct options *opts, const struct overlay *o, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };
        int r = 0;

        for (size_t i = o->n_layers; i > 0; i--)
                if (!is_above(o, i - 1))
                        str_addf(&s, "%s%lld", i < o->n_layers ? ":" : "", (long long)o->layers[i - 1]);
        if (s.failed)
                return err_nomem(err);
        if (s.len < LOWERDIR_MAX)
                return add(opts, err, "lowerdir=%s", s.p);
        for (size_t i = o->n_layers; r >= 0 && i > 0; i--)
                if (!is_above(o, i - 1))
                        r = add(opts, err, "lowerdir+=%lld", (long long)o->layers[i - 1]);
        return r;
}

static int add_options(const struct box *box, const struct overlay *o, struct options *opts,
                       struct cfs_error *err)
{
        int r = add_layers(opts, o, err);

        if (r >= 0)
                r = add(opts, err, "upperdir=../%s/upper", o->own);
        if (r >= 0)
                r = add(opts, err, "workdir=../%s/work", o->own);
        if (r >= 0 && !box->rootless)
                r = add(opts, err, "redirect_dir=off");
        if (r >= 0 && !box->rootless)
                r = add(opts, err, "metacopy=off");
        if (r >= 0)
                r = add(opts, err, "index=off");
        if (r >= 0 && box->rootless)
                r = add(opts, err, "userxattr");
        if (r >= 0 && o->throwaway)
                r = add(opts, err, "volatile");
        return r;
}

static int make(int dir_fd, const char *path, struct cfs_error *err)
{
        if (mkdirat(dir_fd, path, 0755) < 0 && errno != EEXIST)
                return err_sys(err, errno, "mkdirat", "make %s", path);
        return 0;
}

static int make_directories(const struct box *box, const struct overlay *o, struct cfs_error *err)
{
        char upper[80], work[80], rootfs[PATH_MAX + 16];
        _cleanup_close_ int fd = -1;
        int r = make(box->root_fd, o->own, err);

        (void)snprintf(upper, sizeof(upper), "%s/upper", o->own);
        (void)snprintf(work, sizeof(work), "%s/work", o->own);
        (void)snprintf(rootfs, sizeof(rootfs), "%s/rootfs", o->bundle);
        if (r >= 0)
                r = make(box->root_fd, upper, err);
        if (r >= 0)
                r = make(box->root_fd, work, err);
        if (r >= 0)
                r = make(AT_FDCWD, rootfs, err);
        if (r < 0)
                return r;
        /* overlayfs refuses to mount "volatile" again on a work directory that saw a crash; nothing was
         * lost that mattered. */
        fd = openat(box->root_fd, work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
                (void)unlinkat(fd, "work/incompat/volatile", AT_REMOVEDIR);
                (void)unlinkat(fd, "work/incompat", AT_REMOVEDIR);
        }
        return 0;
}

/* overlayfs works on the upper layer with the credentials of the process that mounts it, and makes files
 * there as that user, which must be one of the users of a shifted mount. The securebit keeps the
 * capabilities, which setfsuid(2) to another user would take away. */
static int mount_as(uint32_t id, const char *const *options, struct cfs_error *err)
{
        int before = prctl(PR_GET_SECUREBITS), r;

        if (id == 0)
                return mnt_new_fs("overlay", "overlay", options, 0, err);
        if (before < 0 || prctl(PR_SET_SECUREBITS, (unsigned long)before | SECBIT_NO_SETUID_FIXUP) < 0)
                return err_sys(err, errno, "prctl", "keep capabilities");
        (void)setfsgid(id);
        (void)setfsuid(id);
        r = mnt_new_fs("overlay", "overlay", options, 0, err);
        (void)setfsuid(0);
        (void)setfsgid(0);
        (void)prctl(PR_SET_SECUREBITS, before);
        return r;
}

/* Relative names count from the current directory. */
static int mount_in_layers(const struct box *box, const struct overlay *o, struct cfs_error *err)
{
        _cleanup_close_ int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int layers = openat(box->root_fd, "layers", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char **list = calloc(o->n_layers + 16, sizeof(*list));
        struct options opts = { .list = list };
        int r = list ? 0 : err_nomem(err);

        if (r >= 0 && (cwd < 0 || layers < 0 || fchdir(layers) < 0))
                r = err_sys(err, errno, "fchdir", "enter %s/layers", box->root);
        if (r >= 0)
                r = add_options(box, o, &opts, err);
        if (r >= 0)
                r = mount_as(o->host_id, (const char *const *)list, err);
        if (cwd >= 0 && fchdir(cwd) < 0 && r >= 0)
                r = err_sys(err, errno, "fchdir", "return to the former directory");
        for (size_t i = 0; i < opts.n; i++)
                free(opts.list[i]);
        return r < 0 ? err_prefix(err, r, "mount the layers of container %.12s", o->id) : r;
}

int overlay_mount(const struct box *box, const struct overlay *o, struct cfs_error *err)
{
        _cleanup_close_ int mnt = -1, target = -1;
        char rootfs[PATH_MAX + 16];
        int r = make_directories(box, o, err);

        if (r >= 0 && o->host_id)
                r = shift_all(box, o, err);
        if (r < 0)
                return r;
        mnt = mount_in_layers(box, o, err);
        if (mnt < 0)
                return mnt;
        (void)snprintf(rootfs, sizeof(rootfs), "%s/rootfs", o->bundle);
        target = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (target < 0)
                return err_sys(err, errno, "open", "open %s", rootfs);
        r = mnt_attach(mnt, target, err);
        if (r < 0)
                return r;
        cleanup_close_p(&target);
        target = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (target < 0)
                return err_sys(err, errno, "open", "open %s", rootfs);
        return TAKE_FD(target);
}

void overlay_unmount(const struct box *box, const char *bundle, const char *own)
{
        char path[PATH_MAX + 16];

        (void)snprintf(path, sizeof(path), "%s/rootfs", bundle);
        (void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        /* Only with a user namespace; otherwise these are plain directories. */
        (void)snprintf(path, sizeof(path), "%s/%s", box->root, own);
        (void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        (void)snprintf(path, sizeof(path), "%s/layers", box->root);
        (void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}
