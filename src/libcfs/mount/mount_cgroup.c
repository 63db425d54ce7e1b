/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mount of type cgroup: the container's view of its cgroups.
 *
 * On a unified host (v2) that is one mount of cgroup2. On others it is what programs expect below
 * /sys/fs/cgroup: a tmpfs with one directory for each v1 hierarchy of the host, and links for controllers
 * that share one ("cpu -> cpu,cpuacct"). The v2 hierarchy that a hybrid host has beside them is left out: a
 * systemd inside would take it for the one to manage, which it may not, and end with status 255. A container
 * gets it by a mount of type cgroup2. runc shows the same.
 *
 * With a cgroup namespace of its own the container gets new mounts, whose root the kernel makes the
 * container's cgroup (cgroup_namespaces(7)). Without, a hierarchy of v2 is shown as a whole, as by runc and
 * crun, so that the path in /proc/self/cgroup leads somewhere: by a bind mount, since a new one would set the
 * host's options anew (nsdelegate). Of those of v1 the container's own directory is bind-mounted, and nothing
 * above it can be reached.
 *
 * The kernel may refuse a new mount (in nested user namespaces); then the bind mount shows the same, only
 * that /proc/self/cgroup speaks of other paths.
 */
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#define ALWAYS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* "cpu,cpuacct" as words for fsconfig(2), in the arena; NULL-terminated. */
static const char **split(const char *options, struct oci_arena *arena)
{
        size_t n = 0, max = 2;
        const char **w;
        char *copy, *word;

        for (const char *p = options; *p; p++)
                max += *p == ',';
        w = oci_arena_alloc(arena, max * sizeof(*w));
        copy = oci_arena_strdup(arena, options);
        if (!w || !copy)
                return NULL;
        while ((word = strsep(&copy, ",")))
                if (*word)
                        w[n++] = word;
        return w;
}

static int new_view(const struct mount_env *e, const struct cgroup_view *v, uint64_t attrs,
                    struct cfs_error *err)
{
        const char **words = NULL;

        if (!v->v2 && !(words = split(v->options ? v->options : "", e->arena)))
                return err_nomem(err);
        return mnt_new_fs(v->v2 ? "cgroup2" : "cgroup", v->v2 ? "cgroup2" : "cgroup", words, (unsigned)attrs,
                          err);
}

static int bind_view(const struct cgroup_view *v, bool whole, uint64_t attrs, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -1;
        int r;

        r = str_printf(&path, err, "%s%s", v->mount, whole ? "" : v->path);
        if (r < 0)
                return r;
        fd = mnt_clone(AT_FDCWD, path, false, err);
        if (fd < 0)
                return fd;
        r = attrs ? mnt_setattr(fd, false, attrs, 0, MS_PRIVATE, -1, err) : 0;
        return r < 0 ? r : TAKE_FD(fd);
}

/* A detached mount of one hierarchy as the container may see it. Without attrs: the caller sets them
 * later. */
static int make_view(const struct mount_env *e, const struct cgroup_view *v, uint64_t attrs,
                     struct cfs_error *err)
{
        int fd;

        if (!(e->ns & CLONE_NEWCGROUP))
                return bind_view(v, v->v2 || WEAKENED("own-cgroup"), attrs, err);
        fd = new_view(e, v, attrs, NULL);
        return fd >= 0 ? fd : bind_view(v, false, attrs, err);
}

/* Where no cgroup was made for the container (--cgroup-manager disabled), all it can be shown is the
 * host's, and that read-only with all that is below. */
static int attach_host(const struct mount_env *e, uint64_t attrs, int target_fd, struct cfs_error *err)
{
        const struct cgroup_view whole = { .name = "", .mount = "/sys/fs/cgroup", .path = "", .v2 = true };
        bool own = (e->ns & CLONE_NEWCGROUP) && cgroup_detect() == CGROUP_MODE_V2;
        _cleanup_close_ int fd = -1;
        int r;

        if (own)
                fd = new_view(e, &whole, attrs, NULL);
        if (fd < 0) {
                fd = mnt_clone(AT_FDCWD, whole.mount, true, err);
                if (fd < 0)
                        return fd;
                r = mnt_setattr(fd, !WEAKENED("sys-readonly"), attrs | MOUNT_ATTR_RDONLY, 0, MS_PRIVATE, -1,
                                err);
                if (r < 0)
                        return r;
        }
        return mnt_attach(fd, target_fd, err);
}

static int add_hierarchy(const struct mount_env *e, const struct cgroup_view *v, int dir,
                         struct cfs_error *err)
{
        _cleanup_free_ char *names = NULL;
        _cleanup_close_ int fd = -1;
        char *rest, *name;
        int r;

        if (mkdirat(dir, v->name, 0755) < 0)
                return err_sys(err, errno, "mkdirat", "make `%s`", v->name);
        fd = make_view(e, v, 0, err);
        if (fd < 0)
                return err_prefix(err, fd, "hierarchy `%s`", v->name);
        r = mnt_attach_at(fd, dir, v->name, err);
        if (r < 0 || !strchr(v->name, ','))
                return r;
        r = str_dup(&names, v->name, err);
        if (r < 0)
                return r;
        for (rest = names; (name = strsep(&rest, ","));)
                if (*name && symlinkat(v->name, dir, name) < 0 && errno != EEXIST)
                        return err_sys(err, errno, "symlinkat", "make the link `%s`", name);
        return 0;
}

static int attach_tmpfs(const struct mount_env *e, const struct oci_mount *m, const struct cgroup_view *views,
                        size_t n, uint64_t attrs, int target_fd, struct cfs_error *err)
{
        const char *words[] = { "mode=755", NULL, NULL };
        _cleanup_close_ int dir = -1;
        int r;

        if (mount_label_option(e, "tmpfs", NULL, &words[1]) < 0)
                return err_nomem(err);
        dir = mnt_new_fs("tmpfs", m->source ? m->source : "cgroup", words,
                         (unsigned)attrs & ~(unsigned)MOUNT_ATTR_RDONLY, err);
        if (dir < 0)
                return dir;
        r = mnt_attach(dir, target_fd, err);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = views[i].v2 ? 0 : add_hierarchy(e, &views[i], dir, err);
        /* One call for all of them; no process of the user is in the container yet. */
        return r < 0 ? r : mnt_setattr(dir, true, attrs, 0, MS_PRIVATE, -1, err);
}

int mount_cgroup_attach(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                        int target_fd, struct cfs_error *err)
{
        uint64_t attrs = mount_options_new_attrs(o) | ALWAYS;
        const struct cgroup_view *views = NULL;
        _cleanup_close_ int fd = -1;
        size_t n = e->cgroup ? cgroup_views(e->cgroup, &views) : 0;

        if (n == 0)
                return attach_host(e, attrs, target_fd, err);
        /* cgroup2 asked for by name is the unified hierarchy alone, also where it is one of many. */
        for (size_t i = 0; i < n; i++)
                if (views[i].v2 && (n == 1 || STREQ(m->type, "cgroup2"))) {
                        fd = make_view(e, &views[i], attrs, err);
                        return fd < 0 ? fd : mnt_attach(fd, target_fd, err);
                }
        if (STREQ(m->type, "cgroup2"))
                return err_set(err, CFS_E_UNSUPPORTED, "this host has no cgroup2 hierarchy");
        return attach_tmpfs(e, m, views, n, attrs, target_fd, err);
}
