/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to say of an init that is not heard of any more: a signal may have stopped it, its cgroup may be
 * frozen, a file server may not answer. The kernel knows: the state and the wait channel are in /proc/PID
 * (proc(5)).
 */
#include "libcfs/walk/stuck.h"
#include "base/cleanup.h"
#include "base/proc.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/handle.h"
#include "oci.h"
#include <fcntl.h>
#include <string.h>

static const char *frozen(const struct ctx *c)
{
        struct cfs_error ignored = { 0 };
        struct cgroup *cg = NULL;
        int r = -1;

        if (!c->state || !c->state->record->cgroup)
                return "it has no cgroup of its own";
        if (cgroup_open(c->state->record, &cg, &ignored) >= 0)
                r = cgroup_is_frozen(cg);
        cgroup_close(cg);
        if (r == 0 && cgroup_check_frozen(c->state->record, &ignored) < 0)
                return "a cgroup above its own is frozen";
        return r > 0    ? "its cgroup is frozen"
               : r == 0 ? "its cgroup is not frozen"
                        : "its cgroup cannot be read";
}

int stuck_explain(const struct ctx *c, const char *row, int r, struct cfs_error *err)
{
        char is[256], what[sizeof(err->text)];

        proc_describe(c->pid, is, sizeof(is));
        (void)snprintf(what, sizeof(what), "%s", err->text);
        (void)snprintf(err->text, sizeof(err->text), "%.400s, at `%s`: its %s, and %s", what, row, is,
                       frozen(c));
        return r;
}
