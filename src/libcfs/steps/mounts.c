/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts[] (config.md, "Mounts"): made in the order of the list, below the container's root, before the
 * pivot.
 *
 * Most of it happens in the init, which has its own mount namespace and full capabilities in the user
 * namespace that owns it, and still sees the host's paths. What needs the host's privileges, when the init is
 * in another user namespace, is made detached by the runtime and inherited: bind mounts, whose source may be
 * out of reach of the container's root, and mounts with mapped ids, since only the owner of the file system
 * may map its ids. The runtime closes its copy of these descriptors as soon as the init exists: a run in the
 * foreground would otherwise hold the mounts for ever.
 *
 * A detached mount that is closed without having been attached costs an RCU grace period; so nothing is made
 * ahead of what can still fail in the ordinary course of events.
 *
 * What may be wrong with them: mounts_rules.c. How one mount is made is in mount/.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/mount/mount.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/steps/steps.h"
#include "oci.h"
#include <errno.h>
#include <sched.h>
#include <linux/nsfs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

struct item {
        const struct oci_mount *m;
        struct mount_options o;
        struct mount_bound made; /* by the runtime, a bind mount or another; fd -1: not */
        char *link;              /* copy-symlink: make this link; NULL: an ordinary source */
};

struct mounts_plan {
        struct mount_env env;
        struct item *items;
        size_t n;
        int *late; /* mounts that become read-only when all mount points in them are made */
        size_t n_late;
        bool shared; /* a mount is, so others may be attached below a shared one */
};

/* ---- prepare ------------------------------------------------------------------------------------------- */

/* A directory in which the readiness socket will appear: bound like a volume. */
static const struct oci_mount *notify_mount(const struct ctx *c)
{
        static char *options[] = { (char *)"bind", (char *)"nosuid", (char *)"nodev", (char *)"noexec",
                                   (char *)"ro" };
        struct oci_mount *m = oci_arena_alloc(c->arena, sizeof(*m));

        if (m)
                *m = (struct oci_mount){ .destination = (char *)"/run/notify",
                                         .type = (char *)"bind",
                                         .source = c->notify_socket,
                                         .options = options,
                                         .n_options = ARRAY_SIZE(options) };
        return m;
}

static int plan_items(struct ctx *c, struct mounts_plan *mp, struct cfs_error *err)
{
        for (size_t i = 0; i < mp->n; i++) {
                struct item *it = &mp->items[i];
                int r;

                it->m = i < c->config->n_mounts ? c->config->mounts[i] : notify_mount(c);
                if (!it->m)
                        return err_nomem(err);
                r = mount_options_parse(it->m, c->arena, &it->o, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int failed(const struct ctx *c, const struct item *it, size_t i, int r, struct cfs_error *err)
{
        if (it->o.flags & MOUNT_REMOUNT)
                (void)err_prefix(err, r, "remount %s", it->m->destination);
        else if (it->o.flags & MOUNT_BIND)
                (void)err_prefix(err, r, "bind %s on %s", it->m->source, it->m->destination);
        else
                (void)err_prefix(err, r, "mount %s on %s", it->m->type, it->m->destination);
        if (i >= c->config->n_mounts)
                return err_prefix(err, r, "NOTIFY_SOCKET");
        return err_property(err, r, "mounts[%zu]", i);
}

/* Must a read-only mount stay writable until the mount points in it have been made? A recursive one (rro)
 * only when a later mount goes below it. */
static bool may_be_late(const struct ctx *c, const struct mounts_plan *mp, size_t i)
{
        const struct item *it = &mp->items[i];
        const char *clean = mount_target_clean(it->m->destination, c->arena), *other;

        if (!(it->o.flags & MOUNT_RECURSIVE) || !(it->o.all.set & MOUNT_ATTR_RDONLY))
                return mount_options_new_attrs(&it->o) & MOUNT_ATTR_RDONLY;
        for (size_t j = i + 1; clean && j < mp->n; j++) {
                other = mount_target_clean(mp->items[j].m->destination, c->arena);
                if (other && mount_target_is_below(other, clean))
                        return true;
        }
        return false;
}

/* proc, sysfs and mqueue show a namespace, and mounting one takes privileges over it. */
static const struct {
        const char *type;
        int ns;
} shows[] = { { "proc", NS_PID }, { "sysfs", NS_NETWORK }, { "mqueue", NS_IPC } };

/* A namespace that the container joins may be the host's, or another user namespace's: then the privileged
 * runtime makes the mount. The descriptor of that namespace, or -1 where the init can do it. */
static int foreign_namespace(const struct ctx *c, const char *type, uint64_t *ret_ns)
{
        const int *join_fd = c->namespaces->join_fd;
        _cleanup_close_ int owner = -1;
        struct stat theirs, containers;

        for (size_t i = 0; i < ARRAY_SIZE(shows); i++) {
                int fd = join_fd[shows[i].ns];

                if (!str_eq(type, shows[i].type) || fd < 0)
                        continue;
                *ret_ns = ns_types[shows[i].ns].flag;
                if (join_fd[NS_USER] < 0)
                        return fd;
                owner = ioctl(fd, NS_GET_USERNS);
                return owner >= 0 && fstat(owner, &theirs) == 0 &&
                                       fstat(join_fd[NS_USER], &containers) == 0 &&
                                       theirs.st_ino == containers.st_ino
                               ? -1
                               : fd;
        }
        return -1;
}

/* The same where the namespace is the runtime's own, neither new nor joined. For sysfs there is /sys, see
 * mount_fresh.c. */
static bool is_of_runtime(const struct ctx *c, const char *type)
{
        for (size_t i = 0; i < ARRAY_SIZE(shows); i++)
                if (str_eq(type, shows[i].type))
                        return shows[i].ns != NS_NETWORK && !ctx_has_ns(c, ns_types[shows[i].ns].flag);
        return false;
}

static int make_fresh(struct mount_env *e, void *data, int *ret_fd, struct cfs_error *err)
{
        const struct item *it = data;

        return mount_fresh_make(e, it->m, &it->o, true, 0, ret_fd, err);
}

/* mount_procfs.c does this for a procfs. */
static int make_elsewhere(struct mounts_plan *mp, struct item *it, const struct mount_aside *aside,
                          struct cfs_error *err)
{
        return aside->ns & CLONE_NEWPID ? make_fresh(&mp->env, it, &it->made.fd, err)
                                        : mount_aside(&mp->env, aside, &it->made.fd, err);
}

/* Must the runtime make this mount, because the init cannot? */
static int make_on_host(const struct ctx *c, struct mounts_plan *mp, struct item *it, struct cfs_error *err)
{
        struct mount_aside aside = { .make = make_fresh, .data = it };

        if (it->o.flags & MOUNT_REMOUNT)
                return 0;
        if (it->o.flags & MOUNT_BIND) {
                if (mount_bind_is_inside(&mp->env, it->m, NULL))
                        return 0; /* the init makes it later */
                it->made.late = may_be_late(c, mp, mp->env.index);
                return mount_bind_make(&mp->env, it->m, &it->o, true, &it->made, err);
        }
        aside.ns_fd = foreign_namespace(c, it->m->type, &aside.ns);
        if (aside.ns_fd >= 0)
                return make_elsewhere(mp, it, &aside, err);
        if ((it->o.flags & (MOUNT_IDMAP | MOUNT_RIDMAP)) || is_of_runtime(c, it->m->type))
                return make_fresh(&mp->env, it, &it->made.fd, err);
        return 0;
}

/* A runtime that is root of its own user namespace may have privileges over the joined namespace. When it
 * has not, the init tries, and its error is reported. */
static void try_on_host(const struct ctx *c, struct mounts_plan *mp, struct item *it)
{
        struct mount_aside aside = { .make = make_fresh, .data = it };
        struct cfs_error ignored = { 0 };

        if (it->o.flags & (MOUNT_REMOUNT | MOUNT_BIND))
                return;
        aside.ns_fd = foreign_namespace(c, it->m->type, &aside.ns);
        if (aside.ns_fd >= 0 && make_elsewhere(mp, it, &aside, &ignored) < 0)
                it->made.fd = -1;
}

static bool is_shared(const struct ctx *c)
{
        const char *p = c->linux_->rootfs_propagation;

        return str_eq(p, "shared") || str_eq(p, "rshared");
}

int mounts_prepare(struct ctx *c, struct cfs_error *err)
{
        _cleanup_free_ char *real = NULL;
        struct mounts_plan *mp = oci_arena_alloc(c->arena, sizeof(*mp));
        bool on_host = ctx_has_ns(c, CLONE_NEWUSER) && !c->rootless;
        int r = 0;

        if (!mp)
                return err_nomem(err);
        mp->env = (struct mount_env){ .bundle = c->bundle,
                                      .rootfs = c->rootfs,
                                      .shared = is_shared(c),
                                      .label_type = ctx_annotation(c, "run.oci.mount_context_type"),
                                      .label = str_empty(c->linux_->mount_label) ? NULL
                                                                                 : c->linux_->mount_label,
                                      .root_fd = -1,
                                      .proc_fd = c->proc_fd,
                                      .ns = c->ns_new | c->ns_join,
                                      .pidns_fd = c->namespaces->join_fd[NS_PID],
                                      .userns_fd = c->namespaces->join_fd[NS_USER],
                                      .linux_ = c->linux_,
                                      .cgroup = c->cgroup,
                                      .arena = c->arena };
        mp->n = c->config->n_mounts + (c->notify_socket ? 1 : 0);
        mp->items = oci_arena_alloc(c->arena, (mp->n + 1) * sizeof(*mp->items));
        mp->late = oci_arena_alloc(c->arena, (mp->n + 1) * sizeof(*mp->late));
        if (!mp->items || !mp->late)
                return err_nomem(err);
        for (size_t i = 0; i < mp->n; i++)
                mp->items[i].made.fd = -1;
        c->mounts = mp;
        if (on_host && c->rootfs && (real = realpath(c->rootfs, NULL)))
                mp->env.real_rootfs = oci_arena_strdup(c->arena, real);
        r = plan_items(c, mp, err);
        for (size_t i = 0; r >= 0 && i < mp->n; i++) {
                struct item *it = &mp->items[i];

                mp->env.index = i;
                if (it->o.flags & MOUNT_COPY_SYMLINK)
                        r = mount_bind_read_link(&mp->env, it->m, &it->o, &it->link, err);
                if (r >= 0 && on_host && !it->link)
                        r = make_on_host(c, mp, it, err);
                else if (r >= 0 && ctx_has_ns(c, CLONE_NEWUSER) && !it->link)
                        try_on_host(c, mp, it);
                if (r < 0)
                        r = failed(c, it, i, r, err);
        }
        return r;
}

void mounts_release(struct ctx *c)
{
        for (size_t i = 0; c->mounts && i < c->mounts->n; i++)
                if (c->mounts->items[i].made.fd >= 0) {
                        (void)close(c->mounts->items[i].made.fd);
                        c->mounts->items[i].made.fd = -1;
                }
        if (c->mounts)
                mount_idmap_close(&c->mounts->env);
}

/* ---- init ---------------------------------------------------------------------------------------------- */

/* Where a mount goes: what was opened, or a name in the tmpfs that was mounted last. */
struct place {
        int fd;
        const char *name;
};

static int open_place(struct mounts_plan *mp, const struct item *it, enum mount_target_kind kind,
                      struct place *ret, mode_t *ret_mode, struct cfs_error *err)
{
        bool looked_into = mount_is_cgroup(it->m, &it->o) || it->o.flags & MOUNT_COPYUP;

        ret->name = looked_into ? NULL : mount_target_make_own(&mp->env, it->m, &it->o, kind);
        return ret->name ? 0 : mount_target_open(&mp->env, it->m, &it->o, kind, &ret->fd, ret_mode, err);
}

static void place_close(struct place *p)
{
        cleanup_close_p(&p->fd);
}

/* What is attached to a shared mount becomes shared, whatever it was before (mount_namespaces(7)). So what
 * its own options ask for is done once more. */
static int after_attach(struct mounts_plan *mp, const struct item *it, int fd, struct cfs_error *err)
{
        int r = mp->shared || mp->env.shared ? mount_change_propagation(fd, &it->o, err) : 0;

        for (size_t i = 0; i < it->o.n_propagation; i++)
                mp->shared = mp->shared || it->o.propagation[i] & MS_SHARED;
        return r;
}

/* A mount on "/" itself: later mounts go below it. */
static int attach(struct ctx *c, struct mounts_plan *mp, const struct item *it, int *fd,
                  const struct place *place, struct cfs_error *err)
{
        const char *clean;
        int r = place->name ? mnt_attach_at(*fd, mp->env.own_fd, place->name, err)
                            : mnt_attach(*fd, place->fd, err);

        if (r >= 0)
                r = after_attach(mp, it, *fd, err);
        if (r < 0 || !(clean = mount_target_clean(it->m->destination, c->arena)) || !STREQ(clean, "/"))
                return r;
        (void)close(c->rootfs_fd);
        c->rootfs_fd = mp->env.root_fd = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
        return c->rootfs_fd < 0 ? err_sys(err, errno, "fcntl", "keep the new root") : 0;
}

static int attach_bind(struct ctx *c, struct mounts_plan *mp, struct item *it, struct cfs_error *err)
{
        _cleanup_(place_close) struct place place = { .fd = -1 };
        struct mount_bound b = it->made;
        _cleanup_close_ int fd = TAKE_FD(it->made.fd);
        enum mount_target_kind kind;
        struct stat st;
        int r;

        if (it->link)
                return mount_target_symlink(&mp->env, it->m->destination, it->link, err);
        if (fd < 0) {
                b.late = may_be_late(c, mp, mp->env.index);
                r = mount_bind_make(&mp->env, it->m, &it->o, false, &b, err);
                if (r < 0)
                        return r;
                fd = b.fd;
        }
        kind = S_ISDIR(b.mode) ? MOUNT_TARGET_DIR : S_ISLNK(b.mode) ? MOUNT_TARGET_LINK : MOUNT_TARGET_FILE;
        r = open_place(mp, it, kind, &place, NULL, err);
        if (r == -ENOTDIR)
                return err_hint(err, r, "the source is a directory, the destination is a file");
        if (r < 0)
                return r;
        r = attach(c, mp, it, &fd, &place, err);
        /* move_mount(2) says EINVAL to a file on a directory. */
        if (r == -EINVAL && kind != MOUNT_TARGET_DIR && fstat(place.fd, &st) == 0 && S_ISDIR(st.st_mode)) {
                err_clear(err);
                r = err_sys(err, ENOTDIR, "move_mount", "attach a file");
                return err_hint(err, r, "the source is a file, the destination is a directory");
        }
        if (r >= 0 && b.late)
                mp->late[mp->n_late++] = TAKE_FD(fd);
        return r;
}

static int attach_fresh(struct ctx *c, struct mounts_plan *mp, struct item *it, struct cfs_error *err)
{
        bool readonly = mount_options_new_attrs(&it->o) & MOUNT_ATTR_RDONLY;
        bool late = readonly && (STREQ(it->m->type, "tmpfs") || STREQ(it->m->type, "ramfs"));
        _cleanup_(place_close) struct place place = { .fd = -1 };
        _cleanup_close_ int fd = TAKE_FD(it->made.fd);
        mode_t mode = 0;
        int r;

        r = open_place(mp, it, MOUNT_TARGET_DIR, &place,
                       STREQ(it->m->type, "tmpfs") && !mount_options_data(&it->o, "mode") ? &mode : NULL,
                       err);
        if (r < 0)
                return r;
        if (mount_is_cgroup(it->m, &it->o))
                return mount_cgroup_attach(&mp->env, it->m, &it->o, place.fd, err);
        if (fd < 0) {
                r = mount_fresh_make(&mp->env, it->m, &it->o, late, mode, &fd, err);
                if (r < 0)
                        return r;
        } else if (readonly) {
                late = true;
        }
        r = it->o.flags & MOUNT_COPYUP ? mount_copyup(place.fd, fd, err) : 0;
        if (r >= 0)
                r = attach(c, mp, it, &fd, &place, err);
        if (r >= 0)
                r = mount_change_iversion(fd, &it->o, err);
        if (r >= 0 && late)
                mp->late[mp->n_late++] = TAKE_FD(fd);
        else if (r >= 0 && STREQ(it->m->type, "tmpfs") && !(it->o.flags & MOUNT_COPYUP))
                mount_target_own(&mp->env, it->m, TAKE_FD(fd));
        return r;
}

/* A remount makes a mount writable that was to become read-only at the end. */
static void forget_late(struct mounts_plan *mp, int target)
{
        struct statx now, late;

        if (statx(target, "", AT_EMPTY_PATH, STATX_MNT_ID, &now) < 0)
                return;
        for (size_t i = 0; i < mp->n_late;) {
                if (statx(mp->late[i], "", AT_EMPTY_PATH, STATX_MNT_ID, &late) == 0 &&
                    late.stx_mnt_id == now.stx_mnt_id) {
                        (void)close(mp->late[i]);
                        mp->late[i] = mp->late[--mp->n_late];
                } else {
                        i++;
                }
        }
}

static int remount(struct mounts_plan *mp, const struct item *it, struct cfs_error *err)
{
        _cleanup_close_ int target = path_open_in_root(mp->env.root_fd, it->m->destination, O_PATH, err);

        if (target < 0)
                return target;
        if ((it->o.top.clr | it->o.all.clr) & MOUNT_ATTR_RDONLY)
                forget_late(mp, target);
        return mount_change_remount(&mp->env, target, it->m, &it->o, err);
}

int mounts_init(struct ctx *c, struct cfs_error *err)
{
        struct mounts_plan *mp = c->mounts;
        mode_t old = umask(0);
        int r = 0;

        mp->env.root_fd = c->rootfs_fd;
        mp->env.inside = ctx_has_ns(c, CLONE_NEWUSER);
        for (size_t i = 0; r >= 0 && i < mp->n; i++) {
                struct item *it = &mp->items[i];

                mp->env.index = i;
                if (it->o.flags & MOUNT_REMOUNT)
                        r = remount(mp, it, err);
                else if (it->o.flags & MOUNT_BIND)
                        r = attach_bind(c, mp, it, err);
                else
                        r = attach_fresh(c, mp, it, err);
                if (r < 0)
                        (void)failed(c, it, i, r, err);
        }
        (void)umask(old);
        mount_target_forget(&mp->env);
        mount_idmap_close(&mp->env);
        return r;
}

/* All mount points below them, and /dev/console, are made. */
int mounts_readonly_init(struct ctx *c, struct cfs_error *err)
{
        struct mounts_plan *mp = c->mounts;

        while (mp->n_late > 0) {
                _cleanup_close_ int fd = mp->late[--mp->n_late];
                int r = mnt_setattr(fd, false, MOUNT_ATTR_RDONLY, 0, 0, -1, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- explain ------------------------------------------------------------------------------------------- */

void mounts_explain(const struct ctx *c, struct report *r)
{
        if (!str_empty(c->linux_->mount_label))
                report_line(r, "label what is mounted new %s", c->linux_->mount_label);
        for (size_t i = 0; i < c->config->n_mounts; i++) {
                const struct oci_mount *m = c->config->mounts[i];
                _cleanup_str_ struct str line = { 0 };

                if (oci_mount_has_option(m, "remount"))
                        str_addf(&line, "change the mount on %s", m->destination);
                else if (mount_options_is_bind(m))
                        str_addf(&line, "bind %s on %s", m->source ? m->source : "?", m->destination);
                else
                        str_addf(&line, "mount %s on %s", m->type ? m->type : "?", m->destination);
                const char *before = " (";

                for (size_t j = 0; j < m->n_options; j++)
                        if (!mount_options_is_bind(m) || !mount_options_is_engine(m->options[j])) {
                                str_addf(&line, "%s%s", before, m->options[j]);
                                before = ", ";
                        }
                if (*before == ',')
                        str_add(&line, ")");
                if (m->n_uid_mappings > 0)
                        str_add(&line, ", ids mapped");
                if (!line.failed)
                        report_line(r, "%s", line.p);
        }
}
