/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bind mounts: a clone of the mount that a path of the host is in, made detached by open_tree(2).
 *
 * Who makes it? Without a user namespace of its own the container's init does, by path: it is still in the
 * host's tree of mounts. Inside a user namespace the init has an unprivileged ID on the host, and cannot
 * reach a source below a directory of mode 0700; then the runtime makes the clone before the init exists, and
 * the init inherits the descriptor. Such a clone comes from the host's mount namespace, so where the host's
 * mount is shared the clone is its peer: mounts that the container makes below it would appear on the host.
 * It is made a slave at once, so that the option rshared means the same with and without a user namespace:
 * shared among the container's own mounts. Only where linux.rootfsPropagation is shared as well does it stay
 * a peer of the host's (mount_namespaces(7)).
 *
 * A source in the container's own root (BUNDLE/rootfs/...) may be there by an earlier mount only. So the init
 * makes it in any case, when its turn comes, and through the root: what lies there is the container's, so its
 * links are followed as inside.
 *
 * A tree in which a mount namespace is mounted (/run/snapd/ns/NAME.mnt) can be cloned, but the kernel
 * attaches it nowhere (ELOOP): it could hold itself. A copy of the whole mount namespace leaves such mounts
 * out, as mount(2) does for MS_REC; that is where the runtime clones these from.
 *
 * A clone of a single mount inside a user namespace can be EINVAL: what lies hidden below the mounts on top
 * of it was hidden by a more privileged user, and must stay hidden. A recursive clone takes those mounts
 * along.
 */
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static int source_failed(const struct mount_env *e, const struct mount_options *o, const char *source,
                         int errnum, struct cfs_error *err)
{
        int r = err_path(err, errnum, "open_tree", source, "clone `%s`", source);

        if (errnum == EACCES && (e->ns & CLONE_NEWUSER))
                (void)err_hint(
                        err, r,
                        "the container's root user, as it is mapped on the host, cannot reach the source");
        if (errnum == EINVAL && (e->ns & CLONE_NEWUSER) && !(o->flags & MOUNT_RECURSIVE))
                (void)err_hint(err, r,
                               "what is mounted below it must come along, in a user namespace: use `rbind`");
        return err_property(err, r, "mounts[%zu].source", e->index);
}

static int slave(const struct mount_env *e, int fd, const struct mount_options *o, struct cfs_error *err)
{
        for (size_t i = 0; e->shared && i < o->n_propagation; i++)
                if (o->propagation[i] & MS_SHARED)
                        return 0;
        return mnt_setattr(fd, o->flags & MOUNT_RECURSIVE, 0, 0, MS_SLAVE, -1, err);
}

/* On /proc only a procfs: whatever else is there would be taken for one. */
static int check_proc(const struct mount_env *e, const struct oci_mount *m, int fd, struct cfs_error *err)
{
        const char *clean = mount_target_clean(m->destination, e->arena);
        struct statfs fs;

        if (!clean)
                return err_nomem(err);
        if (!STREQ(clean, "/proc"))
                return 0;
        if (fstatfs(fd, &fs) < 0)
                return err_sys(err, errno, "fstatfs", "examine `%s`", m->source);
        if (fs.f_type != PROC_SUPER_MAGIC)
                return err_set(err, CFS_E_INVALID,
                               "`/proc` cannot be mounted because it is not of type proc");
        return 0;
}

/* ---- the source ---------------------------------------------------------------------------------------- */

struct source {
        const char *path; /* on the host                                     */
        unsigned flags;   /* of open_tree(2)                                 */
};

static int open_source(struct mount_env *e, void *data, int *ret_fd, struct cfs_error *err)
{
        const struct source *s = data;

        (void)e;
        *ret_fd = open_tree(AT_FDCWD, s->path, s->flags);
        return *ret_fd < 0 ? err_path(err, errno, "open_tree", s->path, "clone `%s`", s->path) : 0;
}

/* Is a mount namespace mounted at or below that path? */
static bool holds_namespace(const struct mount_env *e, const char *path)
{
        _cleanup_mountinfo_ struct mountinfo m = { 0 };
        _cleanup_free_ char *real = realpath(path, NULL);
        size_t n = real ? strlen(real) : 0;

        if (!real || mountinfo_read(&m, e->proc_fd, "self/mountinfo", NULL) < 0)
                return false;
        while (mountinfo_next(&m))
                if (STREQ(m.type, "nsfs") && str_has_prefix(m.root, "mnt:") &&
                    (n == 1 || (str_has_prefix(m.point, real) && (!m.point[n] || m.point[n] == '/'))))
                        return true;
        return false;
}

static int clone_by_path(struct mount_env *e, const struct mount_options *o, struct source *s, bool on_host,
                         int *ret_fd, struct cfs_error *err)
{
        struct mount_aside aside = { .ns_fd = -1, .copy = true, .make = open_source, .data = s };
        struct stat st;
        int r = open_source(e, s, ret_fd, NULL);

        if (r < 0)
                return source_failed(e, o, s->path, -r, err);
        /* Files have nothing below them; and what the init clones comes from a copy already. */
        if (!on_host || !(o->flags & MOUNT_RECURSIVE) || fstat(*ret_fd, &st) < 0 || !S_ISDIR(st.st_mode) ||
            !holds_namespace(e, s->path))
                return 0;
        (void)close(*ret_fd);
        return mount_aside(e, &aside, ret_fd, err);
}

/* What follows `root` in `path`: "/" for the same. NULL: it is not below. */
static const char *rest_of(const char *path, const char *root)
{
        size_t n = strlen(root);

        if (n <= 1 || !mount_target_is_below(path, root))
                return NULL;
        return path[n] ? path + n : "/";
}

bool mount_bind_is_inside(const struct mount_env *e, const struct oci_mount *m, const char **ret)
{
        _cleanup_free_ char *source = NULL, *real = NULL;
        struct cfs_error ignored = { 0 };
        const char *s, *root, *rest;

        if (!e->rootfs || path_join(e->bundle, m->source, &source, &ignored) < 0)
                return false;
        s = mount_target_clean(source, e->arena);
        root = mount_target_clean(e->rootfs, e->arena);
        rest = s && root ? rest_of(s, root) : NULL;
        /* By another way: the bundle was given by a link, say. */
        if (!rest && e->real_rootfs && (real = realpath(source, NULL)))
                rest = rest_of(real, e->real_rootfs);
        if (!rest)
                return false;
        if (ret)
                *ret = oci_arena_strdup(e->arena, rest);
        return !ret || *ret;
}

static int clone_inside(struct mount_env *e, const struct mount_options *o, const char *path, unsigned flags,
                        int *ret_fd, struct cfs_error *err)
{
        int nofollow = flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;
        _cleanup_close_ int fd = path_open_in_root(e->root_fd, path, O_PATH | nofollow, err);

        if (fd < 0)
                return fd;
        *ret_fd = open_tree(fd, "", (flags & ~(unsigned)AT_SYMLINK_NOFOLLOW) | AT_EMPTY_PATH);
        return *ret_fd < 0 ? source_failed(e, o, path, errno, err) : 0;
}

static int clone_source(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                        bool on_host, int *ret_fd, struct cfs_error *err)
{
        struct source s = { .flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC };
        _cleanup_free_ char *source = NULL;
        const char *inside;
        int r;

        if (o->flags & MOUNT_RECURSIVE)
                s.flags |= AT_RECURSIVE;
        if (o->flags & (MOUNT_SRC_NOFOLLOW | MOUNT_COPY_SYMLINK))
                s.flags |= AT_SYMLINK_NOFOLLOW;
        if (!on_host && e->root_fd >= 0 && mount_bind_is_inside(e, m, &inside))
                return clone_inside(e, o, inside, s.flags, ret_fd, err);
        r = path_join(e->bundle, m->source, &source, err);
        if (r < 0)
                return r;
        s.path = source;
        return clone_by_path(e, o, &s, on_host, ret_fd, err);
}

int mount_bind_make(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                    bool on_host, struct mount_bound *b, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        struct mount_options file;
        struct stat st;
        int r;

        r = clone_source(e, m, o, on_host, &fd, err);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return err_sys(err, errno, "fstat", "examine `%s`", m->source);
        b->mode = st.st_mode;
        b->late = b->late && S_ISDIR(st.st_mode);
        /* Nothing is mounted below a file: flags and propagation are one call. */
        if (!S_ISDIR(st.st_mode)) {
                file = *o;
                file.flags &= ~(unsigned)MOUNT_RECURSIVE;
                o = &file;
        }
        r = check_proc(e, m, fd, err);
        if (r >= 0 && on_host)
                r = slave(e, fd, o, err);
        if (r >= 0)
                r = mount_change_apply(e, fd, m, o, b->late, err);
        if (r < 0)
                return r;
        b->fd = TAKE_FD(fd);
        return 0;
}

int mount_bind_read_link(const struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                         char **ret, struct cfs_error *err)
{
        _cleanup_free_ char *source = NULL;
        char text[PATH_MAX];
        ssize_t n;
        int r;

        *ret = NULL;
        r = path_join(e->bundle, m->source, &source, err);
        if (r < 0)
                return r;
        n = readlink(source, text, sizeof(text) - 1);
        if (n < 0)
                return errno == EINVAL ? 0 : source_failed(e, o, source, errno, err);
        *ret = oci_arena_strndup(e->arena, text, (size_t)n);
        return *ret ? 0 : err_nomem(err);
}
