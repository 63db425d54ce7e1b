/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A row of the table in plan.c, and what its callbacks may use.
 *
 * The construction of a container is a table: `create`, `exec` and `restore` walk the same rows in the same order,
 * `delete` and a failed create walk them backwards, `check` and `explain` walk them without touching anything.
 * A callback is an ordinary function named <file>_<column>: sysctl_check(), sysctl_init().
 */
#ifndef LIBCFS_STEP_H
#define LIBCFS_STEP_H

#include "base/err.h"
#include <stdbool.h>

struct ctx;
struct state;
struct problems;
struct report;

enum walk {
        WALK_CREATE = 1 << 0,  /* create and run                                         */
        WALK_EXEC = 1 << 1,    /* one more process in a container that exists            */
        WALK_RESTORE = 1 << 2, /* a container from a checkpoint                          */
        WALK_MEET = 1 << 3,    /* not work: both processes stop here until both are here */
        WALK_START = 1 << 4,   /* after the MEET "created": `start` walks the host column of these rows */
};

struct step {
        const char *name; /* JSON path in config.json, as users see it in errors and traces  */
        unsigned when;    /* enum walk                                                       */
        bool (*wanted)(
                const struct ctx *); /* NULL: always; must give the same answer in both processes       */
        void (*check)(const struct ctx *, struct problems *); /* pure validation, no side effect at all    */
        int (*prepare)(struct ctx *, struct cfs_error *);     /* in the runtime, before the init exists    */
        void (*release)(struct ctx *); /* in the runtime, when the init is forked, or will never be */
        int (*host)(struct ctx *, struct cfs_error *);        /* in the runtime, acting on the init        */
        int (*init)(struct ctx *, struct cfs_error *);        /* inside the container's init               */
        int (*undo)(struct state *, struct cfs_error *);      /* sees only what the state store remembers  */
        void (*explain)(const struct ctx *, struct report *); /* says what would be done                   */
};

/* The table; ends with a row whose name is NULL. */
extern const struct step plan[];

/* ---- problems: what a check found -------------------------------------------------------------------------- */

/* Reports one broken rule. `property` is a JSON path as "mounts[3].options[1]" (see PROP); the message says what is
 * wrong with it, without the path: "is not absolute". A check goes on after a problem and reports all it finds. */
void problem(struct problems *p, const char *property, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* The document is valid, but this host, kernel or user cannot do it. Only asked for when problems_host() is true. */
void problem_host(struct problems *p, const char *property, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* A hint for the problem reported last: one sentence on what to do. */
void problem_hint(struct problems *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* May the check also look at the host (cfs check --host, and every create)? */
bool problem_wants_host(const struct problems *p);

static inline bool problems_host(const struct problems *p)
{
        return problem_wants_host(p);
}

/* PROP("mounts[%zu].source", i): a path for problem(), valid until the end of the block. */
const char *problem_prop(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#define PROP(...) problem_prop((char[160]){ 0 }, 160, __VA_ARGS__)

/* ---- report: what a row would do --------------------------------------------------------------------------- */

/* One line about what the row would do: "mount tmpfs on /dev (nosuid, mode=755)". */
void report_line(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
