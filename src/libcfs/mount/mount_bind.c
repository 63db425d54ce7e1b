/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bind mounts: a clone of the mount that a path of the host is in, made detached by open_tree(2).
 *
 * Who makes it? Without a user namespace of its own the container's init does, by path: it is still in the host's tree
 * of mounts. Inside a user namespace the init is nobody on the host, and a source below a directory of mode 0700 is out
 * of its reach; then the runtime makes the clone before the init exists, and the init inherits the descriptor. Such a
 * clone comes from the host's mount namespace, so where the host's mount is shared the clone is its peer: mounts that the
 * container makes below it would appear on the host. It is made a slave at once, unless its own options ask for sharing
 * (mount_namespaces(7)).
 *
 * A clone of a single mount inside a user namespace can be EINVAL: what lies hidden below the mounts on top of it was
 * hidden by somebody more privileged, and must stay so. A recursive one takes the covers along.
 */
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
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

static int slave(int fd, const struct mount_options *o, struct cfs_error *err)
{
        for (size_t i = 0; i < o->n_propagation; i++)
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

int mount_bind_make(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                    bool as_slave, int *ret_fd, struct cfs_error *err)
{
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
        _cleanup_free_ char *source = NULL;
        _cleanup_close_ int fd = -1;
        int r;

        r = path_join(e->bundle, m->source, &source, err);
        if (r < 0)
                return r;
        if (o->flags & MOUNT_RECURSIVE)
                flags |= AT_RECURSIVE;
        if (o->flags & (MOUNT_SRC_NOFOLLOW | MOUNT_COPY_SYMLINK))
                flags |= AT_SYMLINK_NOFOLLOW;
        fd = open_tree(AT_FDCWD, source, flags);
        if (fd < 0)
                return source_failed(e, o, source, errno, err);
        r = check_proc(e, m, fd, err);
        if (r >= 0 && as_slave)
                r = slave(fd, o, err);
        if (r >= 0)
                r = mount_change_apply(e, fd, m, o, err);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
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
