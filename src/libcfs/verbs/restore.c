/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs restore: a container from the images of a checkpoint, by means of CRIU.
 *
 * The walk of the plan is create's as far as the container is not in the images: cgroups, the record, hooks.
 * What CRIU does in it is told in steps/restore.c. There is no start: the processes go on where they were.
 */
#include "base/signals.h"
#include "libcfs/cfs.h"
#include "libcfs/container/foreground.h"
#include "libcfs/container/attached.h"
#include "libcfs/container/build.h"
#include "libcfs/store/worker.h"

static int build_and_resume(struct ctx *c, struct cfs_error *err)
{
        int r = build_container(c, err);

        if (r < 0)
                return r;
        r = worker_done(c->state, err);
        if (r < 0)
                build_abandon(c);
        return r;
}

int cfs_restore(const struct cfs_runtime *rt, const char *id, const struct cfs_restore_options *o,
                struct cfs_error *err)
{
        _cleanup_ctx_ struct ctx c;
        _cleanup_foreground_ struct foreground *f = NULL; /* ends before the context does */
        sigset_t before;
        int r;

        ctx_init(&c, WALK_RESTORE);
        c.restore = o;
        c.foreground = !o->detach;
        r = build_load(&c, rt, id, &o->create, err);
        if (r >= 0 && c.foreground)
                r = foreground_begin(&f, !o->no_subreaper, err);
        if (!c.foreground)
                signals_block_ends(&before); /* there is something to take back, and CRIU is at work on it */
        if (r >= 0)
                r = build_and_resume(&c, err);
        if (!c.foreground)
                (void)sigprocmask(SIG_SETMASK, &before, NULL);
        return r >= 0 && c.foreground ? attached_wait(&c, f, NULL, false, err) : r;
}
