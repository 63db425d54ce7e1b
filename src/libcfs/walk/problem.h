/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine hands to checks and explanations: see step.h for the functions that steps call. */
#ifndef LIBCFS_PROBLEM_H
#define LIBCFS_PROBLEM_H

#include "libcfs/walk/step.h"

/* Receives each problem that a check finds. host: not the document's fault, but this machine's. */
typedef void (*problem_fn)(void *data, bool host, const char *property, const char *message,
                           const char *hint);

struct problems {
        bool host;
        int count;
        problem_fn fn;
        void *data;
        /* The problem reported last is held back until the next one, for its hint. */
        bool pending, pending_host;
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
