/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Slow work: a child process, usually `cfs-box COMMAND`, whose output is collected while the server goes on
 * answering. It also keeps libcfs, which changes its process when it starts a container, out of the server.
 */
#ifndef BOX_SERVE_JOB_H
#define BOX_SERVE_JOB_H

#include "base/str.h"
#include "box/serve/loop.h"
#include <sys/types.h>

struct job {
        struct loop *loop;
        struct watch out, errs, end;
        pid_t pid;
        struct str text[2]; /* what it wrote on standard output and standard error            */
        size_t max;         /* of each; the rest is dropped, and `cut` is set                 */
        bool cut;
        int status; /* exit code, or 128 + signal */
        void (*done)(struct job *j);
        void *data;
};

/* Starts it; done() is called once it has ended, and the job is gone after that. */
int job_start(struct loop *loop, const char *const *argv, size_t max, void (*done)(struct job *j), void *data,
              struct job **ret, struct cfs_error *err);
void job_kill(struct job *j, int signal);
/* SIGKILL to its children, for one that forwards other signals to them. */
void job_kill_children(struct job *j);

#endif
