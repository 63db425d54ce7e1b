/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.devices, the default devices, and the links of /dev (config-linux.md, "Devices", "Default Devices";
 * runtime-linux.md, "Dev symbolic links").
 *
 * /dev is opened once, inside the root, and everything is made relative to that descriptor. A /dev that is a
 * link of the image is followed inside the root (path_resolution(7), as if chrooted), but not into a volume:
 * a root file system must not get device nodes made in a directory of the host's (CVE-2026-41579). A device
 * elsewhere ("/srv/dev/null") goes to its own directory, resolved inside the root.
 *
 * Nothing at all is made or replaced in a /dev that is not the container's own: one that is bound, the
 * devtmpfs, which all who mount it share, and one that came with the root: the host's, when root.path is "/",
 * or when it was bound there before (runc 1.1.5 and crun replace the *host's* ptmx by a link then). The
 * container's own is a file system that `mounts` makes, or a directory of the root's own mount.
 *
 * How one node is made, and what happens where its place is taken: mount_node.c. For a container in a user
 * namespace the privileged runtime makes the nodes, in a tmpfs that the init inherits as a detached mount.
 * Its files can be cloned only when it is attached: so it is put on top of the host's "/" in the init's mount
 * namespace for the while, where no path leads to it (look-ups begin below it). It is taken away at once:
 * pivot_root(2) and what follows work on what is on top.
 *
 * /dev/ptmx is the link to the container's own devpts instance, also when linux.devices lists the node
 * (podman lists all of the host's for a privileged container): the node would open the host's instance.
 *
 * The umask is taken away for the while, so that modes are exact without a chmod(2) that could follow a link.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/look/tree.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/mount/mount.h"
#include "libcfs/mount/mount_node.h"
#include "libcfs/process/id_map.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MAX_MAJOR 4095    /* 12 bits: mknod(2)'s device number */
#define MAX_MINOR 1048575 /* 20 bits                           */

struct devices_plan {
        int fd; /* a detached tmpfs with the nodes that the runtime has made; or -1 */
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

/* "//dev/", "dev" and "/./dev" are "/dev". */
static bool is_path(const char *destination, const char *path)
{
        _not_zeroed_ char clean[PATH_MAX];

        if (strlen(destination) + 2 > sizeof(clean))
                return false;
        path_clean(destination, clean);
        return STREQ(clean, path);
}

/* The last mount on a path, or NULL. */
static const struct oci_mount *mount_on(const struct ctx *c, const char *path)
{
        for (size_t i = c->config->n_mounts; i-- > 0;)
                if (is_path(c->config->mounts[i]->destination, path))
                        return c->config->mounts[i];
        return NULL;
}

static bool is_below_dev(const char *path)
{
        path += strspn(path, "/");
        return str_has_prefix(path, "dev/");
}

static bool is_bind(const struct oci_mount *m)
{
        for (size_t i = 0; i < m->n_options; i++)
                if (STREQ(m->options[i], "bind") || STREQ(m->options[i], "rbind"))
                        return true;
        return str_eq(m->type, "bind");
}

/* ---- check --------------------------------------------------------------------------------------------- */

static void check_number(struct problems *p, size_t i, const char *name, bool has, int64_t n, int64_t max)
{
        if (!has)
                problem(p, PROP("linux.devices[%zu].%s", i, name),
                        "is missing: only a FIFO (type p) has none");
        else if (n < 0 || n > max)
                problem(p, PROP("linux.devices[%zu].%s", i, name), "%lld is not between 0 and %lld",
                        (long long)n, (long long)max);
}

/* A runtime without privilege cannot make the node, so the owner of the host's node stays. */
static void devices_check_owner(const struct ctx *c, const struct oci_device *d, size_t i, struct problems *p)
{
        const struct oci_linux *l = c->linux_;
        struct id_map uids = { (const struct oci_id_mapping *const *)l->uid_mappings, l->n_uid_mappings };
        struct id_map gids = { (const struct oci_id_mapping *const *)l->gid_mappings, l->n_gid_mappings };
        uint32_t unused;

        if (c->rootless || !(c->ns_new & CLONE_NEWUSER))
                return;
        if (d->has_uid && uids.n > 0 && !id_map_host(&uids, d->uid, &unused))
                problem(p, PROP("linux.devices[%zu].uid", i),
                        "%" PRIu32 " is not mapped by linux.uidMappings", d->uid);
        if (d->has_gid && gids.n > 0 && !id_map_host(&gids, d->gid, &unused))
                problem(p, PROP("linux.devices[%zu].gid", i),
                        "%" PRIu32 " is not mapped by linux.gidMappings", d->gid);
}

void devices_check(const struct ctx *c, struct problems *p)
{
        for (size_t i = 0; i < c->linux_->n_devices; i++) {
                const struct oci_device *d = c->linux_->devices[i];

                devices_check_owner(c, d, i, p);
                if (str_empty(d->type) || !strchr("cbup", d->type[0]) || d->type[1])
                        problem(p, PROP("linux.devices[%zu].type", i),
                                "`%s` is not a type of device (c, b, u or p)", d->type ? d->type : "");
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

/* ---- nodes --------------------------------------------------------------------------------------------- */

static void node_of(const struct oci_device *d, struct mount_node *n)
{
        *n = (struct mount_node){
                .path = d->path,
                .type = d->type[0] == 'b'   ? S_IFBLK
                        : d->type[0] == 'p' ? S_IFIFO
                                            : S_IFCHR,
                .mode = d->has_file_mode ? d->file_mode & 07777 : 0666,
                .has_mode = d->has_file_mode,
                .uid = d->has_uid ? d->uid : (uid_t)-1,
                .gid = d->has_gid ? d->gid : (gid_t)-1,
        };
        if (n->type != S_IFIFO)
                n->dev = makedev((unsigned)d->major, (unsigned)d->minor);
}

/* A node of the root file system, where no mount covers it, has to be the device that is asked for. */
void devices_look(const struct ctx *c, struct problems *p)
{
        const struct oci_mount *dev = mount_on(c, "/dev");
        struct look_tree tree;

        if (!problem_wants_host(p) || look_view_container(&tree, c) < 0)
                return;
        for (size_t i = 0; i < c->linux_->n_devices; i++) {
                const struct oci_device *d = c->linux_->devices[i];
                struct look_found f = { 0 };
                struct mount_node n;
                int fd;

                if (str_empty(d->path) || !path_is_absolute(d->path) || str_empty(d->type))
                        continue;
                node_of(d, &n);
                fd = look_tree_path(&tree, d->path, &f);
                if (dev && is_bind(dev) && str_has_prefix(d->path, "/dev/")) {
                        if (fd < 0 || !mount_node_is_same(&n, &f.st))
                                problem_note(p, PROP("linux.devices[%zu]", i), MOUNT_NODE_NOT_MADE, d->path);
                } else if (fd >= 0 && !mount_node_is_same(&n, &f.st) &&
                           !(S_ISREG(f.st.st_mode) && f.st.st_size == 0))
                        problem_host(p, PROP("linux.devices[%zu].path", i), MOUNT_NODE_OTHER_THING, d->path);
                if (fd >= 0)
                        (void)close(fd);
        }
        look_tree_close(&tree);
}

static bool is_configured(const struct ctx *c, const char *path)
{
        for (size_t i = 0; i < c->linux_->n_devices; i++)
                if (is_path(c->linux_->devices[i]->path, path))
                        return true;
        return false;
}

static bool dev_is_bound(const struct ctx *c)
{
        const struct oci_mount *dev = mount_on(c, "/dev");

        return dev && is_bind(dev);
}

/* The file system that they are in; -1 where the init makes them. */
static int made_by_runtime(const struct ctx *c)
{
        return c->devices ? c->devices->fd : -1;
}

/* The i-th of all nodes, the default devices first. False: this one is not made, because linux.devices
 * lists it, too, or because it is a link. */
static bool get_node(const struct ctx *c, size_t i, struct mount_node *n)
{
        if (i < ARRAY_SIZE(defaults)) {
                *n = (struct mount_node){ .path = defaults[i].path,
                                          .type = S_IFCHR,
                                          .mode = 0666,
                                          .dev = makedev(defaults[i].major, defaults[i].minor),
                                          .uid = (uid_t)-1,
                                          .gid = (gid_t)-1,
                                          .is_default = true };
                if (dev_is_bound(c) || c->dev_is_foreign || is_configured(c, n->path))
                        return false;
        } else {
                node_of(c->linux_->devices[i - ARRAY_SIZE(defaults)], n);
                /* The link of that name takes its place. */
                if (!dev_is_bound(c) && !c->dev_is_foreign && is_path(n->path, "/dev/ptmx"))
                        return false;
        }
        if (made_by_runtime(c) >= 0 && n->type != S_IFIFO)
                (void)snprintf(n->made, sizeof(n->made), "%zu", i);
        return true;
}

static size_t count_nodes(const struct ctx *c)
{
        return ARRAY_SIZE(defaults) + c->linux_->n_devices;
}

static int node_failed(size_t i, int r, struct cfs_error *err)
{
        if (i < ARRAY_SIZE(defaults))
                return err_prefix(err, r, "default devices");
        return err_property(err, r, "linux.devices[%zu]", i - ARRAY_SIZE(defaults));
}

static int make_nodes(const struct ctx *c, const struct mount_node_maker *k, struct cfs_error *err)
{
        struct mount_node n;

        for (size_t i = 0; i < count_nodes(c); i++) {
                int r = get_node(c, i, &n) ? mount_node_make(k, &n, err) : 0;

                if (r < 0)
                        return node_failed(i, r, err);
        }
        return 0;
}

/* ---- made by the runtime ------------------------------------------------------------------------------- */

/* Must the runtime make the nodes? When the init cannot make any, and has a mount namespace of its own, in
 * which it can mount the tmpfs that it inherits. */
static bool is_made_by_runtime(const struct ctx *c)
{
        return ctx_has_ns(c, CLONE_NEWUSER) && (c->ns_new & CLONE_NEWNS) && !c->rootless;
}

static int make_file_system(const struct ctx *c, struct cfs_error *err)
{
        const struct mount_env e = { .label = str_empty(c->linux_->mount_label) ? NULL
                                                                                : c->linux_->mount_label,
                                     .arena = c->arena };
        const char *options[] = { "mode=0755", NULL, NULL };

        if (mount_label_option(&e, "tmpfs", NULL, &options[1]) < 0)
                return err_nomem(err);
        return mnt_new_fs("tmpfs", "tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
}

/* When the configuration names no owner: the container's root. */
static int host_id(const struct id_map *map, uint32_t id, const char *name, size_t i, uint32_t *ret,
                   struct cfs_error *err)
{
        int r;

        if (id_map_host(map, id == (uint32_t)-1 ? id_map_root(map) : id, ret))
                return 0;
        r = err_set(err, CFS_E_INVALID, "%" PRIu32 " is not mapped in the user namespace", id);
        return err_property(err, r, "linux.devices[%zu].%s", i - ARRAY_SIZE(defaults), name);
}

static int prepare_node(const struct ctx *c, size_t i, const struct id_map *uids, const struct id_map *gids,
                        struct cfs_error *err)
{
        struct mount_node n;
        uid_t uid = 0;
        gid_t gid = 0;
        int r;

        if (!get_node(c, i, &n) || !n.made[0])
                return 0;
        r = host_id(uids, n.uid, "uid", i, &uid, err);
        if (r >= 0)
                r = host_id(gids, n.gid, "gid", i, &gid, err);
        if (r < 0)
                return r;
        r = mount_node_prepare(c->devices->fd, &n, uid, gid, err);
        return r < 0 ? node_failed(i, r, err) : 0;
}

int devices_prepare(struct ctx *c, struct cfs_error *err)
{
        struct id_map uids, gids;
        mode_t old;
        int r;

        if (!is_made_by_runtime(c))
                return 0;
        r = id_map_get(c->namespaces, c->linux_, c->proc_fd, c->arena, &uids, &gids, err);
        if (r < 0)
                return r;
        c->devices = oci_arena_alloc(c->arena, sizeof(*c->devices));
        if (!c->devices)
                return err_nomem(err);
        r = c->devices->fd = make_file_system(c, err);
        old = umask(0);
        for (size_t i = 0; r >= 0 && i < count_nodes(c); i++)
                r = prepare_node(c, i, &uids, &gids, err);
        (void)umask(old);
        return r < 0 ? r : 0;
}

void devices_release(struct ctx *c)
{
        if (made_by_runtime(c) >= 0)
                (void)close(TAKE_FD(c->devices->fd));
}

/* Attaches the tmpfs on top of "/" while nodes are cloned from it (see above), then detaches it. */
static int attach_made(const struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        return top < 0 ? err_sys(err, errno, "open", "open `/`") : mnt_attach(c->devices->fd, top, err);
}

static int detach_made(const struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (cwd < 0 || fchdir(c->devices->fd) < 0)
                return err_sys(err, errno, "fchdir", "go to the device nodes");
        if (umount2(".", MNT_DETACH) < 0)
                return err_sys(err, errno, "umount2", "detach the device nodes");
        return fchdir(cwd) < 0 ? err_sys(err, errno, "fchdir", "go back from the device nodes") : 0;
}

/* ---- links --------------------------------------------------------------------------------------------- */

static int make_link(int dev_fd, const char *name, const char *text, struct cfs_error *err)
{
        struct stat st;

        if (symlinkat(text, dev_fd, name) == 0)
                return 0;
        if (errno != EEXIST)
                return err_sys(err, errno, "symlinkat", "make `/dev/%s`", name);
        /* The image's own link is never followed by the runtime; a mount is there because the
         * configuration says so. A ptmx node of the image would open the host's devpts instance; other
         * things are the image's affair. */
        if (!STREQ(name, "ptmx") || fstatat(dev_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode) || mount_node_is_mount(dev_fd, name))
                return 0;
        if (unlinkat(dev_fd, name, 0) < 0 || symlinkat(text, dev_fd, name) < 0)
                return err_sys(err, errno, "symlinkat", "replace `/dev/%s`", name);
        return 0;
}

/* Errors which say that the file does not exist or may not be used. Other errors say nothing about the
 * file. */
static bool says_no(int e)
{
        return e == ENOENT || e == ENOTDIR || e == ELOOP || e == EXDEV || e == ENXIO || e == EACCES ||
               e == EPERM;
}

static int make_links(const struct ctx *c, const struct mount_node_maker *k, struct cfs_error *err)
{
        const struct oci_mount *proc = mount_on(c, "/proc");
        _cleanup_close_ int fd = -1;
        bool has_proc = proc && str_eq(proc->type, "proc");
        int r = 0;

        if (!has_proc) { /* "if the source file exists after processing mounts" */
                fd = path_open_in_root(k->root_fd, "/proc/self/fd", O_PATH, NULL);
                if (fd < 0 && !says_no(-fd))
                        return err_path(err, -fd, "openat2", "/proc/self/fd", "look for `/proc/self/fd`");
                has_proc = fd >= 0;
        }
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(links); i++)
                if (has_proc || !str_has_prefix(links[i].text, "/proc/"))
                        r = make_link(k->dev_fd, links[i].name, links[i].text, err);
        if (r < 0 || !has_proc)
                return r;
        if (faccessat(c->proc_fd, "kcore", F_OK, 0) == 0)
                return make_link(k->dev_fd, "core", "/proc/kcore", err);
        return says_no(errno) ? 0
                              : err_path(err, errno, "faccessat", "/proc/kcore", "look for `/proc/kcore`");
}

/* ---- the row ------------------------------------------------------------------------------------------- */

/* A link may lead into a volume of the host. So the directory must be in the root's own mount, or in one that
 * `mounts` makes new on /dev. */
static int check_linked(const struct ctx *c, int fd, struct cfs_error *err)
{
        struct statx root, dev;

        if (mount_on(c, "/dev"))
                return 0;
        if (statx(c->rootfs_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0 ||
            statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &dev) < 0)
                return err_sys(err, errno, "statx", "examine `/dev`");
        if (root.stx_mnt_id == dev.stx_mnt_id)
                return 0;
        int r = err_set(err, CFS_E_INVALID, "the root file system's `/dev` is a link that leads to a mount");

        return err_hint(err, r, "mount a tmpfs on /dev, or make it a directory");
}

static int open_dev(const struct ctx *c, struct cfs_error *err)
{
        bool linked = false;
        int fd = mount_target_dev(c->rootfs_fd, &linked, NULL), r;

        if (fd == -ENOENT)
                fd = path_mkdirs_in_root(c->rootfs_fd, "/dev", 0755, NULL);
        if (fd >= 0) {
                r = linked ? check_linked(c, fd, err) : 0;
                if (r >= 0)
                        return fd;
                (void)close(fd);
                return r;
        }
        r = err_sys(err, -fd, "openat2", "open `/dev` below the root");
        if (r == -ENOTDIR)
                return err_hint(err, r, "the root file system's /dev is a file; it must be a directory");
        return r;
}

/* Is the directory part of the root's own mount, and not the one that the host has as /dev? */
static int is_of_root(const struct ctx *c, int dev_fd, struct cfs_error *err)
{
        struct statx dev, root, host;

        if (statx(dev_fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &dev) < 0 ||
            statx(c->rootfs_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0)
                return err_sys(err, errno, "statx", "examine `/dev` below the root");
        if (dev.stx_mnt_id != root.stx_mnt_id)
                return 0;
        /* The runtime's own view: this is before the pivot. */
        return statx(AT_FDCWD, "/dev", 0, STATX_INO, &host) < 0 || host.stx_ino != dev.stx_ino ||
               host.stx_dev_major != dev.stx_dev_major || host.stx_dev_minor != dev.stx_dev_minor;
}

/* The last mount of the configuration on /dev decides. Without one, the directory that came with the root
 * does. */
static int is_own(const struct ctx *c, int dev_fd, struct cfs_error *err)
{
        const struct oci_mount *dev = mount_on(c, "/dev");
        int r;

        if (WEAKENED("foreign-dev") || WEAKENED("dev-in-root"))
                return 1;
        if (dev)
                return !str_eq(dev->type, "devtmpfs");
        r = is_of_root(c, dev_fd, err);
        if (r == 0)
                log_warning(
                        "/dev is left as it is: it is not the container's own, and no mount of the configuration "
                        "covers it");
        return r;
}

/* A descriptor of /dev, or -1 when that is not the container's own, in *ret. */
static int find_own_dev(struct ctx *c, int *ret, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        int r;

        c->dev_is_foreign = true;
        if (dev_is_bound(c))
                return 0;
        fd = open_dev(c, err);
        r = fd < 0 ? fd : is_own(c, fd, err);
        if (r < 0)
                return r;
        if (r > 0) {
                c->dev_is_foreign = false;
                *ret = TAKE_FD(fd);
        }
        return 0;
}

int devices_init(struct ctx *c, struct cfs_error *err)
{
        struct mount_node_maker k = { .root_fd = c->rootfs_fd,
                                      .dev_fd = -1,
                                      .made_fd = made_by_runtime(c),
                                      .mknod_ = !ctx_has_ns(c, CLONE_NEWUSER) && !c->rootless };
        mode_t old = umask(0);
        int r = k.made_fd >= 0 ? attach_made(c, err) : 0;

        if (r >= 0)
                r = find_own_dev(c, &k.dev_fd, err);
        if (r >= 0)
                r = make_nodes(c, &k, err);
        if (r >= 0 && k.made_fd >= 0)
                r = detach_made(c, err);
        if (r >= 0 && k.dev_fd >= 0)
                r = make_links(c, &k, err);
        if (k.dev_fd >= 0)
                (void)close(k.dev_fd);
        (void)umask(old);
        return r < 0 ? r : 0;
}

/* ---- explain ------------------------------------------------------------------------------------------- */

static void explain_node(const struct ctx *c, const struct mount_node *n, struct report *r)
{
        char owner[64] = "";

        if (n->uid != (uid_t)-1 || n->gid != (gid_t)-1)
                (void)snprintf(owner, sizeof(owner), ", owner %d:%d", n->uid == (uid_t)-1 ? 0 : (int)n->uid,
                               n->gid == (gid_t)-1 ? 0 : (int)n->gid);
        if (dev_is_bound(c) && is_below_dev(n->path))
                report_line(r, "%s: not made, /dev is a bind mount", n->path);
        else if (n->type == S_IFIFO)
                report_line(r, "make FIFO %s, mode %04o%s", n->path, n->mode, owner);
        else if (c->rootless)
                report_line(r, "bind the host's %s device %u:%u on %s; its owner and mode stay the host's",
                            n->type == S_IFBLK ? "block" : "character", major(n->dev), minor(n->dev),
                            n->path);
        else
                report_line(r, "make %s device %u:%u %s, mode %04o%s",
                            n->type == S_IFBLK ? "block" : "character", major(n->dev), minor(n->dev), n->path,
                            n->mode, owner);
}

void devices_explain(const struct ctx *c, struct report *r)
{
        const struct oci_mount *dev = mount_on(c, "/dev");
        struct mount_node n;

        if (dev_is_bound(c))
                report_line(r, "leave /dev as it is bound");
        else if (dev ? str_eq(dev->type, "devtmpfs") : str_eq(c->rootfs, "/"))
                report_line(r, "leave /dev as it is: it is the host's");
        else
                report_line(
                        r,
                        "%s null, zero, full, random, urandom, tty and make the links ptmx, fd, stdin, stdout, stderr, "
                        "core in /dev, where there is nothing of that name",
                        c->rootless ? "bind the host's" : "make");
        for (size_t i = ARRAY_SIZE(defaults); i < count_nodes(c); i++) {
                if (get_node(c, i, &n))
                        explain_node(c, &n, r);
                else
                        report_line(r, "%s: the link pts/ptmx takes its place", n.path);
        }
}
