/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A row of the table in plan.c, and what its callbacks may use.
 *
 * The construction of a container is a table: `create`, `exec` and `restore` walk the same rows in the same
 * order, `delete` and a failed create walk them backwards, `check` and `explain` walk them without touching
 * anything. A callback is an ordinary function named <file>_<column>: sysctl_check(), sysctl_init().
 */
#ifndef LIBCFS_STEP_H
#define LIBCFS_STEP_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct ctx;
struct state;
struct problems;
struct report;

enum walk {
        WALK_CREATE = 1 << 0,  /* create and run                              */
        WALK_EXEC = 1 << 1,    /* one more process in a container that exists */
        WALK_RESTORE = 1 << 2, /* a container from a checkpoint               */
};

enum step_flag {
        STEP_MEET = 1 << 0,         /* no work: each process waits here for the other                      */
        STEP_CREATE_ENDS = 1 << 1,  /* the last row of the host column for `create`; `start` goes on after */
        STEP_CHECK_ALWAYS = 1 << 2, /* check even where the row is not wanted: that may be the problem     */
};

struct step {
        /* What explanations and traces call the row. */
        const char *name;
        /* The property of config.json that the row applies: an error of the row names it, unless the row
         * names a more precise one. NULL: none is at fault. */
        const char *property;
        /* The walks that the row is part of (enum walk), and what is special about it (enum step_flag). */
        unsigned walks, flags;
        /* Why the row stands where it stands. */
        const char *why;
        /* Is there work for the row? NULL: always. Gives the same answer in both processes. */
        bool (*wanted)(const struct ctx *);
        /* Does the runtime wait for programs of others here? NULL: no. Then it does so without the
         * container's lock. */
        bool (*foreign)(const struct ctx *);
        /* Validates, without any side effect. */
        void (*check)(const struct ctx *, struct problems *);
        /* For `cfs check --host`: finds the problems that create would meet only when it does the work.
         * Changes nothing. */
        void (*look)(const struct ctx *, struct problems *);
        /* In the runtime, before the new process exists. */
        int (*prepare)(struct ctx *, struct cfs_error *);
        /* In the runtime, when the new process has been forked, or will never be. */
        void (*release)(struct ctx *);
        /* In the runtime, acting on the new process from outside. */
        int (*host)(struct ctx *, struct cfs_error *);
        /* In the new process. */
        int (*init)(struct ctx *, struct cfs_error *);
        /* Removes what the state record says that the row has made. */
        int (*undo)(struct state *, struct cfs_error *);
        /* Says what the row would do. */
        void (*explain)(const struct ctx *, struct report *);
};

/* The table; ends with a row whose name is NULL. */
extern const struct step plan[];

/* ---- problems: what a check found ---------------------------------------------------------------------- */

/* Reports one broken rule. `property` is a JSON path as "mounts[3].options[1]" (see PROP); the message
 * says what is wrong with it, without the path: "is not absolute". A check goes on after a problem and
 * reports all it finds. */
void problem(struct problems *p, const char *property, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* The document is valid, but this host, kernel or user cannot do it. Only asked for when problem_wants_host()
 * is true. */
void problem_host(struct problems *p, const char *property, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* Nothing is wrong, but not all is done as it is written. `check` shows a note; create and exec log it as
 * a warning. */
void problem_note(struct problems *p, const char *property, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* A hint for the problem reported last: one sentence on what to do. */
void problem_hint(struct problems *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* May the check also look at the host (cfs check --host, and every create)? */
bool problem_wants_host(const struct problems *p);

/* Has the row's check, which runs before its look, found no problem? A look at an invalid value would
 * report it a second time. */
bool problem_row_is_sound(const struct problems *p);

/* PROP("mounts[%zu].source", i): a path for problem(), valid until the end of the block. */
const char *problem_prop(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#define PROP(...) problem_prop((char[160]){ 0 }, 160, __VA_ARGS__)

/* ---- report: what a row would do ----------------------------------------------------------------------- */

/* One line about what the row would do: "mount tmpfs on /dev (nosuid, mode=755)". */
void report_line(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
