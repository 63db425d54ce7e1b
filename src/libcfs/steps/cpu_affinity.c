/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.execCPUAffinity: on which CPUs a process that `exec` adds may run. `create` ignores it.
 *
 * On machines with CPUs set apart for real-time work even the first instructions of an exec must not run on
 * those. So there are two masks: `initial` holds before the process has joined the container's cgroup,
 * `final` afterwards. The first is set in the runtime itself, before it forks: the process inherits it, and
 * no instruction of it runs elsewhere; the runtime, which has to wait for it, stays there too. The second is
 * set by the process, once it is in the cgroup: joining a cpuset replaces the mask by the cpuset's own. But
 * not every cgroup has a cpuset, and one that the runtime was in already is not joined: `initial` would stay.
 * So, without `final`, the process asks for all CPUs, and gets those of its cpuset, which the specification
 * calls the container's default.
 *
 * Where the configuration says nothing of it, in create as in exec, the process may run on all CPUs of its
 * cgroup. A caller that was pinned (by taskset(1), or its own manager) would otherwise pin the container, for
 * good, to CPUs that its cpuset has nothing to do with; runc and crun take that back since 2025, too.
 *
 * The kernel cuts a mask to what exists and the cpuset allows; when nothing is left, it is EINVAL.
 */
#include "base/log.h"
#include "base/numlist.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

bool cpu_affinity_wanted(const struct ctx *c)
{
        return c->process->exec_cpu_affinity != NULL;
}

static void cpu_affinity_check_list(const char *list, const char *property, struct problems *p)
{
        _cleanup_numlist_ struct numlist cpus = { 0 };
        struct cfs_error err = { 0 };

        if (!list)
                return;
        if (numlist_parse(list, &cpus, &err) < 0)
                problem(p, property, "%s", err.text);
        else if (numlist_empty(&cpus))
                problem(p, property, "names no CPU");
}

void cpu_affinity_check(const struct ctx *c, struct problems *p)
{
        const struct oci_exec_cpu_affinity *o = c->process->exec_cpu_affinity;

        cpu_affinity_check_list(o->initial, "process.execCPUAffinity.initial", p);
        cpu_affinity_check_list(o->final, "process.execCPUAffinity.final", p);
}

static int cpu_affinity_set(const char *list, const char *property, struct cfs_error *err)
{
        _cleanup_numlist_ struct numlist cpus = { 0 };
        int r;

        if (!list)
                return 0;
        r = numlist_parse(list, &cpus, err);
        if (r < 0)
                return err_property(err, r, "%s", property);
        if (sched_setaffinity(0, cpus.n_words * sizeof(*cpus.words), (const cpu_set_t *)cpus.words) == 0)
                return 0;
        r = err_sys(err, errno, "sched_setaffinity", "run on CPUs %s", list);
        if (r == -EINVAL)
                r = err_hint(err, r, "none of these CPUs is online and allowed by the cgroup's cpuset");
        return err_property(err, r, "%s", property);
}

int cpu_affinity_prepare(struct ctx *c, struct cfs_error *err)
{
        return cpu_affinity_set(c->process->exec_cpu_affinity->initial, "process.execCPUAffinity.initial",
                                err);
}

/* All that the cpuset has. The size is that of the largest kernel's masks (NR_CPUS of 8192). */
static int set_default(struct cfs_error *err)
{
        unsigned char all[1024];

        memset(all, 0xff, sizeof(all));
        if (sched_setaffinity(0, sizeof(all), (const cpu_set_t *)(const void *)all) == 0)
                return 0;
        return err_sys(err, errno, "sched_setaffinity", "run on all CPUs of the container");
}

/* Unless the configuration says which: what the caller was pinned to is the caller's affair, not the
 * container's. */
bool cpu_affinity_reset_exec_wanted(const struct ctx *c)
{
        const struct oci_exec_cpu_affinity *o = c->process->exec_cpu_affinity;

        return !o || (!o->initial && !o->final);
}

int cpu_affinity_reset_init(struct ctx *c, struct cfs_error *err)
{
        (void)c;
        if (set_default(err) < 0) { /* a filter around us may forbid it */
                log_debug("%s", err->text);
                err_clear(err);
        }
        return 0;
}

int cpu_affinity_init(struct ctx *c, struct cfs_error *err)
{
        const struct oci_exec_cpu_affinity *o = c->process->exec_cpu_affinity;

        if (o->initial && !o->final)
                return set_default(err);
        return cpu_affinity_set(o->final, "process.execCPUAffinity.final", err);
}

void cpu_affinity_explain(const struct ctx *c, struct report *r)
{
        const struct oci_exec_cpu_affinity *o = c->process->exec_cpu_affinity;

        if (o->initial)
                report_line(r, "run on CPUs %s until the cgroup is joined", o->initial);
        if (o->final)
                report_line(r, "run on CPUs %s", o->final);
        else if (o->initial)
                report_line(r, "run on all CPUs of the cgroup");
}
