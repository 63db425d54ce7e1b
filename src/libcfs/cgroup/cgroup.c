/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup layer's front: handles, and what is the same for every manager and every hierarchy.
 *
 * Why a record and not the configuration: engines pass --systemd-cgroup to `create` and not to `delete`, the
 * machine's mount table may have changed, and config.json may be gone. What `plan` found out is written down
 * before `make` touches anything, and all later verbs work from that.
 */
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/cgroup/realtime.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "libcfs/cgroup/manager/cgroupfs.h"
#include "dbus/dbus.h"
#include "libcfs/cgroup/hierarchy/claim.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/devices/devcg.h"
#include "libcfs/cgroup/limits/limits.h"
#include "libcfs/cgroup/manager/layout.h"
#include "libcfs/cgroup/manager/manager.h"
#include "libcfs/cgroup/hierarchy/members.h"
#include "libcfs/cgroup/hierarchy/obstacle.h"
#include "libcfs/cgroup/limits/oom.h"
#include "libcfs/cgroup/devices/rules.h"
#include "libcfs/cgroup/limits/stats.h"
#include "libcfs/cgroup/manager/unit.h"
#include "libcfs/cgroup/hierarchy/v1.h"
#include "libcfs/cgroup/hierarchy/v2.h"
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static const struct manager_ops *manager_of(enum cgroup_manager m)
{
        switch (m) {
        case CGROUP_MANAGER_NONE:
                return &none_ops;
        case CGROUP_MANAGER_SYSTEMD:
                return &systemd_ops;
        case CGROUP_MANAGER_CGROUPFS:
                break;
        }
        return &cgroupfs_ops;
}

enum cgroup_mode cgroup_detect(void)
{
        struct detect_host *host;
        struct cfs_error ignored = { 0 };

        return detect_hierarchies(&host, &ignored) < 0 ? CGROUP_MODE_ABSENT : host->mode;
}

/* ---- checking and explaining --------------------------------------------------------------------------- */

struct check_data {
        void (*report)(void *data, bool host, const char *property, const char *message);
        void *data;
        bool host;     /* report what this machine cannot do as well */
        bool only_bad; /* report what is wrong everywhere            */
};

static void check_report(void *data, const struct cfs_error *problem)
{
        const struct check_data *d = data;
        const char *text = problem->text;
        size_t n = strlen(problem->property);

        if (d->only_bad && problem->code != CFS_E_INVALID)
                return;
        /* problem() puts the property in front itself. */
        if (n > 0 && strncmp(text, problem->property, n) == 0 && text[n] == ':')
                text += n + 1 + (text[n + 1] == ' ');
        d->report(d->data, problem->code != CFS_E_INVALID, problem->property, text);
}

/* A handle that has what the machine has, without any container. */
static int imagine_host(struct cgroup *cg, struct cfs_error *err)
{
        struct detect_host *host;
        int r = detect_hierarchies(&host, err);

        if (r < 0)
                return r;
        cg->mode = host->mode;
        for (size_t i = 0; i < host->n; i++)
                cg->h[cg->n++] = (struct hierarchy){ .ops = host->mount[i].v2 ? &v2_ops : &v1_ops,
                                                     .name = host->mount[i].name,
                                                     .mount = host->mount[i].point,
                                                     .path = host->mount[i].point,
                                                     .v2 = host->mount[i].v2,
                                                     .dir_fd = -1,
                                                     .enter_fd = -1 };
        return 0;
}

/* Why can this user not have the cgroup `inner` in hierarchy m? */
static bool has_obstacle(const struct detect_mount *m, const char *inner, char *ret, size_t size)
{
        _cleanup_free_ char *base = NULL, *path = NULL;
        struct hierarchy h = { .mount = m->point, .v2 = m->v2 };
        struct cfs_error err = { 0 };

        if (cgroupfs_base(m, inner, &base, &err) < 0 ||
            str_printf(&path, &err, "%s%s%s%s", m->point, STREQ(base, "/") ? "" : base,
                       *inner == '/' ? "" : "/", inner) < 0)
                return false;
        h.path = path;
        return obstacle_say(&h, ret, size);
}

/* Limits of an ordinary user's container need a cgroup that the user may make and join. */
static void check_rights(const struct cgroup *cg, const char *inner, struct check_data *d)
{
        _cleanup_settings_ struct settings s = { 0 };
        struct cfs_error err = { 0 };
        struct detect_host *host;

        if (limits_convert(cg, cg->rq.resources, false, &s, &err) < 0 ||
            detect_hierarchies(&host, &err) < 0 || detect_own(host, &err) < 0)
                return;
        for (size_t i = 0; i < s.n; i++) {
                const struct hierarchy *h = settings_hierarchy(cg, s.p[i].controller);
                char why[700], text[900], property[128];

                if (i > 0 && STREQ(s.p[i].property, s.p[i - 1].property))
                        continue;
                for (size_t k = 0; h && k < host->n; k++) {
                        if (!STREQ(host->mount[k].point, h->mount) ||
                            !has_obstacle(&host->mount[k], inner, why, sizeof(why)))
                                continue;
                        (void)snprintf(property, sizeof(property), "linux.resources.%s", s.p[i].property);
                        (void)snprintf(text, sizeof(text), "cannot be set: %s; %s", why, OBSTACLE_HINT);
                        d->report(d->data, true, property, text);
                }
        }
}

/* An ordinary user must be able to make linux.cgroupsPath in at least one hierarchy. */
static void check_path(const struct cgroup *cg, const char *inner, struct check_data *d)
{
        struct cfs_error err = { 0 };
        struct detect_host *host;
        char why[700], text[900];

        if (str_empty(cg->rq.path) || detect_hierarchies(&host, &err) < 0 || detect_own(host, &err) < 0 ||
            host->n == 0)
                return;
        for (size_t i = 0; i < host->n; i++)
                if (!has_obstacle(&host->mount[i], inner, why, sizeof(why)))
                        return;
        (void)snprintf(text, sizeof(text), "cannot be made: %s; %s", why, OBSTACLE_HINT);
        d->report(d->data, true, "linux.cgroupsPath", text);
}

void cgroup_check(const struct cgroup_request *rq, bool look_at_host,
                  void (*report)(void *data, bool host, const char *property, const char *message),
                  void *data)
{
        struct check_data d = { .report = report, .data = data, .only_bad = !look_at_host };
        struct cfs_error err = { 0 };
        _cleanup_free_ char *inner = NULL, *slice = NULL, *unit = NULL;
        struct cgroup cg = { .rq = *rq };

        if (rq->manager == CGROUP_MANAGER_CGROUPFS &&
            layout_inner(rq->path, rq->id ? rq->id : "id", &inner, &err) < 0)
                check_report(&d, &err);
        if (rq->manager == CGROUP_MANAGER_SYSTEMD) {
                if (unit_names(rq->path, rq->id ? rq->id : "id", rq->rootless, &slice, &unit, &err) < 0)
                        check_report(&d, &err);
                unit_check_annotations(rq->annotations, check_report, &d);
        }
        if (look_at_host && rq->rootless && rq->manager == CGROUP_MANAGER_CGROUPFS && inner)
                check_path(&cg, inner, &d);
        if (!rq->resources)
                return;
        rules_check(rq, check_report, &d);
        if (look_at_host && rq->manager != CGROUP_MANAGER_NONE && imagine_host(&cg, &err) < 0) {
                (void)err_prefix(&err, -EIO, "look for cgroup hierarchies");
                d.report(d.data, true, "linux.resources", err.text);
                return;
        }
        /* Without a look at the host, assume a hierarchy with all controllers: only values can be wrong. */
        limits_check(&cg, rq->resources, check_report, &d);
        if (look_at_host && rq->rootless && rq->manager == CGROUP_MANAGER_CGROUPFS && inner)
                check_rights(&cg, inner, &d);
}

void cgroup_look(const struct cgroup_request *rq, bool look_at_host,
                 void (*report)(void *data, bool host, const char *property, const char *message), void *data)
{
        struct check_data d = { .report = report, .data = data, .only_bad = !look_at_host };
        struct cgroup cg = { .rq = *rq };
        struct cfs_error err = { 0 };

        if (!rq->resources || rq->manager == CGROUP_MANAGER_NONE)
                return;
        /* cgroup_check() has reported why the host's hierarchies are not known. */
        if (look_at_host && imagine_host(&cg, &err) < 0)
                return;
        limits_look(&cg, rq->resources, look_at_host, check_report, &d);
}

bool cgroup_without_realtime(const struct cgroup_request *rq)
{
        return realtime_is_missing(rq);
}

struct explain_data {
        void (*line)(void *data, const char *text);
        void *data;
};

void cgroup_explain(const struct cgroup_request *rq, void (*line)(void *data, const char *text), void *data)
{
        struct cgroup cg = { .rq = *rq };
        _cleanup_settings_ struct settings s = { 0 };
        _cleanup_free_ char *inner = NULL;
        struct cfs_error err = { 0 };
        char text[512];

        if (rq->manager == CGROUP_MANAGER_NONE) {
                line(data, "no cgroup: the container stays in the runtime's own");
                return;
        }
        (void)imagine_host(&cg, &err);
        if (rq->manager == CGROUP_MANAGER_SYSTEMD) {
                (void)snprintf(text, sizeof(text), "ask systemd for a transient scope, `%s`",
                               str_empty(rq->path) ? rq->id : rq->path);
                line(data, text);
        } else if (layout_inner(rq->path, rq->id, &inner, &err) >= 0) {
                for (size_t i = 0; i < cg.n; i++) {
                        (void)snprintf(text, sizeof(text), "make cgroup `%s` in the hierarchy at %s (%s)",
                                       inner, cg.h[i].mount, cg.h[i].v2 ? "v2" : cg.h[i].name);
                        line(data, text);
                }
        }
        if (rq->resources && limits_convert(&cg, rq->resources, false, &s, &err) >= 0) {
                for (size_t i = 0; i < s.n; i++) {
                        if (!s.p[i].file[0])
                                continue;
                        (void)snprintf(text, sizeof(text), "%s: write `%s` to %s%s%s", s.p[i].property,
                                       s.p[i].value, s.p[i].file, s.p[i].alt_file[0] ? " or " : "",
                                       s.p[i].alt_file);
                        line(data, text);
                }
        }
        devcg_explain(&cg, rq, line, data);
}

/* ---- making -------------------------------------------------------------------------------------------- */

int cgroup_plan(const struct cgroup_request *rq, struct oci_record *rec, struct oci_arena *arena,
                struct cgroup **ret, struct cfs_error *err)
{
        struct cgroup *cg;
        int r;

        cg = calloc(1, sizeof(*cg));
        if (!cg)
                return err_nomem(err);
        cg->rq = *rq;
        cg->manager = manager_of(rq->manager);
        r = cg->manager->plan(cg, arena, err);
        if (r < 0) {
                cgroup_close(cg);
                return r;
        }
        rec->cgroup = cg->rec;
        *ret = cg;
        return 0;
}

int cgroup_make(struct cgroup *cg, struct cfs_error *err)
{
        return cg->manager->make(cg, err);
}

int cgroup_clone_fd(const struct cgroup *cg)
{
        for (size_t i = 0; i < cg->n; i++) {
                if (cg->h[i].v2)
                        return cg->h[i].enter_fd < 0 ? cg->h[i].dir_fd : -1;
        }
        return -1;
}

int cgroup_hint_join(const struct cgroup *cg, int r, struct cfs_error *err)
{
        char why[700];

        for (size_t i = 0; i < cg->n; i++) {
                if (cg->h[i].v2 && !cg->h[i].denied && obstacle_say(&cg->h[i], why, sizeof(why)))
                        return err_hint(err, r, "%s; %s", why, OBSTACLE_HINT);
        }
        return r;
}

int cgroup_enter(struct cgroup *cg, struct cfs_error *err)
{
        int r = cg->rq.late ? cgroupfs_open(cg, err) : 0;

        if (r < 0)
                return r;
        for (size_t i = 0; i < cg->n; i++) {
                struct hierarchy *h = &cg->h[i];
                ssize_t n;

                if (h->enter_fd < 0)
                        continue;
                do
                        n = write(h->enter_fd, "0", 1);
                while (n < 0 && errno == EINTR);
                if (n < 0)
                        return realtime_hint(
                                h, err_path(err, errno, "write", h->path, "join cgroup `%s`", h->path), err);
                /* The descriptor stays open until all are closed with one call, see
                 * descriptors_host_init(). */
        }
        return 0;
}

bool cgroup_needs_attach(const struct cgroup *cg)
{
        return cg->manager->attach && (cg->bus || cg->exec);
}

int cgroup_attach(struct cgroup *cg, pid_t pid, struct cfs_error *err)
{
        int r = cgroup_needs_attach(cg) ? cg->manager->attach(cg, pid, err) : 0;

        if (r >= 0 && cg->devices_later)
                devcg_apply_later(cg, &cg->rq);
        cg->devices_later = false;
        return r;
}

/* ---- later --------------------------------------------------------------------------------------------- */

/* The record of an unfinished create may name directories that belong to another container, which wanted
 * the same ones and was faster. Only directories with the container's mark are its own. */
static int forget_others(struct cgroup *cg, const struct oci_record *rec, struct cfs_error *err)
{
        int r;

        if (!cg->rec || !cg->rec->owner || !str_eq(rec->phase, "creating"))
                return 0;
        r = claim_find(cg, cg->rec->owner, false, err);
        if (r < 0 || r == CLAIM_OURS)
                return r;
        cg->n_not_ours = cg->n;
        cg->others = r == CLAIM_OTHER;
        cg->n = 0;
        return 0;
}

int cgroup_open(const struct oci_record *rec, struct cgroup **ret, struct cfs_error *err)
{
        struct cgroup *cg = calloc(1, sizeof(*cg));
        int r;

        if (!cg)
                return err_nomem(err);
        r = layout_open(cg, rec, err);
        if (r >= 0)
                r = forget_others(cg, rec, err);
        if (r < 0) {
                cgroup_close(cg);
                return r;
        }
        *ret = cg;
        return 0;
}

int cgroup_kill(struct cgroup *cg, int sig, struct cfs_error *err)
{
        return members_kill(cg, sig, err);
}

void cgroup_wake_killed(struct cgroup *cg)
{
        members_wake(cg);
}

int cgroup_freeze(struct cgroup *cg, bool freeze, struct cfs_error *err)
{
        const struct hierarchy *h = members_freezer(cg), *v1 = members_freezer_v1(cg);
        int r;

        if (!h)
                return err_set(err, CFS_E_UNSUPPORTED, "the container has no cgroup that can be frozen");
        r = h->ops->freeze(h, freeze, err);
        if (r < 0 || freeze || !v1 || v1 == h || v1->ops->is_frozen(v1) <= 0)
                return r;
        return v1->ops->freeze(v1, false, err);
}

int cgroup_is_frozen(struct cgroup *cg)
{
        const struct hierarchy *h = members_freezer(cg), *v1 = members_freezer_v1(cg);
        int r = h ? h->ops->is_frozen(h) : -ENOENT, also;

        /* A host with both has two freezers. cfs uses that of v2; others may use either. */
        if (r != 0 || !v1 || v1 == h)
                return r;
        also = v1->ops->is_frozen(v1);
        return also == -ENOENT || also == -ENODEV ? 0 : also;
}

int cgroup_check_frozen(const struct oci_record *rec, struct cfs_error *err)
{
        struct cgroup *cg = NULL;
        int r = rec->cgroup ? cgroup_open(rec, &cg, err) : 0;
        const struct hierarchy *h = cg ? members_freezer(cg) : NULL;

        if (r >= 0 && h && h->v2)
                r = h->ops->check_frozen(h, err);
        cgroup_close(cg);
        return r;
}

static char *freezer_file(const struct hierarchy *h)
{
        char *file;

        return h && asprintf(&file, "%s/%s", h->path, h->v2 ? "cgroup.freeze" : "freezer.state") >= 0 ? file
                                                                                                      : NULL;
}

void cgroup_freezer_files(const struct oci_record *rec, char **ret, char **ret_other)
{
        struct cgroup *cg = calloc(1, sizeof(*cg));
        struct cfs_error ignored = { 0 };
        bool open = cg && layout_open(cg, rec, &ignored) >= 0;
        const struct hierarchy *h = open ? members_freezer(cg) : NULL;

        *ret = freezer_file(h);
        *ret_other = h && h->v2 ? freezer_file(members_freezer_v1(cg)) : NULL;
        cgroup_close(cg);
}

int cgroup_freezer_says(const char *file, bool asleep)
{
        const char *name = strrchr(file, '/');
        bool v2 = name && STREQ(name, "/cgroup.freeze");
        char text[16];
        ssize_t n;

        if (asleep && !v2 && !v1_freezes_asleep())
                return 0;
        n = io_read_small(AT_FDCWD, file, text, sizeof(text));
        return n < 0 ? (int)n : v2 ? v2_says_frozen(text) : v1_says_frozen(text);
}

int cgroup_pids(struct cgroup *cg, pid_t **ret, size_t *ret_n, struct cfs_error *err)
{
        struct tree_pids pids;
        int r = members_list(cg, &pids, err);

        if (r < 0)
                return r;
        *ret = pids.p;
        *ret_n = pids.n;
        return 0;
}

int cgroup_update(struct cgroup *cg, const struct oci_resources *r, struct cfs_error *err)
{
        return cg->manager->update(cg, r, err);
}

int cgroup_stats(struct cgroup *cg, struct json_writer *w, struct cfs_error *err)
{
        return stats_write(cg, w, err);
}

int cgroup_oom_watch(struct cgroup *cg, int *ret_fd, struct cfs_error *err)
{
        return oom_watch(settings_hierarchy(cg, "memory"), ret_fd, err);
}

int cgroup_oom_count(struct cgroup *cg, uint64_t *ret)
{
        return oom_count(settings_hierarchy(cg, "memory"), ret);
}

int cgroup_remove(struct cgroup *cg, struct cfs_error *err)
{
        int r = cg->rec && cg->rec->owner ? claim_find(cg, cg->rec->owner, true, err) : CLAIM_OURS;

        if (r < 0)
                return r;
        /* The directory was removed while the container ran, and another container has made it again. */
        if (r == CLAIM_OTHER)
                return 0;
        members_leave(cg);
        return cg->manager->remove(cg, err);
}

size_t cgroup_views(const struct cgroup *cg, const struct cgroup_view **ret)
{
        struct cgroup *mutable = (struct cgroup *)cg;
        size_t n = 0;

        for (size_t i = 0; i < cg->n; i++) {
                const struct hierarchy *h = &cg->h[i];
                struct cgroup_view *v = &mutable->views[n];
                const char *base = h->mount ? strrchr(h->mount, '/') : NULL;

                if (h->denied || !base)
                        continue;
                v->name = cg->mode == CGROUP_MODE_V2 ? "" : base + 1;
                v->mount = h->mount;
                v->path = h->path + strlen(h->mount);
                v->options = h->v2 ? NULL : h->name;
                v->v2 = h->v2;
                n++;
        }
        *ret = cg->views;
        return n;
}

void cgroup_close(struct cgroup *cg)
{
        if (!cg)
                return;
        int fds[2 * CGROUP_MAX_HIERARCHIES];

        for (size_t i = 0; i < cg->n; i++) {
                fds[2 * i] = TAKE_FD(cg->h[i].dir_fd);
                fds[2 * i + 1] = TAKE_FD(cg->h[i].enter_fd);
        }
        io_close_all(fds, 2 * cg->n);
        for (size_t i = 0; i < cg->n_owned; i++)
                free(cg->owned[i]);
        dbus_close(cg->bus);
        free(cg);
}
