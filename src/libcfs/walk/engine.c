/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine walks the table that the context has: that of plan.c, or a small one of a test. It knows no row
 * by name.
 *
 * Around a row whose `foreign` column says so, the runtime lets go of the container's lock (aside.h).
 *
 * A row that fails ends the walk. The engine completes the error: with the phase
 * ("create/init/linux.sysctl"), and with the row's property when the row did not name a more precise one.
 * Undo alone goes on after a failure: what can be removed is removed.
 */
#include "libcfs/walk/engine.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "libcfs/walk/problem.h"
#include "libcfs/walk/stuck.h"
#include "libcfs/process/sync.h"
#include "libcfs/walk/aside.h"
#include "libcfs/walk/trace.h"
#include <string.h>

static const char *walk_name(const struct ctx *c)
{
        return c->walk == WALK_EXEC ? "exec" : c->walk == WALK_RESTORE ? "restore" : "create";
}

static bool row_applies(const struct step *s, const struct ctx *c)
{
        return (s->walks & c->walk) && (!s->wanted || s->wanted(c));
}

static int row_failed(const struct step *s, const struct ctx *c, const char *column, int r,
                      struct cfs_error *err)
{
        if (err->phase[0]) /* of the init, which has said what it was at */
                return r;
        if (s->property)
                (void)err_property(err, r, "%s", s->property);
        (void)snprintf(err->phase, sizeof(err->phase), "%s/%s/%s", walk_name(c), column, s->name);
        return r;
}

/* With --debug the log has the way of a walk: each row as it begins, by the name that an error of it has. */
static void row_begins(const struct step *s, const struct ctx *c, const char *column)
{
        log_debug("%s/%s/%s", walk_name(c), column, s->name);
}

static int row_call(const struct step *s, struct ctx *c, const char *column,
                    int (*f)(struct ctx *, struct cfs_error *), struct cfs_error *err)
{
        uint64_t t = trace_begin();

        row_begins(s, c, column);
        int r = f(c, err);

        trace_end(t, column, s->name);
        return r < 0 ? row_failed(s, c, column, r, err) : 0;
}

static int row_meet(const struct step *s, struct ctx *c, const char *column, struct cfs_error *err)
{
        uint64_t t = trace_begin();

        row_begins(s, c, column);

        int r = sync_meet(c->sync, (unsigned)(s - c->plan), s->name, err);

        trace_end(t, column, s->name);
        return r;
}

/* After the last MEET of a walk the init needs no word of ours. When we cannot hear it there, it may hear us,
 * and goes on: what became of it, args.c looks for in /proc. */
static bool is_last_meet(const struct step *s, const struct ctx *c)
{
        if (c->walk == WALK_RESTORE)
                return false;
        while ((++s)->name)
                if ((s->flags & STEP_MEET) && row_applies(s, c))
                        return false;
        return true;
}

static int row_meet_in_runtime(const struct step *s, struct ctx *c, const char *column, struct cfs_error *err)
{
        int r = row_meet(s, c, column, err);

        if (r >= 0 || !c->sync || !c->sync->deaf || !is_last_meet(s, c))
                return r;
        log_debug("%s", err->text);
        err_clear(err);
        return 0;
}

/* A callback in the runtime, or with f NULL the MEET; without the container's lock when others are waited
 * for. */
static int row_in_runtime(const struct step *s, struct ctx *c, const char *column,
                          int (*f)(struct ctx *, struct cfs_error *), struct cfs_error *err)
{
        bool foreign = s->foreign && s->foreign(c);
        int r = foreign ? aside_begin(c, err) : 0;

        if (c->sync)
                c->sync->forever = foreign || c->patient;
        if (r >= 0)
                r = f ? row_call(s, c, column, f, err) : row_meet_in_runtime(s, c, column, err);
        if (r < 0 && c->sync && c->sync->timed_out) {
                (void)row_failed(s, c, column, r, err);
                r = stuck_explain(c, s->name, r, err);
        }
        return aside_end(c, r, err);
}

int engine_prepare(struct ctx *c, struct cfs_error *err)
{
        for (const struct step *s = c->plan; s->name; s++) {
                if (!s->prepare || !row_applies(s, c))
                        continue;
                int r = row_in_runtime(s, c, "prepare", s->prepare, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

void engine_release(struct ctx *c)
{
        for (const struct step *s = c->plan; s->name; s++)
                if (s->release && row_applies(s, c))
                        s->release(c);
}

static int host_row(const struct step *s, struct ctx *c, struct cfs_error *err)
{
        if ((!s->host && !(s->flags & STEP_MEET)) || !row_applies(s, c))
                return 0;
        return row_in_runtime(s, c, "host", s->host, err);
}

static bool ends_create(const struct step *s, const struct ctx *c)
{
        return (s->flags & STEP_CREATE_ENDS) && (s->walks & c->walk);
}

int engine_host(struct ctx *c, struct cfs_error *err)
{
        for (const struct step *s = c->plan; s->name; s++) {
                int r = host_row(s, c, err);

                if (r < 0)
                        return r;
                if (ends_create(s, c))
                        break;
        }
        return 0;
}

int engine_start(struct ctx *c, struct cfs_error *err)
{
        const struct step *s = c->plan;

        while (s->name && !ends_create(s, c))
                s++;
        for (; s->name; s++) {
                int r = ends_create(s, c) ? 0 : host_row(s, c, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

int engine_init(struct ctx *c, struct cfs_error *err)
{
        for (const struct step *s = c->plan; s->name; s++) {
                int r = 0;

                if (!row_applies(s, c))
                        continue;
                if (s->flags & STEP_MEET)
                        r = row_meet(s, c, "init", err);
                else if (s->init)
                        r = row_call(s, c, "init", s->init, err);
                if (r < 0)
                        return r;
        }
        return err_set(err, CFS_E_BUG, "the plan ended without an execve");
}

int engine_undo(const struct step *rows, struct state *state, struct cfs_error *err)
{
        const struct step *s = rows;
        int first = 0;

        while (s->name)
                s++;
        while (s-- > rows) {
                struct cfs_error e = { 0 };

                if (!s->undo)
                        continue;
                log_debug("undo/%s", s->name);

                int r = s->undo(state, &e);

                if (r >= 0)
                        continue;
                if (!e.phase[0])
                        (void)snprintf(e.phase, sizeof(e.phase), "undo/%s", s->name);
                if (first == 0) {
                        first = r;
                        *err = e;
                } else {
                        log_error("undo: %s: %s", s->name, e.text);
                }
        }
        return first;
}

/* ---- checks -------------------------------------------------------------------------------------------- */

/* What create checks, restore does too: it is the same configuration that it will be held against later. */
static bool row_checked(const struct step *s, const struct ctx *c)
{
        unsigned walks = c->walk == WALK_RESTORE ? WALK_CREATE | WALK_RESTORE : c->walk;

        return (s->walks & walks) && ((s->flags & STEP_CHECK_ALWAYS) || !s->wanted || s->wanted(c));
}

int engine_check_all(const struct ctx *c, bool host, bool look, problem_fn fn, void *data)
{
        struct problems p = { .host = host, .fn = fn, .data = data };

        for (const struct step *s = c->plan; s->name; s++) {
                if (!row_checked(s, c))
                        continue;
                p.count_before_row = p.count;
                if (s->check)
                        s->check(c, &p);
                if (look && s->look)
                        s->look(c, &p);
        }
        problem_flush(&p);
        return p.count;
}

static void first_problem(void *data, enum problem_kind kind, const char *property, const char *message,
                          const char *hint)
{
        struct cfs_error *err = data;

        if (kind == PROBLEM_NOTE)
                log_warning("%s%s%s", property, property[0] ? ": " : "", message);
        if (kind == PROBLEM_NOTE || err->code != CFS_E_NONE)
                return;
        (void)err_set(err, kind == PROBLEM_HOST ? CFS_E_UNSUPPORTED : CFS_E_INVALID, "%s", message);
        if (property[0])
                (void)err_property(err, -EINVAL, "%s", property);
        if (hint)
                (void)err_hint(err, -EINVAL, "%s", hint);
}

int engine_check(const struct ctx *c, struct cfs_error *err)
{
        struct cfs_error found = { 0 };
        uint64_t t = trace_begin();
        int n = engine_check_all(c, true, false, first_problem, &found);

        trace_end(t, "check", "all rows");
        if (n == 0)
                return 0;
        *err = found;
        (void)snprintf(err->phase, sizeof(err->phase), "%s/check", walk_name(c));
        return -EINVAL;
}

/* ---- explain ------------------------------------------------------------------------------------------- */

void engine_explain(const struct ctx *c, report_fn fn, void *data)
{
        struct report r = { .fn = fn, .data = data };

        for (const struct step *s = c->plan; s->name; s++) {
                r.step = s->name;
                r.why = s->why;
                if (!row_applies(s, c))
                        continue;
                if (s->flags & STEP_MEET)
                        report_line(&r, "runtime and init wait for each other");
                else if (s->explain)
                        s->explain(c, &r);
        }
}
