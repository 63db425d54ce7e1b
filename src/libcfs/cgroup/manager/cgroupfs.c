/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroupfs manager: directories made and removed with mkdir(2) and rmdir(2), by ourselves.
 *
 * Order: the directories of all hierarchies first, then limits, then device rules, then the descriptors that
 * the init enters through, which it opens by itself when it exists already. So everything is in force before
 * the first process is inside, and the runtime itself, which never is, pays for none of it.
 *
 * A container whose record is saved and whose directories are not yet made can meet another one that was
 * faster. Its undo must then touch nothing: what was made is taken back here, and the record forgets the
 * rest.
 *
 * Rootless. A user owns, at best, a subtree of v2 that was delegated to that user. Where nothing may be made,
 * a container runs without cgroups, unless a limit (settings.c says which) or a path was asked for. One
 * hierarchy is enough for a path: listing, freezing and killing then work by that one.
 */
#include "libcfs/cgroup/manager/cgroupfs.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/cgroup/hierarchy/claim.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/devices/devcg.h"
#include "libcfs/cgroup/limits/limits.h"
#include "libcfs/cgroup/manager/layout.h"
#include "libcfs/cgroup/manager/manager.h"
#include "libcfs/cgroup/hierarchy/members.h"
#include "libcfs/cgroup/hierarchy/obstacle.h"
#include "libcfs/cgroup/limits/settings.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include "libcfs/cgroup/hierarchy/v2.h"
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

int cgroupfs_base(const struct detect_mount *m, const char *inner, char **ret, struct cfs_error *err)
{
        size_t n = strlen(m->own ? m->own : "");

        if (*inner == '/')
                return str_dup(ret, "/", err);
        if (m->v2)
                n = n > 0 ? (size_t)(strrchr(m->own, '/') - m->own) : 0;
        return str_printf(ret, err, "%.*s", n > 0 ? (int)n : 1, n > 0 ? m->own : "/");
}

static int cgroupfs_plan(struct cgroup *cg, struct oci_arena *arena, struct cfs_error *err)
{
        _cleanup_free_ char *inner = NULL;
        struct detect_host *host;
        int r;

        r = layout_inner(cg->rq.path, cg->rq.id, &inner, err);
        if (r >= 0)
                r = detect_hierarchies(&host, err);
        if (r >= 0 && *inner != '/')
                r = detect_own(host, err);
        if (r < 0)
                return r;
        cg->mode = host->mode;
        for (size_t i = 0; i < host->n; i++) {
                const struct detect_mount *m = &host->mount[i];
                _cleanup_free_ char *base = NULL;

                r = cgroupfs_base(m, inner, &base, err);
                if (r < 0)
                        return r;
                r = layout_add(cg, m, base, inner, arena, err);
                if (r < 0)
                        return r;
                cg->h[cg->n - 1].all = m->v2 && host->mode == CGROUP_MODE_V2;
        }
        return layout_record(cg, "cgroupfs", inner, arena, err);
}

/* Takes back what was made; nothing is in it. */
void cgroupfs_withdraw(struct cgroup *cg)
{
        for (size_t i = cg->n; i > 0; i--) {
                struct hierarchy *h = &cg->h[i - 1];

                if (h->made && tree_remove(h->path, NULL) == 0)
                        (void)tree_remove_parents(h->path, h->parents, 0);
                else if (h->claim)
                        claim_release(h);
        }
        cg->n = 0;
        if (cg->rec)
                cg->rec->n_hierarchies = 0;
}

static void explain_path(const struct cgroup *cg, char *ret, size_t size)
{
        for (size_t i = cg->n; i-- > 0;)
                if (obstacle_say(&cg->h[i], ret, size))
                        return;
        if (cg->n == 0)
                (void)snprintf(ret, size, "no cgroup hierarchy is mounted here");
        else
                (void)snprintf(ret, size, "this user may not make the cgroup `%.256s`", cg->h[0].path);
}

static bool may_be_missing(const struct cgroup *cg, int r)
{
        return cg->rq.rootless && (r == -EACCES || r == -EPERM || r == -EROFS);
}

/* The container does without that hierarchy. What was begun there is taken back, as nothing would remove
 * it later. */
static void deny(struct cgroup *cg, size_t i)
{
        struct hierarchy *h = &cg->h[i];

        if (h->made && tree_remove(h->path, NULL) == 0)
                (void)tree_remove_parents(h->path, h->parents, h->missing);
        h->made = h->claim = false;
        h->denied = true;
        /* The record, which is saved again when the init exists, tells exec. */
        cg->rec->hierarchies[i]->denied = cg->rec->hierarchies[i]->has_denied = true;
}

static int make_directory(struct cgroup *cg, struct hierarchy *h, struct cfs_error *err)
{
        char obstacle[700];

        /* A directory that could be made and not be entered is useless. */
        if (cg->rq.rootless && h->v2 && obstacle_say(h, obstacle, sizeof(obstacle)))
                return err_sys(err, EACCES, NULL, "%s", obstacle);
        return h->ops->make(h, &cg->rq, err);
}

/* A path that was asked for, and is in no hierarchy. Without one, an ordinary user's container may have no
 * cgroup. */
static int refuse_path(struct cgroup *cg, struct cfs_error *err)
{
        bool mounted = cg->n > 0;
        char why[900];
        int r;

        explain_path(cg, why, sizeof(why));
        cgroupfs_withdraw(cg);
        r = err_property(err, err_set(err, CFS_E_UNSUPPORTED, "cannot be made: %s", why),
                         "linux.cgroupsPath");
        return err_hint(err, r, "%s; or leave linux.cgroupsPath out to do without cgroups",
                        mounted ? OBSTACLE_HINT : "mount one on /sys/fs/cgroup where cfs is called");
}

int cgroupfs_make_directories(struct cgroup *cg, struct cfs_error *err)
{
        bool claimed = false, any = false;

        if (cg->n == 0 && !cg->rq.rootless && str_empty(cg->rq.path))
                log_warning(
                        "no cgroup hierarchy is mounted: the container has no cgroup, and no rules for devices");
        for (size_t i = 0; i < cg->n; i++) {
                struct cfs_error why = { 0 };
                int r;

                any = any || cg->h[i].later;
                if (cg->h[i].later || cg->h[i].denied)
                        continue;
                cg->h[i].claim = !claimed;
                r = make_directory(cg, &cg->h[i], &why);
                if (r >= 0) {
                        claimed = any = true;
                        continue;
                }
                cg->h[i].claim = false;
                if (may_be_missing(cg, r)) {
                        log_debug("cgroups: %s", why.text);
                        deny(cg, i);
                        continue;
                }
                *err = why;
                if (err->code == CFS_E_STATE)
                        cgroupfs_withdraw(cg);
                return r;
        }
        return any || str_empty(cg->rq.path) ? 0 : refuse_path(cg, err);
}

/* The controllers of v2 that settings need and the tree may not have enabled: see v2.c. */
static void enable_for(struct cgroup *cg, const struct settings *s)
{
        for (size_t i = 0; i < s->n; i++) {
                const struct hierarchy *h = settings_hierarchy(cg, s->p[i].controller);
                char controller[32];
                int n;

                if (!h || !h->v2 || h->all || h->denied)
                        continue;
                n = (int)strcspn(s->p[i].file, ".");
                (void)snprintf(controller, sizeof(controller), "%.*s", n, s->p[i].file);
                if (!STREQ(controller, "cgroup"))
                        v2_enable(&cg->h[h - cg->h], controller);
        }
}

int cgroupfs_fill(struct cgroup *cg, struct cfs_error *err)
{
        _cleanup_settings_ struct settings s = { 0 };
        int r;

        if (cg->rq.resources) {
                r = limits_convert(cg, cg->rq.resources, false, &s, err);
                if (r < 0)
                        return r;
                enable_for(cg, &s);
                r = settings_apply(&s, cg, false, err);
                if (r < 0)
                        return r;
        }
        return devcg_apply(cg, &cg->rq, false, &cg->devices_later, err);
}

/* No process can be born where none may be (EAGAIN), but one can move there. */
static bool no_births(const struct hierarchy *h)
{
        uint64_t max;

        return h->v2 && tree_number(h->path, "pids.max", &max) == 0 && max == 0;
}

int cgroupfs_open(struct cgroup *cg, struct cfs_error *err)
{
        const struct oci_resources *res = cg->rq.resources;
        bool limited = res && (res->unified || (res->pids && res->pids->limit == 0));

        for (size_t i = 0; i < cg->n; i++) {
                struct hierarchy *h = &cg->h[i];
                int r = h->denied || h->later ? 0 : h->ops->open(h, err);

                if (r < 0)
                        return r;
                if (limited && !h->denied && !h->later && no_births(h)) {
                        char name[PATH_MAX];

                        if (tree_file(name, sizeof(name), h->path, "cgroup.procs"))
                                h->enter_fd = open(name, O_WRONLY | O_CLOEXEC);
                        if (h->enter_fd < 0)
                                return err_path(err, errno, "open", h->path, "open `%s/cgroup.procs`",
                                                h->path);
                }
        }
        return 0;
}

static int cgroupfs_make(struct cgroup *cg, struct cfs_error *err)
{
        int r;

        r = cgroupfs_make_directories(cg, err);
        if (r >= 0)
                r = cgroupfs_fill(cg, err);
        return r < 0 || cg->rq.late ? r : cgroupfs_open(cg, err);
}

int cgroupfs_update_settings(struct cgroup *cg, const struct oci_resources *res, struct settings *s,
                             struct cfs_error *err)
{
        int r;

        r = limits_check_usage(cg, res, err);
        if (r >= 0)
                r = limits_convert(cg, res, true, s, err);
        if (r < 0)
                return r;
        enable_for(cg, s);
        r = settings_apply(s, cg, true, err);
        if (r < 0 || res->n_devices == 0)
                return r;
        cg->rq.resources = res;
        r = devcg_apply(cg, &cg->rq, true, NULL, err);
        if (r < 0)
                settings_undo(s);
        return r;
}

static int cgroupfs_update(struct cgroup *cg, const struct oci_resources *res, struct cfs_error *err)
{
        _cleanup_settings_ struct settings s = { 0 };

        return cgroupfs_update_settings(cg, res, &s, err);
}

static int cgroupfs_remove(struct cgroup *cg, struct cfs_error *err)
{
        return members_remove(cg, err);
}

const struct manager_ops cgroupfs_ops = {
        .plan = cgroupfs_plan,
        .make = cgroupfs_make,
        .update = cgroupfs_update,
        .remove = cgroupfs_remove,
};
