/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.oomScoreAdj: how willingly the kernel kills the process when memory runs out, proc(5).
 *
 * Set only when the property is there: otherwise the process keeps what it inherits. Every user may raise the
 * score of their own processes; lowering it below the lowest value that was set with privilege needs
 * CAP_SYS_RESOURCE in the initial user namespace, which the init does not have once it is in one of its own:
 * so the runtime writes it, from outside. An unprivileged runtime cannot lower it at all, and engines ask for
 * it nevertheless (0, where their own process runs at 200): a warning then, as the container runs just as
 * well.
 *
 * What an unprivileged runtime adds to a container is undumpable from its first moment, and so are its files
 * in /proc: they belong to root. Then the runtime sets its own score, which the new process inherits.
 */
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#define NOT_SET    "%d is not set: %s"
#define HINT_LOWER "lowering it needs CAP_SYS_RESOURCE, which cfs does not have"

bool oom_score_adj_wanted(const struct ctx *c)
{
        return c->process->has_oom_score_adj;
}

void oom_score_adj_check(const struct ctx *c, struct problems *p)
{
        if (c->process->oom_score_adj < -1000 || c->process->oom_score_adj > 1000)
                problem(p, "process.oomScoreAdj", "%d is not between -1000 and 1000",
                        (int)c->process->oom_score_adj);
}

static int try_set(void *data)
{
        const struct ctx *c = data;
        char value[16];

        (void)snprintf(value, sizeof(value), "%d", (int)c->process->oom_score_adj);
        return path_write_proc(c->proc_fd, "self/oom_score_adj", value, NULL);
}

/* Only the kernel knows the lowest value that was set with privilege: a child tries on itself. */
void oom_score_adj_look(const struct ctx *c, struct problems *p)
{
        struct ctx copy = *c; /* proc_try() takes what may be changed */
        int r = oom_score_adj_wanted(c) && problem_wants_host(p) ? proc_try(try_set, &copy) : 0;

        if (r != -EACCES && r != -EPERM)
                return;
        if (c->rootless) {
                problem_note(p, "process.oomScoreAdj", NOT_SET, (int)c->process->oom_score_adj,
                             err_strerror(-r));
                return;
        }
        problem_host(p, "process.oomScoreAdj", "%d cannot be set: %s", (int)c->process->oom_score_adj,
                     err_strerror(-r));
        problem_hint(p, HINT_LOWER);
}

static int oom_score_adj_set(struct ctx *c, const char *path, struct cfs_error *err)
{
        char value[16];
        int r;

        (void)snprintf(value, sizeof(value), "%d", (int)c->process->oom_score_adj);
        r = path_write_proc(c->proc_fd, path, value, err);
        if (r >= 0)
                return 0;
        if ((r == -EACCES || r == -EPERM) && c->rootless) {
                err_clear(err);
                log_warning("process.oomScoreAdj: " NOT_SET, (int)c->process->oom_score_adj,
                            err_strerror(-r));
                return 0;
        }
        if (r == -EACCES)
                r = err_hint(err, r, HINT_LOWER);
        return err_property(err, r, "process.oomScoreAdj");
}

int oom_score_adj_host(struct ctx *c, struct cfs_error *err)
{
        char path[48];

        (void)snprintf(path, sizeof(path), "%d/oom_score_adj", (int)c->pid);
        return oom_score_adj_set(c, path, err);
}

int oom_score_adj_exec_prepare(struct ctx *c, struct cfs_error *err)
{
        return c->rootless ? oom_score_adj_set(c, "self/oom_score_adj", err) : 0;
}

int oom_score_adj_exec_host(struct ctx *c, struct cfs_error *err)
{
        return c->rootless ? 0 : oom_score_adj_host(c, err);
}

void oom_score_adj_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "set oom_score_adj to %d", (int)c->process->oom_score_adj);
}
