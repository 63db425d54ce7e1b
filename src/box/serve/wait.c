/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Suspended connections (MHD_suspend_connection), and the bound on what is done at once.
 */
#include "box/serve/wait.h"
#include "box/serve/answer.h"

#define MAX_JOBS  64
#define MAX_EXECS 32

void wait_suspend(struct request *q)
{
        if (!q->suspended)
                MHD_suspend_connection(q->c);
        q->suspended = true;
}

void wait_resume(struct request *q)
{
        if (q->suspended)
                MHD_resume_connection(q->c);
        q->suspended = false;
}

static void job_done(struct job *j)
{
        struct request *q = j->data;
        struct cfs_error err = { 0 };

        if (!q)
                return;
        q->server->n_jobs--;
        q->server->n_execs -= q->is_exec;
        q->job = NULL;
        if (q->finish(q, j, &err) < 0)
                (void)answer_error(q, q->status ? q->status : answer_status_of(&err), &err);
        wait_resume(q);
}

int wait_job(struct request *q, const char *const *argv, size_t max_output,
             int (*finish)(struct request *q, struct job *j, struct cfs_error *err), struct cfs_error *err)
{
        struct server *s = q->server;
        int r;

        if (s->quitting || s->n_jobs >= MAX_JOBS || (q->is_exec && s->n_execs >= MAX_EXECS)) {
                q->status = 503;
                return err_set(err, CFS_E_STATE, "the server %s",
                               s->quitting ? "is being stopped" : "does too much at once already");
        }
        q->finish = finish;
        r = job_start(&s->loop, argv, max_output, job_done, q, &q->job, err);
        if (r < 0)
                return r;
        s->n_jobs++;
        s->n_execs += q->is_exec;
        wait_suspend(q);
        return 0;
}
