/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to say of an init that is not heard of any more: a signal may have stopped it, its cgroup may be
 * frozen, a file server may not answer. The kernel knows: the state and the wait channel are in /proc/PID
 * (proc(5)).
 */
#include "libcfs/walk/stuck.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/handle.h"
#include "oci.h"
#include <fcntl.h>
#include <string.h>

/* "T (stopped)" */
static void read_state(const struct ctx *c, char *ret, size_t size)
{
        char path[32], buf[4096];
        const char *p;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)c->pid);
        p = io_read_small(AT_FDCWD, path, buf, sizeof(buf)) > 0 ? strstr(buf, "\nState:\t") : NULL;
        (void)snprintf(ret, size, "%.*s", p ? (int)strcspn(p + 8, "\n") : 7, p ? p + 8 : "unknown");
}

static void read_wchan(const struct ctx *c, char *ret, size_t size)
{
        char path[32];

        (void)snprintf(path, sizeof(path), "/proc/%d/wchan", (int)c->pid);
        if (io_read_small(AT_FDCWD, path, ret, size) <= 0 || STREQ(ret, "0"))
                (void)snprintf(ret, size, "%s", "unknown");
}

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
        return r > 0    ? "its cgroup is frozen"
               : r == 0 ? "its cgroup is not frozen"
                        : "its cgroup cannot be read";
}

int stuck_explain(const struct ctx *c, const char *row, int r, struct cfs_error *err)
{
        char state[64], wchan[128], what[sizeof(err->text)];

        read_state(c, state, sizeof(state));
        read_wchan(c, wchan, sizeof(wchan));
        (void)snprintf(what, sizeof(what), "%s", err->text);
        (void)snprintf(err->text, sizeof(err->text),
                       "%.400s, at `%s`: its pid %d is in state %s, waits in %s, and %s", what, row,
                       (int)c->pid, state, wchan, frozen(c));
        return r;
}
