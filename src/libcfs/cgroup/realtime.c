/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real-time processes where the kernel shares real time out to the cgroups of the v1 cpu controller
 * (CONFIG_RT_GROUP_SCHED, sched-rt-group.rst). A new cgroup has none: cpu.rt_runtime_us is 0. No process gets
 * a real-time policy there (EPERM), and none that has one can move there (EINVAL).
 */
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include "libcfs/cgroup/realtime.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "oci.h"
#include <errno.h>
#include <sched.h>

#define FILE_RUNTIME "cpu.rt_runtime_us"

/* A directory that is there already keeps what it has. */
static bool has_share(const struct detect_mount *m, const char *path)
{
        _cleanup_free_ char *dir = NULL;
        uint64_t us;

        return !str_empty(path) && str_printf(&dir, NULL, "%s/%s", m->point, path) >= 0 &&
               tree_number(dir, FILE_RUNTIME, &us) == 0 && us > 0;
}

bool realtime_is_missing(const struct cgroup_request *rq)
{
        const struct oci_cpu *cpu = rq->resources ? rq->resources->cpu : NULL;
        struct cfs_error ignored = { 0 };
        struct detect_host *host;
        uint64_t us;

        if (rq->manager == CGROUP_MANAGER_NONE || rq->rootless || (cpu && cpu->realtime_runtime) ||
            detect_hierarchies(&host, &ignored) < 0)
                return false;
        for (size_t i = 0; i < host->n; i++) {
                const struct detect_mount *m = &host->mount[i];

                if (!m->v2 && tree_number(m->point, FILE_RUNTIME, &us) == 0)
                        return !has_share(m, rq->path);
        }
        return false;
}

int realtime_hint(const struct hierarchy *h, int r, struct cfs_error *err)
{
        int policy = sched_getscheduler(0);
        uint64_t us;

        if (r != -EINVAL || h->v2 || (policy != SCHED_FIFO && policy != SCHED_RR) ||
            tree_number(h->path, FILE_RUNTIME, &us) < 0)
                return r;
        return err_hint(err, r,
                        "the process that calls cfs has a real-time policy (chrt(1)), and `%s/" FILE_RUNTIME
                        "` is %llu: ask for a share by linux.resources.cpu.realtimeRuntime",
                        h->path, (unsigned long long)us);
}
