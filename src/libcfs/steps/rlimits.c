/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.rlimits: resource limits, setrlimit(2).
 *
 * Every process may lower a limit; raising a hard limit takes CAP_SYS_RESOURCE in the initial user namespace.
 * And a low limit already hurts the init: with RLIMIT_NOFILE 5 it cannot open files. So limits are raised
 * early and lowered late.
 *
 *   prepare    the runtime raises its own hard limits where a higher one is asked for. The init, a fork,
 *              inherits them: so this works for a container with a user namespace too, whose init could not
 *              raise anything, and when it is impossible, it is found out before anything was made.
 *   release    puts the runtime's own limits back: it is a guest in the caller's process.
 *   init       sets all limits to what was asked for. Before seccomp, as a filter may forbid prlimit64(2).
 *   late init  a limit on open files so low that the remaining rows could not open theirs is set after them.
 *
 * NOFILE has a second ceiling, fs.nr_open, that no privilege lifts. A type that comes twice is an error, as
 * the specification says: it would not be clear which one is meant.
 */
#include "base/cleanup.h"
#include "libcfs/walk/ctx.h"
#include "oci.h"
#include "libcfs/steps/steps.h"
#include "base/io.h"
#include "base/proc.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

/* Descriptors that the rows after this one use at a time, generously: see the essay. */
#define NOFILE_LATE 64

#define LIMIT(name)                                                                                          \
        {                                                                                                    \
                "RLIMIT_" #name, RLIMIT_##name                                                               \
        }
static const struct {
        const char *name;
        int resource;
} rlimit_types[] = {
        LIMIT(AS),     LIMIT(CORE),     LIMIT(CPU),   LIMIT(DATA),       LIMIT(FSIZE), LIMIT(LOCKS),
        LIMIT(NICE),   LIMIT(MEMLOCK),  LIMIT(NPROC), LIMIT(NOFILE),     LIMIT(RSS),   LIMIT(RTPRIO),
        LIMIT(RTTIME), LIMIT(MSGQUEUE), LIMIT(STACK), LIMIT(SIGPENDING),
};

struct rlimits_plan {
        unsigned raised; /* bit RESOURCE: the runtime's own limit was changed */
        struct rlimit old[RLIM_NLIMITS];
};

static size_t count(const struct ctx *c)
{
        return c->process->n_rlimits;
}

/* The number of an RLIMIT_*, or -1. */
static int resource(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(rlimit_types); i++)
                if (STREQ(rlimit_types[i].name, name))
                        return rlimit_types[i].resource;
        return -1;
}

/* 18446744073709551615 is RLIM_INFINITY where rlim_t has 64 bits, and there is no other case:
 * -D_FILE_OFFSET_BITS=64. */
static struct rlimit wanted(const struct oci_rlimit *o)
{
        return (struct rlimit){ .rlim_cur = o->soft, .rlim_max = o->hard };
}

/* "1048576", or "unlimited" as ulimit says. */
static const char *show(char *buf, size_t size, rlim_t v)
{
        if (v == RLIM_INFINITY)
                (void)snprintf(buf, size, "unlimited");
        else
                (void)snprintf(buf, size, "%" PRIu64, (uint64_t)v);
        return buf;
}
#define SHOW(v) show((char[24]){ 0 }, 24, (v))

static bool holds_type_twice(const struct ctx *c, size_t i)
{
        for (size_t j = 0; j < i; j++)
                if (STREQ(c->process->rlimits[i]->type, c->process->rlimits[j]->type))
                        return true;
        return false;
}

void rlimits_check(const struct ctx *c, struct problems *p)
{
        for (size_t i = 0; i < count(c); i++) {
                const struct oci_rlimit *o = c->process->rlimits[i];

                if (resource(o->type) < 0)
                        problem(p, PROP("process.rlimits[%zu].type", i),
                                "\"%.64s\" is not a resource limit of Linux", o->type);
                else if (holds_type_twice(c, i))
                        problem(p, PROP("process.rlimits[%zu].type", i), "%s is set twice", o->type);
                if (o->has_hard && o->soft > o->hard)
                        problem(p, PROP("process.rlimits[%zu].soft", i), "%s exceeds the hard limit, %s",
                                SHOW(o->soft), SHOW(o->hard));
        }
}

/* Why the hard limit cannot be raised. */
static int cannot_raise(const struct oci_rlimit *o, rlim_t in_force, int errnum, struct cfs_error *err)
{
        char nr_open[24];
        int r;

        if (errnum == EPERM && resource(o->type) == RLIMIT_NOFILE &&
            io_read_small(AT_FDCWD, "/proc/sys/fs/nr_open", nr_open, sizeof(nr_open)) > 0 &&
            o->hard > strtoull(nr_open, NULL, 10)) {
                r = err_set(err, CFS_E_UNSUPPORTED,
                            "RLIMIT_NOFILE hard limit %s exceeds %s, the kernel's fs.nr_open", SHOW(o->hard),
                            nr_open);
                r = err_hint(err, r, "raise it with sysctl fs.nr_open, or ask for less");
        } else if (errnum == EPERM) {
                r = err_set(
                        err, CFS_E_UNSUPPORTED,
                        "%s hard limit %s exceeds %s, the limit in force, and raising needs CAP_SYS_RESOURCE",
                        o->type, SHOW(o->hard), SHOW(in_force));
                r = err_hint(err, r, "raise the limit of the process that calls cfs, or ask for at most %s",
                             SHOW(in_force));
        } else {
                r = err_sys(err, errnum, "setrlimit", "raise the hard limit of %s to %s", o->type,
                            SHOW(o->hard));
        }
        return r;
}

static int try_raise(void *data)
{
        const struct oci_rlimit *o = data;
        struct rlimit new;

        if (getrlimit((__rlimit_resource_t)resource(o->type), &new) < 0)
                return -errno;
        new.rlim_max = o->hard;
        return setrlimit((__rlimit_resource_t)resource(o->type), &new) < 0 ? -errno : 0;
}

void rlimits_look(const struct ctx *c, struct problems *p)
{
        for (size_t i = 0; problem_wants_host(p) && i < count(c); i++) {
                struct oci_rlimit *o = c->process->rlimits[i];
                int type = resource(o->type), r;
                struct cfs_error e = { 0 };
                struct rlimit old;

                if (type < 0 || getrlimit((__rlimit_resource_t)type, &old) < 0 || o->hard <= old.rlim_max)
                        continue;
                r = proc_try(try_raise, o);
                if (r == 0)
                        continue;
                (void)cannot_raise(o, old.rlim_max, -r, &e);
                problem_host(p, PROP("process.rlimits[%zu].hard", i), "%s", e.text);
                problem_hint(p, "%s", e.hint);
        }
}

int rlimits_prepare(struct ctx *c, struct cfs_error *err)
{
        for (size_t i = 0; i < count(c); i++) {
                const struct oci_rlimit *o = c->process->rlimits[i];
                int type = resource(o->type);
                struct rlimit old, raised;

                if (getrlimit((__rlimit_resource_t)type, &old) < 0)
                        return err_sys(err, errno, "getrlimit", "read %s", o->type);
                if (o->hard <= old.rlim_max)
                        continue;
                if (!c->rlimits)
                        c->rlimits = oci_arena_alloc(c->arena, sizeof(*c->rlimits));
                if (!c->rlimits)
                        return err_nomem(err);
                raised = (struct rlimit){ .rlim_cur = old.rlim_cur, .rlim_max = o->hard };
                if (setrlimit((__rlimit_resource_t)type, &raised) < 0)
                        return err_property(err, cannot_raise(o, old.rlim_max, errno, err),
                                            "process.rlimits[%zu].hard", i);
                c->rlimits->raised |= 1U << type;
                c->rlimits->old[type] = old;
        }
        return 0;
}

void rlimits_release(struct ctx *c)
{
        struct rlimits_plan *rp = c->rlimits;

        for (int type = 0; rp && type < RLIM_NLIMITS; type++)
                if (rp->raised & 1U << type)
                        (void)setrlimit((__rlimit_resource_t)type, &rp->old[type]);
        if (rp)
                rp->raised = 0;
}

static bool is_late(const struct oci_rlimit *o)
{
        return o->soft < NOFILE_LATE && resource(o->type) == RLIMIT_NOFILE;
}

/* Where a second process is made (pid_namespace.c), by the user whose processes are counted, there is one
 * more than the limit means, for a moment. */
static bool is_one_more(const struct ctx *c, const struct oci_rlimit *o)
{
        return resource(o->type) == RLIMIT_NPROC && ctx_has_second(c);
}

static bool raise_by_one(int type, const struct rlimit *l)
{
        struct rlimit more = { .rlim_cur = l->rlim_cur + (l->rlim_cur != RLIM_INFINITY),
                               .rlim_max = l->rlim_max + (l->rlim_max != RLIM_INFINITY) };

        return setrlimit((__rlimit_resource_t)type, &more) == 0;
}

static bool is_wanted(const struct ctx *c, const struct oci_rlimit *o, bool late)
{
        return is_late(o) == late || (late && is_one_more(c, o));
}

static int rlimits_set(const struct ctx *c, bool late, struct cfs_error *err)
{
        for (size_t i = 0; i < count(c); i++) {
                const struct oci_rlimit *o = c->process->rlimits[i];
                struct rlimit new = wanted(o);

                if (!is_wanted(c, o, late) ||
                    (!late && is_one_more(c, o) && raise_by_one(resource(o->type), &new)) ||
                    setrlimit((__rlimit_resource_t)resource(o->type), &new) == 0)
                        continue;
                return err_property(err,
                                    err_sys(err, errno, "setrlimit", "set %s to %s:%s", o->type,
                                            SHOW(o->soft), SHOW(o->hard)),
                                    "process.rlimits[%zu]", i);
        }
        return 0;
}

int rlimits_init(struct ctx *c, struct cfs_error *err)
{
        return rlimits_set(c, false, err);
}

bool rlimits_late_wanted(const struct ctx *c)
{
        for (size_t i = 0; i < count(c); i++)
                if (is_wanted(c, c->process->rlimits[i], true))
                        return true;
        return false;
}

int rlimits_late_init(struct ctx *c, struct cfs_error *err)
{
        return rlimits_set(c, true, err);
}

void rlimits_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < count(c); i++) {
                const struct oci_rlimit *o = c->process->rlimits[i];

                report_line(r, "set %s to %s, at most %s", o->type, SHOW(o->soft), SHOW(o->hard));
        }
}
