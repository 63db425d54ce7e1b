/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entering the root: how the clone that root.c has made becomes "/", and the only thing that the container
 * can reach.
 *
 * pivot_root(".", ".") puts the old root on top of the new one; umount2(".", MNT_DETACH) then removes the top
 * one, and with it every path of the host. It must not be shared at that moment: the host's mounts would go
 * as well.
 *
 * Two things can be left of the host, and both are looked for:
 *
 *   something was mounted on "/"    (`mount --bind / /` before the run, as rescue systems do). It comes
 *       along, on top of the old root, so that one umount2(2) takes away the upper layer and leaves the old
 *       root on top of the new one: "/" is the new root still, but "/.." goes up into the old one. So layers
 *       are detached until "/.." is the new root.
 *   the runtime has run in a chroot(2) whose directory is a mount. Then the new root has taken the place of
 *       that mount, somewhere in the host's tree: a process with CAP_SYS_CHROOT can leave its root, and
 *       setns(2), of `exec` or of a process inside, leads to the host's. So the init itself does what
 *       setns(2) does, goes to the topmost mount on the root of the mount namespace, and when that is not
 *       the new root, it pivots once more, from there.
 *
 * In a user namespace that is joined, the kernel has locked the copied mounts onto each other
 * (mount_namespaces(7)): a layer cannot be detached alone, and what the new root covers stays covered. There
 * the init pivots from the topmost layer in the first place. (For a new user namespace the runtime's root
 * must be topmost, or the kernel makes none.)
 *
 * --no-pivot (roots in a ramdisk): the root is moved onto "/", then chroot(2). All other mounts of the host
 * are detached before. Without a mount namespace of its own the container has a chroot(2) and nothing else.
 */
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/mountlist.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LAYERS 1000 /* mounts on the old root, before we take it for a mistake of ours */

static int enter_chroot(const struct ctx *c, struct cfs_error *err)
{
        if (fchdir(c->rootfs_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
                return err_sys(err, errno, "chroot", "make `%s` the root", c->rootfs);
        return 0;
}

/* Does "/..", which goes up into what is mounted on the root, end in the container's root? 1 or 0. */
static int is_closed(const struct ctx *c, struct cfs_error *err)
{
        struct statx up, root;

        if (statx(AT_FDCWD, "/..", AT_NO_AUTOMOUNT, STATX_MNT_ID, &up) < 0 ||
            statx(c->rootfs_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0)
                return err_sys(err, errno, "statx", "examine `/..`");
        return up.stx_mnt_id == root.stx_mnt_id;
}

/* Makes the topmost mount on the root of our mount namespace our root directory: what setns(2) does. */
static int go_to_namespace_root(const struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int ns = openat(c->proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);

        if (ns < 0)
                return err_sys(err, errno, "openat", "open /proc/self/ns/mnt");
        if (setns(ns, CLONE_NEWNS) < 0)
                return err_sys(err, errno, "setns", "go to the root of the container's mount namespace");
        return 0;
}

/* ---- --no-pivot ---------------------------------------------------------------------------------------- */

static bool is_below(const char *path, const char *dir)
{
        size_t n = strlen(dir);

        return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Detaches all mounts but "/", the root, what is below the root, and what the root is below; the last first.
 * What the kernel holds on to (locked in a user namespace) stays. */
static void detach_others(const struct ctx *c)
{
        _cleanup_mountlist_ struct mountlist m = { 0 };
        struct cfs_error ignored;

        if (mountlist_read(c->proc_fd, "self/mountinfo", &m, &ignored) < 0)
                return;
        for (size_t i = m.n; i-- > 0;) {
                const char *where = m.entries[i].point;

                if (!STREQ(where, "/") && !is_below(c->rootfs, where) && !is_below(where, c->rootfs))
                        (void)umount2(where, MNT_DETACH | UMOUNT_NOFOLLOW);
        }
}

static int move_root(const struct ctx *c, bool again, struct cfs_error *err)
{
        /* the paths of mountinfo are those of the bundle only as long as we are where the runtime was */
        if (!again)
                detach_others(c);
        if (move_mount(c->rootfs_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return err_sys(err, errno, "move_mount", "move the root to `/`");
        return enter_chroot(c, err);
}

/* ---- pivot_root(2) ------------------------------------------------------------------------------------- */

static int pivot_failed(const struct ctx *c, int e, struct cfs_error *err)
{
        int r = err_sys(err, e, "pivot_root", "make `%s` the root", c->rootfs);

        if (e == EINVAL)
                return err_hint(err, r, "a host whose root is a ramdisk cannot pivot: try --no-pivot");
        return r;
}

/* The old root, and what was mounted on it. */
static int detach_old_root(const struct ctx *c, struct cfs_error *err)
{
        for (int i = 0; i < MAX_LAYERS; i++) {
                int r = i == 0 ? 0 : is_closed(c, err);

                if (r != 0)
                        return r < 0 ? r : 0;
                if (umount2(".", MNT_DETACH) < 0)
                        return err_sys(err, errno, "umount2", "detach the old root");
                if (WEAKENED("stacked-root"))
                        return 0;
        }
        return err_set(err, CFS_E_SYSTEM, "more than %d mounts lie on the old root", MAX_LAYERS);
}

/* pivot_root(2) wants a new root that can be reached from the old one. A root whose path the init cannot
 * reach has been attached on "/" already (root.c). */
static int go_on_namespace_root(const struct ctx *c, struct cfs_error *err)
{
        int r = is_closed(c, err);

        if (r != 0)
                return r < 0 ? r : 0;
        r = go_to_namespace_root(c, err);
        if (r >= 0 && move_mount(c->rootfs_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return err_sys(err, errno, "move_mount", "move the root to `/`");
        return r;
}

static int pivot(const struct ctx *c, bool from_namespace_root, struct cfs_error *err)
{
        const char *asked = c->linux_->rootfs_propagation;
        _cleanup_close_ int old = -1;
        int r = from_namespace_root ? go_on_namespace_root(c, err) : 0;

        if (r < 0)
                return r;
        if (asked && (old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
                return err_sys(err, errno, "open", "open `/`");
        if (fchdir(c->rootfs_fd) < 0)
                return err_sys(err, errno, "fchdir", "go to `%s`", c->rootfs);
        if (sys_pivot_root(".", ".") < 0)
                return pivot_failed(c, errno, err);
        if (asked)
                r = mnt_setattr(old, true, 0, 0, MS_SLAVE, -1, err);
        return r < 0 ? r : detach_old_root(c, err);
}

/* ---- the row ------------------------------------------------------------------------------------------- */

int root_pivot_init(struct ctx *c, struct cfs_error *err)
{
        const bool no_pivot = c->create && c->create->no_pivot;
        const bool locked = (c->ns_join & CLONE_NEWUSER) && !WEAKENED("stacked-root");

        if (!(c->ns_new & CLONE_NEWNS))
                return enter_chroot(c, err);
        /* The first time from the runtime's root directory, the second from that of the mount namespace. */
        for (int i = 0; i < 2; i++) {
                int r = no_pivot ? move_root(c, i > 0, err) : pivot(c, i > 0 || locked, err);

                if (r >= 0 && WEAKENED("stacked-root"))
                        return chdir("/") < 0 ? err_sys(err, errno, "chdir", "go to `/`") : 0;
                if (r >= 0)
                        r = go_to_namespace_root(c, err);
                if (r >= 0)
                        r = is_closed(c, err);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        return err_set(err, CFS_E_SYSTEM, "`%s` did not become the root of its mount namespace", c->rootfs);
}
