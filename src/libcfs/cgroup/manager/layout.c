/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a container's cgroup is (config-linux.md, "Cgroups Path"), and how the record remembers it.
 *
 * An absolute cgroupsPath is below the mount point of each hierarchy. A relative one, or none, which means
 * the ID, is "relative to a runtime-determined location": on v1 below the runtime's own cgroup in that
 * hierarchy; on v2 beside it, since a directory that holds a process (the runtime) cannot share out
 * controllers to children.
 *
 * config.json is trusted, but a ".." in a path that directories are later removed from is a mistake in any
 * case.
 *
 * The record holds everything that later verbs need, so that they look neither at the mount table nor at
 * flags.
 */
#include "libcfs/cgroup/manager/layout.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cgroup/manager/manager.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include "libcfs/cgroup/hierarchy/v1.h"
#include "libcfs/cgroup/hierarchy/v2.h"
#include "oci.h"
#include <unistd.h>

int layout_inner(const char *path, const char *id, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };
        const char *p = str_empty(path) ? id : path;
        bool empty = true;

        if (*p == '/')
                str_add(&s, "/");
        while (*p) {
                size_t n = strcspn(p, "/");

                if (n == 2 && p[0] == '.' && p[1] == '.' && !WEAKENED("cgroup-path"))
                        return err_property(err,
                                            err_set(err, CFS_E_INVALID, "`..` is not allowed in `%s`", path),
                                            "linux.cgroupsPath");
                if (n > 0 && !(n == 1 && p[0] == '.')) {
                        if (!empty)
                                str_add(&s, "/");
                        str_add_n(&s, p, n);
                        empty = false;
                }
                p += n + (p[n] == '/');
        }
        if (empty)
                return err_property(
                        err, err_set(err, CFS_E_INVALID, "`%s` does not name a cgroup below the root", path),
                        "linux.cgroupsPath");
        return str_take(&s, ret, err);
}

static unsigned count_components(const char *path)
{
        unsigned n = 0;

        for (; *path; path++)
                n += path[0] != '/' && (path[1] == '/' || path[1] == '\0');
        return n;
}

/* 1: there, 0: missing. An answer that cannot be had is an error: what is made unrecorded would stay for
 * ever. */
static int exists(struct hierarchy *h, const char *path, bool rootless, struct cfs_error *err)
{
        if (access(path, F_OK) == 0)
                return 1;
        if (errno == ENOENT)
                return 0;
        /* Where an ordinary user may not even look, they make nothing either. */
        if (rootless && (errno == EACCES || errno == EPERM)) {
                h->denied = true;
                return 1;
        }
        return err_path(err, errno, "access", path, "look for cgroup `%s`", path);
}

/* Which of the lowest `parents` + 1 directories of path are missing. */
static int look(struct hierarchy *h, char *path, bool rootless, struct cfs_error *err)
{
        int r = exists(h, path, rootless, err);

        if (r != 0)
                return r < 0 ? r : 0;
        h->created = true;
        for (h->missing = 0; h->missing < h->parents; h->missing++) {
                char *slash = strrchr(path, '/');

                if (!slash)
                        return 0;
                *slash = '\0';
                r = exists(h, path, rootless, err);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        return 0;
}

int layout_add(struct cgroup *cg, const struct detect_mount *m, const char *base, const char *inner,
               struct oci_arena *arena, struct cfs_error *err)
{
        struct hierarchy *h = &cg->h[cg->n];
        _cleanup_free_ char *path = NULL;
        int r;

        if (cg->n == CGROUP_MAX_HIERARCHIES)
                return err_set(err, CFS_E_UNSUPPORTED, "more than %d cgroup hierarchies",
                               CGROUP_MAX_HIERARCHIES);
        r = str_printf(&path, err, "%s%s%s%s", m->point, STREQ(base, "/") ? "" : base,
                       *inner == '/' ? "" : "/", inner);
        if (r < 0)
                return r;
        *h = (struct hierarchy){ .ops = m->v2 ? &v2_ops : &v1_ops,
                                 .name = oci_arena_strdup(arena, m->name),
                                 .mount = oci_arena_strdup(arena, m->point),
                                 .path = oci_arena_strdup(arena, path),
                                 .v2 = m->v2,
                                 .parents = count_components(inner) - 1,
                                 .dir_fd = -1,
                                 .enter_fd = -1 };
        if (!h->name || !h->mount || !h->path)
                return err_nomem(err);
        r = look(h, path, cg->rq.rootless, err);
        if (r < 0)
                return r;
        if (!h->created && !h->denied) {
                r = tree_check_empty(h->path, NULL, err);
                if (r < 0)
                        return r;
        }
        cg->n++;
        return 0;
}

/* The name in the record. */
static const char *mode_name(enum cgroup_mode mode)
{
        static const char *const names[] = { [CGROUP_MODE_V1] = "v1",
                                             [CGROUP_MODE_V2] = "v2",
                                             [CGROUP_MODE_HYBRID] = "hybrid",
                                             [CGROUP_MODE_ABSENT] = NULL };

        return names[mode];
}

int layout_record(struct cgroup *cg, const char *manager, const char *path, struct oci_arena *arena,
                  struct cfs_error *err)
{
        struct oci_record_cgroup *rec = oci_arena_alloc(arena, sizeof(*rec));
        const char *mode = mode_name(cg->mode);

        if (!rec)
                return err_nomem(err);
        rec->manager = oci_arena_strdup(arena, manager);
        rec->mode = oci_arena_strdup(arena, mode);
        rec->path = oci_arena_strdup(arena, path);
        rec->hierarchies = oci_arena_alloc(arena, (cg->n + 1) * sizeof(rec->hierarchies[0]));
        rec->owner = oci_arena_strdup(arena, cg->rq.owner);
        if (!rec->manager || (cg->rq.owner && !rec->owner) || (mode && !rec->mode) || (path && !rec->path) ||
            !rec->hierarchies)
                return err_nomem(err);
        for (size_t i = 0; i < cg->n; i++) {
                struct oci_record_hierarchy *h = oci_arena_alloc(arena, sizeof(*h));

                if (!h)
                        return err_nomem(err);
                h->name = (char *)cg->h[i].name;
                h->mount = (char *)cg->h[i].mount;
                h->path = (char *)cg->h[i].path;
                h->created = cg->h[i].created;
                h->has_created = true;
                h->parents = cg->h[i].parents;
                h->has_parents = h->parents > 0;
                h->missing = cg->h[i].missing;
                h->has_missing = h->missing > 0;
                h->denied = h->has_denied = cg->h[i].denied;
                rec->hierarchies[rec->n_hierarchies++] = h;
        }
        cg->rec = rec;
        return 0;
}

int layout_open(struct cgroup *cg, const struct oci_record *rec, struct cfs_error *err)
{
        const struct oci_record_cgroup *c = rec->cgroup;

        cg->manager = &none_ops;
        cg->mode = CGROUP_MODE_ABSENT;
        if (!c)
                return 0;
        cg->rec = rec->cgroup;
        if (str_eq(c->manager, "cgroupfs"))
                cg->manager = &cgroupfs_ops;
        else if (str_eq(c->manager, "systemd"))
                cg->manager = &systemd_ops;
        for (enum cgroup_mode m = CGROUP_MODE_V1; m < CGROUP_MODE_ABSENT; m++) {
                if (str_eq(c->mode, mode_name(m)))
                        cg->mode = m;
        }
        if (c->n_hierarchies > CGROUP_MAX_HIERARCHIES)
                return err_set(err, CFS_E_INVALID,
                               "the record of the container has too many cgroup hierarchies");
        for (size_t i = 0; i < c->n_hierarchies; i++) {
                const struct oci_record_hierarchy *h = c->hierarchies[i];
                bool v2 = str_empty(h->name);

                cg->h[cg->n++] = (struct hierarchy){ .ops = v2 ? &v2_ops : &v1_ops,
                                                     .name = v2 ? "" : h->name,
                                                     .mount = h->mount,
                                                     .path = h->path,
                                                     .v2 = v2,
                                                     .created = h->created,
                                                     .parents = h->parents,
                                                     .missing = h->missing,
                                                     .denied = h->denied,
                                                     .dir_fd = -1,
                                                     .enter_fd = -1 };
        }
        return 0;
}
