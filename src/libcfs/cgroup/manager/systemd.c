/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The systemd manager (--systemd-cgroup): the cgroup belongs to a transient scope that systemd makes on our
 * word.
 *
 * A scope cannot be without a process. So the order differs from cgroupfs: the init is made first, in our own
 * cgroup; then StartTransientUnit(PIDs=init) moves it, and only then the files are there for the exact limits
 * and the device program. The init waits for all that before it makes its cgroup namespace, whose root is the
 * cgroup it is in.
 *
 * systemd answers a request with a job, and says by the signal JobRemoved how the job ended. It is matched by
 * the name of the unit, because the signal may overtake the answer. The whole conversation has one deadline.
 *
 * v1 and hybrid machines: systemd keeps its own tree (name=systemd), v2's and those of controllers it cares
 * for; in the others we make the same path ourselves and the init enters as under cgroupfs.
 *
 * Removing: an empty scope goes away by itself, and then there is no need to talk to systemd at all.
 *
 * Rootless: the user's own systemd, reached over the user's bus. A process of ours cannot be born in the
 * scope, which is another branch of the tree than ours: `exec` asks systemd to move it
 * (AttachProcessesToUnit, systemd 238).
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/cgroup/manager/cgroupfs.h"
#include "dbus/dbus.h"
#include "libcfs/cgroup/hierarchy/claim.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/manager/layout.h"
#include "libcfs/cgroup/limits/limits.h"
#include "libcfs/cgroup/manager/manager.h"
#include "libcfs/cgroup/hierarchy/members.h"
#include "libcfs/cgroup/limits/settings.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include "libcfs/cgroup/manager/unit.h"
#include "libcfs/cgroup/hierarchy/v2.h"
#include "oci.h"
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define TIMEOUT_MS 30000

#define SYSTEMD "org.freedesktop.systemd1"
#define OBJECT  "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

/* A method of the manager. */
#define METHOD(member, signature) (&(const struct dbus_method){ SYSTEMD, OBJECT, MANAGER, member, signature })

/* What became of the job for a unit. */
struct job {
        const char *unit;
        bool removed;
        char result[32];
};

static void on_signal(void *data, const struct dbus_message *m)
{
        struct dbus_reader body = m->body;
        const char *path, *unit, *result;
        struct job *job = data;
        uint32_t id;

        if (!STREQ(m->member, "JobRemoved") || !STREQ(m->signature, "uoss"))
                return;
        if (dbus_get_u32(&body, &id) < 0 || dbus_get_string(&body, &path) < 0 ||
            dbus_get_string(&body, &unit) < 0 || dbus_get_string(&body, &result) < 0 ||
            !STREQ(unit, job->unit))
                return;
        job->removed = true;
        (void)snprintf(job->result, sizeof(job->result), "%s", result);
}

/* Asks the bus for the signals of jobs. Does not wait for the answer: the bus handles calls in order. */
static int subscribe(struct dbus *d, struct cfs_error *err)
{
        static const struct dbus_method add_match = { "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                      "org.freedesktop.DBus", "AddMatch", "s" };
        _cleanup_dbus_body_ struct dbus_body b = { 0 };
        int64_t r;

        dbus_put_string(&b, "type='signal',sender='" SYSTEMD "',interface='" MANAGER "',member='JobRemoved'");
        r = dbus_send(d, &add_match, &b, err);
        return r < 0 ? (int)r : 0;
}

#define ERROR_SIZE sizeof(((struct dbus_answer *)NULL)->error)

/* Calls a method that starts a job for the unit, and waits for the end of that job. ret_error is the name of
 * an error answer, or "". */
static int run_job(struct dbus *d, const char *unit, const struct dbus_method *method,
                   const struct dbus_body *body, char ret_error[ERROR_SIZE], struct cfs_error *err)
{
        struct job job = { .unit = unit };
        struct dbus_answer answer = { .on_signal = on_signal, .data = &job };
        int r;

        r = subscribe(d, err);
        if (r >= 0)
                r = dbus_call(d, method, body, &answer, err);
        memcpy(ret_error, answer.error, sizeof(answer.error));
        while (r >= 0 && !job.removed) {
                r = dbus_receive(d, &answer.message, err);
                if (r >= 0 && answer.message.type == DBUS_SIGNAL)
                        on_signal(&job, &answer.message);
        }
        if (r >= 0 && !STREQ(job.result, "done") && !STREQ(job.result, "skipped"))
                r = err_set(err, CFS_E_SYSTEM, "the job ended with \"%s\"", job.result);
        return r;
}

static int name_unit(struct cfs_error *err, int r, const char *what, const char *unit, bool user)
{
        if (r >= 0)
                return r;
        /* Of what systemd has answered its journal may know more, and of nothing else. */
        if (!err->hint[0] && err->code == CFS_E_SYSTEM && !err->errnum)
                (void)err_hint(err, r, "see journalctl %s-u %s", user ? "--user " : "", unit);
        return err_prefix(err, r, "%s unit `%s`", what, unit);
}

/* ---- making -------------------------------------------------------------------------------------------- */

/* A property of the manager. *ret points into d's buffer: it is valid until the next call. */
static int get_text(struct dbus *d, const char *name, const char **ret, struct cfs_error *err)
{
        static const struct dbus_method get = { SYSTEMD, OBJECT, "org.freedesktop.DBus.Properties", "Get",
                                                "ss" };
        _cleanup_dbus_body_ struct dbus_body b = { 0 };
        struct dbus_answer a = { 0 };
        const char *type;
        int r;

        dbus_put_string(&b, MANAGER);
        dbus_put_string(&b, name);
        r = dbus_call(d, &get, &b, &a, err);
        if (r < 0)
                return r;
        if (dbus_get_signature(&a.message.body, &type) < 0 || !STREQ(type, "s") ||
            dbus_get_string(&a.message.body, ret) < 0)
                return err_set(err, CFS_E_SYSTEM, "systemd says nothing about its %s", name);
        return 0;
}

/* "252 (252.38-1~deb12u1)" -> 252. Asked for only where it makes a difference; 0: old. */
static unsigned get_version(struct dbus *d, const struct settings *s)
{
        struct cfs_error ignored = { 0 };
        const char *text;

        if (!unit_needs_version(s) || get_text(d, "Version", &text, &ignored) < 0)
                return 0;
        return (unsigned)strtoul(text + strcspn(text, "0123456789"), NULL, 10);
}

/* Where the manager's own tree begins: "" for the system's, "/user.slice/.../user@1000.service" for a
 * user's. */
static int get_root(struct dbus *d, char **ret, struct cfs_error *err)
{
        const char *value = "";
        int r = get_text(d, "ControlGroup", &value, err);

        return r < 0 ? r : str_dup(ret, STREQ(value, "/") ? "" : value, err);
}

/* Does systemd itself make the container's directory there? */
static bool is_systemds(const struct hierarchy *h)
{
        return h->v2 || STREQ(h->name, "name=systemd");
}

/* inner: the unit's name, or the unit's and the subgroup's. */
static int add_hierarchies(struct cgroup *cg, const char *root, const char *slice, const char *inner,
                           struct oci_arena *arena, struct cfs_error *err)
{
        _cleanup_free_ char *below = NULL, *base = NULL;
        struct detect_host *host;
        int r;

        r = detect_hierarchies(&host, err);
        if (r >= 0)
                r = unit_slice_path(slice, &below, err);
        if (r >= 0)
                r = str_printf(&base, err, "%s%s", root, below);
        if (r < 0)
                return r;
        cg->mode = host->mode;
        for (size_t i = 0; i < host->n && r >= 0; i++)
                r = layout_add(cg, &host->mount[i], base, inner, arena, err);
        return r < 0 ? r : layout_record(cg, "systemd", base, arena, err);
}

static int systemd_plan(struct cgroup *cg, struct oci_arena *arena, struct cfs_error *err)
{
        _cleanup_free_ char *slice = NULL, *unit = NULL, *root = NULL, *inner = NULL;
        bool user = cg->rq.rootless;
        const char *sub = NULL;
        int r;

        r = unit_names(cg->rq.path, cg->rq.id, user, &slice, &unit, err);
        if (r >= 0)
                r = unit_subgroup(cg->rq.annotations, &sub, err);
        if (r >= 0)
                r = str_printf(&inner, err, "%s%s%s", unit, sub ? "/" : "", sub ? sub : "");
        if (r < 0)
                return r;
        r = dbus_open(user, TIMEOUT_MS, &cg->bus, err);
        if (r >= 0)
                r = get_root(cg->bus, &root, err);
        if (r < 0)
                return name_unit(err, r, "plan", unit, user);
        r = add_hierarchies(cg, root, slice, inner, arena, err);
        if (r < 0)
                return r;
        cg->rec->unit = oci_arena_strdup(arena, unit);
        cg->rec->slice = oci_arena_strdup(arena, slice);
        cg->rec->user = user;
        cg->rec->has_user = true;
        return cg->rec->unit && cg->rec->slice ? 0 : err_nomem(err);
}

/* What is not systemd's. */
static int systemd_make(struct cgroup *cg, struct cfs_error *err)
{
        int r;

        for (size_t i = 0; i < cg->n; i++)
                cg->h[i].later = is_systemds(&cg->h[i]);
        r = cgroupfs_make_directories(cg, err);
        return r < 0 ? r : cgroupfs_open(cg, err);
}

static int start_once(struct cgroup *cg, pid_t pid, const struct settings *s, char ret_error[ERROR_SIZE],
                      struct cfs_error *err)
{
        _cleanup_dbus_body_ struct dbus_body b = { 0 };
        size_t begin;
        int r;

        dbus_put_string(&b, cg->rec->unit);
        dbus_put_string(&b, "replace");
        begin = dbus_put_array_begin(&b, 8);
        r = unit_put_start(&b, cg, pid, s, get_version(cg->bus, s), err);
        if (r < 0)
                return r;
        dbus_put_array_end(&b, begin);
        begin = dbus_put_array_begin(&b, 8);
        dbus_put_array_end(&b, begin);
        dbus_set_timeout(cg->bus, TIMEOUT_MS);
        return run_job(cg->bus, cg->rec->unit, METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))"), &b,
                       ret_error, err);
}

static int start(struct cgroup *cg, pid_t pid, struct cfs_error *err)
{
        _cleanup_settings_ struct settings s = { 0 };
        char name[ERROR_SIZE] = "";
        int r;

        if (cg->rq.resources) {
                r = limits_convert(cg, cg->rq.resources, false, &s, err);
                if (r < 0)
                        return r;
        }
        r = start_once(cg, pid, &s, name, err);
        if (r < 0 && STREQ(name, SYSTEMD ".UnitExists")) {
                /* A unit of this name has failed earlier, and systemd still remembers it. */
                _cleanup_dbus_body_ struct dbus_body b = { 0 };
                struct cfs_error ignored;

                name[0] = '\0';
                dbus_put_string(&b, cg->rec->unit);
                if (dbus_call(cg->bus, METHOD("ResetFailedUnit", "s"), &b, NULL, &ignored) >= 0)
                        r = start_once(cg, pid, &s, name, err);
        }
        /* It belongs to another container: its cgroup must not be removed. */
        if (r < 0 && STREQ(name, SYSTEMD ".UnitExists"))
                cgroupfs_withdraw(cg);
        return name_unit(err, r, "start", cg->rec->unit, cg->rec->user);
}

/* What follows the unit's name in the container's path: "", or a subgroup, "/" first. */
static const char *below_unit(const struct cgroup *cg, const struct hierarchy *h)
{
        size_t n = strlen(cg->rec->unit);

        for (const char *p = h->path; (p = strstr(p, cg->rec->unit)); p++) {
                if (p > h->path && p[-1] == '/' && (p[n] == '/' || p[n] == '\0'))
                        return p + n;
        }
        return "";
}

/* Where systemd has not put the process itself: a slice has none by its hand, a subgroup is ours to make.
 * And where the init went into the subgroup by itself, systemd has moved it out again if it uses that v1
 * hierarchy. */
static int join(struct cgroup *cg, struct hierarchy *h, pid_t pid, struct cfs_error *err)
{
        bool sub = *below_unit(cg, h);
        char text[24];
        int r = 0;

        if (!sub && (!h->later || !unit_is_slice(cg->rec->unit)))
                return 0;
        if (sub && h->later)
                r = h->ops->make(h, &cg->rq, err);
        (void)snprintf(text, sizeof(text), "%d", (int)pid);
        if (r >= 0)
                r = tree_write(h->path, "cgroup.procs", text, err);
        /* Only now is no process left in the scope's directory, so that controllers may be enabled below it.
         */
        if (r >= 0 && sub && h->v2 && cg->mode == CGROUP_MODE_V2)
                v2_enable(h, NULL);
        return r;
}

/* An exec'd process: into the scope that exists. */
static int attach_exec(struct cgroup *cg, pid_t pid, struct cfs_error *err)
{
        _cleanup_dbus_body_ struct dbus_body b = { 0 };
        _cleanup_dbus_ struct dbus *d = NULL;
        _cleanup_free_ char *where = NULL;
        size_t begin;
        int r;

        /* The path already has --cgroup at its end. */
        r = str_dup(&where, cg->n > 0 ? below_unit(cg, &cg->h[0]) : "", err);
        if (r < 0)
                return r;
        dbus_put_string(&b, cg->rec->unit);
        dbus_put_string(&b, where);
        begin = dbus_put_array_begin(&b, 4);
        dbus_put_u32(&b, (uint32_t)pid);
        dbus_put_array_end(&b, begin);
        r = dbus_open(cg->rec->user, TIMEOUT_MS, &d, err);
        if (r >= 0)
                r = dbus_call(d, METHOD("AttachProcessesToUnit", "ssau"), &b, NULL, err);
        return name_unit(err, r, "attach to", cg->rec->unit, cg->rec->user);
}

/* systemd lets one of several callers start a unit of this name. That one owns everything in the unit, with
 * or without a mark on its directories. */
static int start_ours(struct cgroup *cg, pid_t pid, struct cfs_error *err)
{
        char *owner = cg->rec->owner;
        int r;

        cg->rec->owner = NULL;
        r = start(cg, pid, err);
        if (r >= 0)
                cg->rec->owner = owner;
        return r;
}

static int systemd_attach(struct cgroup *cg, pid_t pid, struct cfs_error *err)
{
        int r;

        if (cg->exec)
                return attach_exec(cg, pid, err);
        r = start_ours(cg, pid, err);
        for (size_t i = 0; i < cg->n && r >= 0; i++) {
                struct hierarchy *h = &cg->h[i];

                r = join(cg, h, pid, err);
                if (r < 0)
                        break;
                if (h->later && access(h->path, F_OK) < 0)
                        r = err_path(err, errno, "access", h->path, "unit `%s` has no cgroup `%s`",
                                     cg->rec->unit, h->path);
                else if (h->later && (r = h->ops->check_frozen(h, err)) >= 0 && h->v2 && cg->rq.delegate)
                        r = v2_delegate(h->path, cg->rq.owner_uid, err);
                /* Where all directories are systemd's. */
                if (r >= 0 && i == 0 && h->later && cg->rq.owner)
                        r = claim_mark(h, &cg->rq, err);
        }
        return r < 0 ? r : cgroupfs_fill(cg, err);
}

/* ---- later --------------------------------------------------------------------------------------------- */

static int set_properties(struct cgroup *cg, const struct settings *s, struct cfs_error *err)
{
        _cleanup_dbus_body_ struct dbus_body b = { 0 };
        _cleanup_dbus_ struct dbus *d = NULL;
        size_t begin, n;
        int r = dbus_open(cg->rec->user, TIMEOUT_MS, &d, err);

        if (r < 0)
                return r;
        dbus_put_string(&b, cg->rec->unit);
        dbus_put_u32(&b, true); /* until the unit ends */
        begin = dbus_put_array_begin(&b, 8);
        n = unit_put_settings(&b, s, get_version(d, s));
        dbus_put_array_end(&b, begin);
        if (n == 0)
                return 0;
        return dbus_call(d, METHOD("SetUnitProperties", "sba(sv)"), &b, NULL, err);
}

static bool has_property(const struct settings *s)
{
        for (size_t i = 0; i < s->n; i++)
                if (s->p[i].unit[0] && s->p[i].unit_type != UNIT_NONE)
                        return true;
        return false;
}

static int systemd_update(struct cgroup *cg, const struct oci_resources *res, struct cfs_error *err)
{
        _cleanup_settings_ struct settings s = { 0 };
        int r;

        r = cgroupfs_update_settings(cg, res, &s, err);
        if (r < 0 || !has_property(&s))
                return r;
        r = set_properties(cg, &s, err);
        if (r < 0) {
                settings_undo(&s);
                return name_unit(err, r, "set properties of", cg->rec->unit, cg->rec->user);
        }
        /* systemd has written its own version of them (for example 1 for a TasksMax of 0): write the exact
         * ones. */
        settings_again(&s);
        return 0;
}

static int stop(const struct cgroup *cg, struct cfs_error *err)
{
        _cleanup_dbus_body_ struct dbus_body b = { 0 };
        _cleanup_dbus_ struct dbus *d = NULL;
        char name[ERROR_SIZE] = "";
        int r;

        r = dbus_open(cg->rec->user, TIMEOUT_MS, &d, err);
        if (r < 0)
                return r;
        dbus_put_string(&b, cg->rec->unit);
        dbus_put_string(&b, "replace");
        r = run_job(d, cg->rec->unit, METHOD("StopUnit", "ss"), &b, name, err);
        return STREQ(name, SYSTEMD ".NoSuchUnit") ? 0 : r;
}

static int systemd_remove(struct cgroup *cg, struct cfs_error *err)
{
        struct cfs_error why = { 0 };
        bool there = false;
        int r;

        for (size_t i = 0; i < cg->n; i++)
                there = there ||
                        (is_systemds(&cg->h[i]) && (access(cg->h[i].path, F_OK) == 0 || errno != ENOENT));
        if (there) {
                r = members_kill(cg, SIGKILL, err);
                if (r < 0)
                        return r;
                /* The directories are what counts: once they are gone, so is the scope. */
                if (stop(cg, &why) < 0)
                        log_warning("stop unit `%s`: %s", cg->rec->unit, why.text);
        }
        return members_remove(cg, err);
}

const struct manager_ops systemd_ops = {
        .plan = systemd_plan,
        .make = systemd_make,
        .attach = systemd_attach,
        .update = systemd_update,
        .remove = systemd_remove,
};
