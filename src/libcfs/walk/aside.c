/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Letting go of the container's lock while the runtime waits.
 *
 * The rows whose `foreign` column says so wait for programs of others: hooks, the service manager, the engine
 * behind a socket. Everything else takes a moment, or should: a process that is born into a frozen cgroup, or
 * whose files are on a server that does not answer, is waited for without the lock after a second.
 */
#include "libcfs/walk/aside.h"
#include "base/log.h"
#include "libcfs/store/handle.h"
#include "libcfs/store/worker.h"

int aside_begin(struct ctx *c, struct cfs_error *err)
{
        return c->state ? worker_step_aside(c->state, c->pid, err) : 0;
}

int aside_end(struct ctx *c, int r, struct cfs_error *err)
{
        struct cfs_error why = { 0 };
        int back = c->state && c->state->aside ? worker_step_back(c->state, &why) : 0;

        if (back >= 0)
                return r;
        *err = why; /* also when the step has failed: the container was ended, which is why */
        return back;
}

void aside_after_a_while(void *data)
{
        struct cfs_error err = { 0 };

        if (aside_begin(data, &err) < 0)
                log_debug("cannot let go of the lock: %s", err.text);
}
