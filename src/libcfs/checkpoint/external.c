/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * External mounts, as CRIU calls what it can neither save nor make again: bind mounts of the host's files.
 * Each has a name in the images, for which we take its mount point; at restore we say what is to be bound
 * there now, which may be elsewhere than before: another host, another bundle.
 *
 * checkpoint looks at the mounts that there are. By the configuration it would miss what came along with a
 * recursive bind mount, and would have to know what other rows of the plan mount. A mount is external when
 * its file system is
 *
 *   - mounted on the host, too, unless it is one that the kernel makes for a namespace of the container's
 *     (proc, sysfs, mqueue, cgroup2): a new one is the same;
 *   - of a type that CRIU does not know how to fill (a disk's);
 *   - the root's own, and what is mounted lies outside of the root;
 *   - one of which the container has parts alone: the device nodes that the runtime makes for a user
 *     namespace.
 *
 * restore looks at the configuration, since there is nothing else; it names more than CRIU will ask for.
 */
#include "libcfs/checkpoint/external.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"
#include "libcfs/cgroup/cgroup.h"
#include "base/mountlist.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* ---- checkpoint ---------------------------------------------------------------------------------------- */

static bool among(const char *word, const char *const *words)
{
        for (; *words; words++)
                if (STREQ(word, *words))
                        return true;
        return false;
}

static bool is_below(const char *path, const char *dir)
{
        size_t n = strlen(dir);

        return STREQ(dir, "/") || (strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

static bool shares_namespace(int proc_fd, pid_t pid, const char *type)
{
        struct stat own, theirs;
        char path[64];

        (void)snprintf(path, sizeof(path), "%d/ns/%s", (int)pid, type);
        if (fstatat(proc_fd, path, &theirs, 0) < 0)
                return false;
        (void)snprintf(path, sizeof(path), "self/ns/%s", type);
        return fstatat(proc_fd, path, &own, 0) == 0 && own.st_dev == theirs.st_dev &&
               own.st_ino == theirs.st_ino;
}

/* Is a new mount of that type in the container the same as the host's? */
static bool is_of_namespace(const char *type, int proc_fd, pid_t pid)
{
        return STREQ(type, "cgroup2") || (STREQ(type, "sysfs") && shares_namespace(proc_fd, pid, "net")) ||
               (STREQ(type, "mqueue") && shares_namespace(proc_fd, pid, "ipc")) ||
               (STREQ(type, "proc") && shares_namespace(proc_fd, pid, "pid"));
}

static const struct mountinfo *find(const struct mountlist *m, const char *device)
{
        for (size_t i = 0; i < m->n; i++)
                if (STREQ(m->entries[i].device, device))
                        return &m->entries[i];
        return NULL;
}

/* Is there a mount of the whole file system, from which CRIU would take the part? */
static bool has_whole(const struct mountlist *m, const char *device)
{
        for (size_t i = 0; i < m->n; i++)
                if (STREQ(m->entries[i].device, device) && STREQ(m->entries[i].root, "/"))
                        return true;
        return false;
}

static bool is_external(const struct mountinfo *e, const struct mountinfo *root,
                        const struct mountlist *container, const struct mountlist *host, int proc_fd,
                        pid_t pid)
{
        static const char *const known[] = { "proc",    "sysfs",  "devpts",   "tmpfs", "mqueue",
                                             "cgroup2", "cgroup", "devtmpfs", NULL };

        if (STREQ(e->device, root->device))
                return !is_below(e->root, root->root);
        if (!among(e->type, known))
                return true;
        if (STREQ(e->type, "tmpfs") && !has_whole(container, e->device))
                return true;
        return find(host, e->device) && !is_of_namespace(e->type, proc_fd, pid);
}

static int declare(struct checkpoint_job *j, const struct mountinfo *e, struct cfs_error *err)
{
        _cleanup_free_ char *key = NULL;
        int r;

        if (strstr(e->options, "idmapped")) {
                r = err_set(err, CFS_E_UNSUPPORTED,
                            "`%s` is mounted with mapped ids, which CRIU can neither save nor restore",
                            e->point);
                return err_property(err, r, "mounts");
        }
        r = str_printf(&key, err, "mnt[%s]:%s", e->point, e->point);
        return r < 0 ? r : checkpoint_job_add(j, &j->o.external, key, NULL, 0, err);
}

int checkpoint_external_declare(struct checkpoint_job *j, int proc_fd, pid_t pid, struct cfs_error *err)
{
        _cleanup_mountlist_ struct mountlist host = { 0 }, container = { 0 };
        const struct mountinfo *root = NULL;
        char path[64];
        int r;

        (void)snprintf(path, sizeof(path), "%d/mountinfo", (int)pid);
        r = mountlist_read(proc_fd, path, &container, err);
        if (r >= 0)
                r = mountlist_read(proc_fd, "self/mountinfo", &host, err);
        for (size_t i = 0; r >= 0 && i < container.n && !root; i++)
                if (STREQ(container.entries[i].point, "/"))
                        root = &container.entries[i];
        if (r >= 0 && !root)
                return err_set(err, CFS_E_STATE, "the container's init has no root mount any more");
        for (size_t i = 0; r >= 0 && i < container.n; i++) {
                const struct mountinfo *e = &container.entries[i];

                if (e != root && is_external(e, root, &container, &host, proc_fd, pid))
                        r = declare(j, e, err);
        }
        return r < 0 ? r : 0;
}

/* ---- restore ------------------------------------------------------------------------------------------- */

static bool is_bind(const struct oci_mount *m, bool *recursive)
{
        bool bind = str_eq(m->type, "bind");

        *recursive = false;
        for (size_t i = 0; i < m->n_options; i++) {
                *recursive |= STREQ(m->options[i], "rbind");
                bind |= STREQ(m->options[i], "bind") || STREQ(m->options[i], "rbind");
        }
        return bind;
}

static int map(struct checkpoint_job *j, const char *at, const char *source, struct cfs_error *err)
{
        _cleanup_free_ char *key = NULL;
        int r = str_printf(&key, err, "mnt[%s]:%s", at, source);

        return r < 0 ? r : checkpoint_job_add(j, &j->o.external, key, NULL, 0, err);
}

/* The path of what is open, or NULL. */
static const char *path_of(int proc_fd, int fd, char *buf, size_t size)
{
        char link[32];
        ssize_t n;

        (void)snprintf(link, sizeof(link), "self/fd/%d", fd);
        n = readlinkat(proc_fd, link, buf, size - 1);
        if (n <= 0 || buf[0] != '/')
                return NULL;
        buf[n] = '\0';
        return buf;
}

/* A destination as the kernel will call it, when links lead there: "/var/run/x" is "/run/x". It may be the
 * same. */
static const char *resolved(const struct checkpoint_sources *s, const char *clean, char *buf, size_t size)
{
        _cleanup_close_ int root = open(s->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int fd = root < 0 ? -1 : path_open_in_root(root, clean, O_PATH, NULL);
        char base[PATH_MAX];
        size_t n;

        if (fd < 0 || !path_of(s->proc_fd, root, base, sizeof(base)) || !path_of(s->proc_fd, fd, buf, size))
                return clean;
        n = strlen(base);
        return is_below(buf, base) && buf[n] == '/' ? buf + n : clean;
}

/* What the host has mounted below the source comes along. */
static int map_nested(struct checkpoint_job *j, const struct checkpoint_sources *s,
                      const struct mountlist *host, const char *at, const char *source, struct cfs_error *err)
{
        _cleanup_close_ int fd = open(source, O_PATH | O_CLOEXEC);
        char buf[PATH_MAX];
        const char *real = fd < 0 ? NULL : path_of(s->proc_fd, fd, buf, sizeof(buf));
        int r = 0;

        if (!real) /* CRIU will say so when its images need it */
                return 0;
        for (size_t i = 0; r >= 0 && i < host->n; i++) {
                const char *point = host->entries[i].point;
                _cleanup_free_ char *target = NULL;
                size_t n = STREQ(real, "/") ? 0 : strlen(real);

                if (!is_below(point, real) || !point[n] || !point[n + 1])
                        continue;
                r = str_printf(&target, err, "%s%s", STREQ(at, "/") ? "" : at, point + n);
                if (r >= 0)
                        r = map(j, target, point, err);
        }
        return r;
}

static int map_bind(struct checkpoint_job *j, const struct checkpoint_sources *s,
                    const struct mountlist *host, const struct oci_mount *m, bool recursive,
                    struct cfs_error *err)
{
        const char *clean = mount_target_clean(m->destination, j->arena);
        _cleanup_free_ char *source = NULL;
        char buf[PATH_MAX];
        int r;

        if (!clean)
                return err_nomem(err);
        r = path_join(s->bundle, m->source, &source, err);
        if (r < 0)
                return r;
        const char *at = resolved(s, clean, buf, sizeof(buf));

        r = map(j, clean, source, err);
        if (r >= 0 && !STREQ(at, clean))
                r = map(j, at, source, err);
        return r >= 0 && recursive ? map_nested(j, s, host, at, source, err) : r;
}

/* On v1, where the container has no cgroup namespace, its directory of each hierarchy is bind-mounted. */
static int map_cgroups(struct checkpoint_job *j, const struct checkpoint_sources *s, const char *destination,
                       struct cfs_error *err)
{
        const char *clean = mount_target_clean(destination, j->arena);
        const struct cgroup_view *v;
        size_t n = cgroup_views(s->cgroup, &v);
        int r = clean ? 0 : err_nomem(err);

        for (size_t i = 0; r >= 0 && i < n; i++) {
                _cleanup_free_ char *at = NULL, *source = NULL;

                if (!*v[i].name)
                        continue;
                r = str_printf(&at, err, "%s/%s", clean, v[i].name);
                if (r >= 0)
                        r = str_printf(&source, err, "%s%s", v[i].mount,
                                       STREQ(v[i].path, "/") ? "" : v[i].path);
                if (r >= 0)
                        r = map(j, at, source, err);
        }
        return r;
}

/* What rows of the plan bind: nodes in a user namespace, the null device on masked files, the readiness
 * socket. */
static int map_own(struct checkpoint_job *j, const struct checkpoint_sources *s, struct cfs_error *err)
{
        static const char *const nodes[] = { "/dev/null",   "/dev/zero",    "/dev/full",
                                             "/dev/random", "/dev/urandom", "/dev/tty" };
        int r = map(j, "/run/notify", s->notify, err);

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(nodes); i++)
                r = map(j, nodes[i], nodes[i], err);
        for (size_t i = 0; r >= 0 && i < s->linux_->n_devices; i++)
                r = map(j, s->linux_->devices[i]->path, s->linux_->devices[i]->path, err);
        for (size_t i = 0; r >= 0 && i < s->linux_->n_masked_paths; i++)
                r = map(j, s->linux_->masked_paths[i], "/dev/null", err);
        return r;
}

int checkpoint_external_map(struct checkpoint_job *j, const struct checkpoint_sources *s,
                            struct cfs_error *err)
{
        _cleanup_mountlist_ struct mountlist host = { 0 };
        bool recursive;
        int r = mountlist_read(s->proc_fd, "self/mountinfo", &host, err);

        /* CRIU takes the first that it finds: what the configuration says comes before what we guess. */
        for (size_t i = s->config->n_mounts; r >= 0 && i-- > 0;) {
                const struct oci_mount *m = s->config->mounts[i];

                if (is_bind(m, &recursive))
                        r = map_bind(j, s, &host, m, recursive, err);
                else if (str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2"))
                        r = map_cgroups(j, s, m->destination, err);
        }
        return r < 0 ? r : map_own(j, s, err);
}

/* Where the mount point of mounts[i] is: below the source of the last bind mount before it that covers it,
 * or in the root. NULL in *ret_base: in a file system that CRIU fills itself. */
static int find_base(struct checkpoint_job *j, const struct checkpoint_sources *s, size_t i,
                     const char *clean, char **ret_base, const char **ret_rest, struct cfs_error *err)
{
        bool recursive;

        while (i-- > 0) {
                const struct oci_mount *m = s->config->mounts[i];
                const char *above = mount_target_clean(m->destination, j->arena);
                size_t n;

                if (!above)
                        return err_nomem(err);
                n = STREQ(above, "/") ? 0 : strlen(above);
                if (!is_below(clean, above) || !clean[n])
                        continue;
                if (!is_bind(m, &recursive)) {
                        *ret_base = NULL;
                        return 0;
                }
                *ret_rest = clean + n;
                return path_join(s->bundle, m->source, ret_base, err);
        }
        *ret_rest = clean;
        return str_dup(ret_base, s->rootfs, err);
}

int checkpoint_external_targets(struct checkpoint_job *j, const struct checkpoint_sources *s,
                                struct cfs_error *err)
{
        for (size_t i = 0; i < s->config->n_mounts; i++) {
                const struct oci_mount *m = s->config->mounts[i];
                const char *clean = mount_target_clean(m->destination, j->arena), *rest = "";
                _cleanup_free_ char *base = NULL, *source = NULL;
                _cleanup_close_ int dir = -1, made = -1;
                bool recursive, file = false;
                struct stat st;
                int r = clean ? find_base(j, s, i, clean, &base, &rest, err) : err_nomem(err);

                if (r >= 0 && is_bind(m, &recursive)) {
                        r = path_join(s->bundle, m->source, &source, err);
                        file = r >= 0 && stat(source, &st) == 0 && !S_ISDIR(st.st_mode);
                }
                if (r >= 0 && (!base || STREQ(rest, "/")))
                        continue;
                if (r >= 0 && (dir = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
                        r = err_path(err, errno, "open", base, "open `%s`", base);
                if (r >= 0)
                        r = made = file ? path_mkfile_in_root(dir, rest, 0755, err)
                                        : path_mkdirs_in_root(dir, rest, 0755, err);
                if (r < 0)
                        return err_property(err,
                                            err_prefix(err, r, "make the mount point %s", m->destination),
                                            "mounts[%zu]", i);
        }
        return 0;
}
