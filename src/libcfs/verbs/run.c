/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs run: create and start in one go, without the wait in between, and, in the foreground, delete.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "libcfs/walk/engine.h"
#include "libcfs/container/attached.h"
#include "libcfs/container/build.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/container/destroy.h"
#include "libcfs/container/foreground.h"
#include "libcfs/container/notify.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/store/worker.h"
#include <string.h>
#include <sys/file.h>

static int build_and_start(struct ctx *c, struct notify *n, struct cfs_error *err)
{
        int r = build_container(c, err);

        if (r < 0)
                return r;
        if (c->process->n_args == 0)
                r = err_set(err, CFS_E_INVALID, "process.args: cannot start a container without a process");
        if (r >= 0)
                r = notify_begin(n, c->state, err);
        if (r >= 0)
                r = engine_start(c, err);
        if (r >= 0)
                r = worker_done(c->state, err);
        /* In the foreground the manager's main process stays us, its child: only so does it learn the exit
         * code, and only we may notify it later (NotifyAccess=main). A detached run leaves no runtime behind,
         * so there it is the container's init. */
        n->pid = c->foreground ? 0 : c->pid;
        if (r < 0) {
                r = build_explain(c, r, err);
                build_abandon(c);
        }
        return r;
}

int cfs_run(const struct cfs_runtime *rt, const char *id, const struct cfs_run_options *o,
            struct cfs_error *err)
{
        _cleanup_ctx_ struct ctx c;
        _cleanup_notify_ struct notify n = { .fd = -1 };
        _cleanup_foreground_ struct foreground *f = NULL; /* ends before the context does */
        int r;

        ctx_init(&c, WALK_CREATE);
        c.foreground = !o->detach;
        r = build_load(&c, rt, id, &o->create, err);
        if (r >= 0 && c.foreground)
                r = foreground_begin(&f, !o->no_subreaper, err);
        if (r >= 0)
                r = build_and_start(&c, &n, err);
        if (r >= 0 && !c.foreground && n.fd >= 0) {
                lock_release(c.state);
                notify_wait_ready(&n, c.pidfd);
        }
        if (r >= 0 && c.foreground)
                r = attached_wait(&c, f, &n, o->keep, err);
        return r;
}
