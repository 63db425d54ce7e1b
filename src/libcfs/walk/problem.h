/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine hands to checks and explanations: see step.h for the functions that steps call. */
#ifndef LIBCFS_PROBLEM_H
#define LIBCFS_PROBLEM_H

#include "libcfs/walk/step.h"

enum problem_kind {
        PROBLEM_INVALID, /* the document breaks a rule                                           */
        PROBLEM_HOST,    /* the document is valid, this machine, kernel or user cannot do it     */
        PROBLEM_NOTE,    /* cfs does something else than is written, or cannot check it          */
};

/* Receives each problem that a check finds, and each note. */
typedef void (*problem_fn)(void *data, enum problem_kind kind, const char *property, const char *message,
                           const char *hint);

struct problems {
        bool host; /* see problem_wants_host() */
        int count; /* of problems; a note does not count */
        int count_before_row;
        problem_fn fn;
        void *data;
        /* The problem reported last is held back until the next one, for its hint. */
        bool pending;
        enum problem_kind pending_kind;
        char property[160], message[1024], hint[320];
};

/* Hands over the problem that was held back for its hint. */
void problem_flush(struct problems *p);

typedef void (*report_fn)(void *data, const char *step, const char *why, const char *line);

struct report {
        const char *step, *why;
        report_fn fn;
        void *data;
};

#endif
