/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests that wait: for a job, or for more to send.
 */
#ifndef BOX_SERVE_WAIT_H
#define BOX_SERVE_WAIT_H

#include "box/serve/server.h"

/* Runs a program; finish() answers when it has ended. */
int wait_job(struct request *q, const char *const *argv, size_t max_output,
             int (*finish)(struct request *q, struct job *j, struct cfs_error *err), struct cfs_error *err);

/* Makes libmicrohttpd ignore the request, and work on it again. */
void wait_suspend(struct request *q);
void wait_resume(struct request *q);

#endif
