/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * root (config.md, "Root"): the directory that becomes "/".
 *
 * pivot_root(2) wants a mount point, so the root is cloned, with all that is mounted below it, onto itself;
 * every later step works on the descriptor of that clone (ctx->rootfs_fd), which stays valid across the
 * pivot. The kernel refuses when the new root or the mount that it is attached to is shared, so where
 * linux.rootfsPropagation leaves mounts shared, the one that the root lies in is made private first: the
 * clone of a private mount is private. For "slave" it is made a slave, and so is the clone: what the host
 * mounts below the root later appears inside (config-linux.md, "Rootfs Mount Propagation"). For "shared" the
 * root becomes the first of a peer group of its own, which the host is not in.
 *
 * How the init then enters it, and makes sure that nothing of the host is left beside it: root_pivot.c.
 *
 * Three situations are not the usual one:
 *
 *   user namespace, privileged runtime   the directory may be out of reach of the container's root user. The
 *                                        runtime makes the clone; when the init cannot reach the path to
 *                                        attach it there, it attaches it on "/", which is not looked up any
 *                                        more.
 *   --no-pivot (roots in a ramdisk)      the clone is moved onto "/", then chroot(2). All other mounts of the
 *                                        host are detached before: a process with CAP_SYS_CHROOT can leave a
 *                                        chroot.
 *   no mount namespace of its own        the clone is made in the namespace that the container shares or
 *                                        joins, private, so that what is mounted below appears nowhere else;
 *                                        then chroot(2). It outlives the container, so it is recorded and
 *                                        undone by `delete`. What is recorded is the ID of the mount *below*
 *                                        it: undo takes away what is on top of that, and nothing when the
 *                                        clone was never attached. With root.path "/" there is neither clone
 *                                        nor mount: it would lie on the host's "/". What would need one is
 *                                        refused.
 */
#include "base/ask.h"
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/mount/mount.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include "oci.h"
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif

static bool has_own_namespace(const struct ctx *c)
{
        return c->ns_new & CLONE_NEWNS;
}

static bool is_asked_for(const struct ctx *c, const char *propagation)
{
        const char *asked = c->linux_->rootfs_propagation;

        return asked && (STREQ(asked, propagation) || (asked[0] == 'r' && STREQ(asked + 1, propagation)));
}

/* Of what changes the mounts below the root: the property, or NULL when there is nothing of the kind. */
static const char *changes_mounts(const struct ctx *c)
{
        return c->config->n_mounts           ? "mounts"
               : c->linux_->n_masked_paths   ? "linux.maskedPaths"
               : c->linux_->n_readonly_paths ? "linux.readonlyPaths"
               : c->config->root->readonly   ? "root.readonly"
                                             : NULL;
}

#define NEEDS_MOUNT_NAMESPACE                                                                                \
        "the root `/` without a mount namespace of the container's own: the host's mounts would be changed"

static void check_runtimes_root(const struct ctx *c, struct problems *p)
{
        const char *property = changes_mounts(c);

        if (has_own_namespace(c) || !property || strspn(c->rootfs, "/.") != strlen(c->rootfs))
                return;
        problem(p, property, "cannot be had with " NEEDS_MOUNT_NAMESPACE);
        problem_hint(p, "add {\"type\": \"mount\"} to linux.namespaces");
}

void root_check(const struct ctx *c, struct problems *p)
{
        struct cfs_error e = { 0 };
        struct stat st;

        if (!c->config->root || str_empty(c->config->root->path)) {
                problem(p, "root.path", "is missing");
                return;
        }
        if (c->rootfs)
                check_runtimes_root(c, p);
        if (!problem_wants_host(p) || !c->rootfs)
                return;
        if (lstat(c->rootfs, &st) < 0) {
                (void)err_path(&e, errno, "lstat", c->rootfs, "`%s`", c->rootfs);
                problem_host(p, "root.path", "%s%s%s", e.text, e.hint[0] ? "; " : "", e.hint);
        } else if (S_ISLNK(st.st_mode)) {
                /* It would be resolved by the host's rules, to what may be another container's root, or
                 * the host's. */
                problem_host(p, "root.path", "`%s` is a symbolic link", c->rootfs);
        } else if (!S_ISDIR(st.st_mode)) {
                problem_host(p, "root.path", "`%s`: not a directory", c->rootfs);
        }
}

/* ---- prepare ------------------------------------------------------------------------------------------- */

struct question {
        int ns_fd; /* a mount namespace to enter, or -1 */
        int64_t (*f)(const char *path, uint64_t id);
        const char *path;
        uint64_t id;
};

static int64_t enter_and_call(const void *data)
{
        const struct question *q = data;

        return setns(q->ns_fd, CLONE_NEWNS) < 0 ? -errno : q->f(q->path, q->id);
}

/* Calls f() in the mount namespace, by a child, because setns(2) takes root and working directory along. *ret
 * is what f() returned. */
static int in_namespace(const struct question *q, int64_t *ret, struct cfs_error *err)
{
        if (q->ns_fd >= 0)
                return ask_child(enter_and_call, q, "the container's mount namespace", ret, NULL, err);
        *ret = q->f(q->path, q->id);
        return 0;
}

/* The ID of the topmost mount that the directory is in, or -errno. */
static int64_t mount_id(const char *path, uint64_t unused)
{
        struct statx stx;

        (void)unused;
        return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &stx) < 0 ? -errno
                                                                                  : (int64_t)stx.stx_mnt_id;
}

static int record_mount(struct ctx *c, struct cfs_error *err)
{
        struct oci_record *rec = c->state->record;
        int64_t id = 0;
        int r;

        r = in_namespace(&(const struct question){ c->namespaces->join_fd[NS_MOUNT], mount_id, c->rootfs, 0 },
                         &id, err);
        if (r < 0)
                return r;
        if (id < 0) {
                r = err_path(err, (int)-id, "statx", c->rootfs, "examine `%s`", c->rootfs);
                return err_property(err, r, "root.path");
        }
        rec->mounts = oci_arena_alloc(c->arena, 2 * sizeof(*rec->mounts));
        if (!rec->mounts ||
            !(rec->mounts[0] = oci_arena_printf(c->arena, "%lld %s", (long long)id, c->rootfs)))
                return err_nomem(err);
        rec->n_mounts = 1;
        return record_save(c->state, err);
}

/* The last component is not followed: root_check() has seen that it is not a link. */
static int clone_root(const struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int dir = open(c->rootfs, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return dir < 0 ? err_path(err, errno, "open", c->rootfs, "open `%s`", c->rootfs)
                       : mnt_clone(dir, "", true, err);
}

int root_prepare(struct ctx *c, struct cfs_error *err)
{
        int r;

        if (!has_own_namespace(c))
                return record_mount(c, err);
        if (!ctx_has_ns(c, CLONE_NEWUSER) || c->rootless)
                return 0;
        c->rootfs_fd = clone_root(c, err);
        if (c->rootfs_fd < 0)
                return err_property(err, c->rootfs_fd, "root.path");
        /* "shared" is a peer group of the container's own (config-linux.md): not the host's. */
        r = is_asked_for(c, "shared") ? mnt_setattr(c->rootfs_fd, false, 0, 0, MS_PRIVATE, -1, err)
                                      : mnt_setattr(c->rootfs_fd, true, 0, 0, MS_SLAVE, -1, err);
        return r < 0 ? r : 0;
}

/* A run in the foreground lives as long as the container, and must not hold its root. */
int root_host(struct ctx *c, struct cfs_error *err)
{
        (void)err;
        if (c->rootfs_fd >= 0)
                (void)close(c->rootfs_fd);
        c->rootfs_fd = -1;
        return 0;
}

/* ---- init ---------------------------------------------------------------------------------------------- */

/* The root of the mount that `fd` lies in; upwards, since only there mount_setattr(2) takes it. The way up
 * leads past the root directory into what lies on that; every other mount was entered from above. */
static int open_mount_root(int fd, struct cfs_error *err)
{
        _cleanup_close_ int cur = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        struct statx stx, first = { 0 };

        for (;;) {
                int up;

                if (cur < 0 || statx(cur, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
                        return err_sys(err, errno, "statx", "find the mount that the root lies in");
                if (!first.stx_mask)
                        first = stx;
                if (stx.stx_mnt_id != first.stx_mnt_id) {
                        up = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                        return up < 0 ? err_sys(err, errno, "open", "open `/`") : up;
                }
                if (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
                        return TAKE_FD(cur);
                up = openat(cur, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                (void)close(cur);
                cur = up;
        }
}

/* Of the mount that `fd` lies in: of its root, since only there mount_setattr(2) takes it. */
static int set_parent(int fd, uint64_t propagation, struct cfs_error *err)
{
        _cleanup_close_ int root = open_mount_root(fd, err);

        return root < 0 ? root : mnt_setattr(root, false, 0, 0, propagation, -1, err);
}

static int root_open_root(const struct ctx *c, struct cfs_error *err)
{
        int fd = open(c->rootfs, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        /* The runtime has cloned it already: then any place will do. */
        if (fd < 0 && errno == EACCES && c->rootfs_fd >= 0)
                fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return err_path(err, errno, "open", c->rootfs, "open `%s`", c->rootfs);
        return fd;
}

/* Is it the root directory that we have, or what lies on that? Returns 1 or 0. */
static int is_runtimes_root(int fd, struct cfs_error *err)
{
        struct statx dir, root;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &dir) < 0)
                return err_sys(err, errno, "statx", "examine the root");
        for (int i = 0; i < 2; i++) {
                if (statx(AT_FDCWD, i ? "/.." : "/", 0, STATX_INO | STATX_MNT_ID, &root) < 0)
                        return err_sys(err, errno, "statx", "examine `/`");
                if (dir.stx_mnt_id == root.stx_mnt_id && dir.stx_ino == root.stx_ino)
                        return 1;
        }
        return 0;
}

/* Without a mount namespace: whatever the path looks like, nothing is attached to the root directory of
 * others. */
static int use_runtimes_root(struct ctx *c, int *target, struct cfs_error *err)
{
        const char *property = changes_mounts(c);

        if (property)
                return err_property(err,
                                    err_set(err, CFS_E_INVALID, "cannot be had with " NEEDS_MOUNT_NAMESPACE),
                                    "%s", property);
        c->root_is_runtimes = true;
        c->rootfs_fd = TAKE_FD(*target);
        return 0;
}

static int attach_root(struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int target = root_open_root(c, err), tree = -1;
        int r = 0;

        if (target < 0)
                return target;
        if (!has_own_namespace(c) && !WEAKENED("root-on-root"))
                r = is_runtimes_root(target, err);
        if (r != 0)
                return r < 0 ? r : use_runtimes_root(c, &target, err);
        if (has_own_namespace(c) && c->linux_->rootfs_propagation)
                r = set_parent(target, is_asked_for(c, "slave") ? MS_SLAVE : MS_PRIVATE, err);
        if (r < 0)
                return r;
        tree = c->rootfs_fd >= 0 ? TAKE_FD(c->rootfs_fd) : mnt_clone(target, "", true, err);
        if (tree < 0)
                return tree;
        if (!has_own_namespace(c))
                r = mnt_setattr(tree, true, 0, 0, MS_PRIVATE, -1, err);
        if (r >= 0)
                r = mnt_attach(tree, target, err);
        if (r >= 0)
                c->rootfs_fd = TAKE_FD(tree);
        return r;
}

int root_init(struct ctx *c, struct cfs_error *err)
{
        int r = attach_root(c, err);

        if (r == -ENOTDIR)
                (void)err_hint(err, r, "root.path must be a directory");
        return r < 0 ? err_property(err, r, "root.path") : 0;
}

/* ---- what config.json says of the root itself ---------------------------------------------------------- */

bool root_propagation_wanted(const struct ctx *c)
{
        return has_own_namespace(c) && c->linux_->rootfs_propagation;
}

/* What the property says of the root itself. After the masks: those are clones, and nothing can be cloned
 * from an unbindable mount. */
int root_propagation_init(struct ctx *c, struct cfs_error *err)
{
        uint64_t flag;
        int r;

        flag = is_asked_for(c, "shared")    ? MS_SHARED
               : is_asked_for(c, "slave")   ? MS_SLAVE
               : is_asked_for(c, "private") ? MS_PRIVATE
                                            : MS_UNBINDABLE;
        r = mnt_setattr(c->rootfs_fd, c->linux_->rootfs_propagation[0] == 'r', 0, 0, flag, -1, err);
        return r < 0 ? err_property(err, r, "linux.rootfsPropagation") : 0;
}

int root_readonly_init(struct ctx *c, struct cfs_error *err)
{
        int r;

        if (!c->config->root->readonly)
                return 0;
        r = mnt_setattr(c->rootfs_fd, false, MOUNT_ATTR_RDONLY, 0, 0, -1, err);
        return r < 0 ? err_property(err, r, "root.readonly") : 0;
}

static int64_t set_readonly(const char *path, uint64_t unused)
{
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

        (void)unused;
        return mount_setattr(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int root_readonly_restore_host(struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int ns = -1;
        char path[32];
        int64_t r = 0;
        int failed;

        if (!c->config->root->readonly)
                return 0;
        (void)snprintf(path, sizeof(path), "%d/ns/mnt", (int)c->pid);
        ns = openat(c->proc_fd, path, O_RDONLY | O_CLOEXEC);
        if (ns < 0)
                return err_sys(err, errno, "openat", "open `/proc/%s`", path);
        failed = in_namespace(&(const struct question){ ns, set_readonly, "/", 0 }, &r, err);
        if (failed < 0)
                return failed;
        return r < 0 ? err_sys(err, (int)-r, "mount_setattr", "make the restored root read-only") : 0;
}

void root_readonly_restore_explain(const struct ctx *c, struct report *r)
{
        if (c->config->root->readonly)
                report_line(r, "make the mount of the root read-only");
}

/* ---- undo ---------------------------------------------------------------------------------------------- */

/* Takes away what is on top of the mount that was there before. */
static int64_t unmount_above(const char *path, uint64_t id)
{
        int64_t now = mount_id(path, 0);

        if (now < 0 || (uint64_t)now == id)
                return 0; /* the directory is gone, and what was on it; or nothing was mounted yet */
        return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL ? -errno : 0;
}

int root_undo(struct state *s, struct cfs_error *err)
{
        _cleanup_close_ int ns_fd = -1;

        for (size_t i = 0; i < s->record->n_namespaces && s->record->n_mounts > 0; i++) {
                const struct oci_namespace *n = s->record->namespaces[i];

                if (!STREQ(n->type, "mount") || str_empty(n->path))
                        continue;
                ns_fd = open(n->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
                if (ns_fd < 0)
                        return 0; /* the namespace is gone, and all mounts in it */
        }
        for (size_t i = s->record->n_mounts; i-- > 0;) {
                char *path;
                uint64_t id = strtoull(s->record->mounts[i], &path, 10);
                int64_t answer = 0;
                int r;

                if (*path++ != ' ')
                        continue;
                r = in_namespace(&(const struct question){ ns_fd, unmount_above, path, id }, &answer, err);
                if (r < 0)
                        return r;
                if (answer < 0)
                        return err_path(err, (int)-answer, "umount2", path, "unmount `%s`", path);
        }
        return 0;
}

void root_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "make `%s` the root, by %s%s", c->rootfs,
                    !has_own_namespace(c)              ? "chroot"
                    : c->create && c->create->no_pivot ? "moving it"
                                                       : "pivot_root",
                    c->config->root->readonly ? ", read-only" : "");
}
