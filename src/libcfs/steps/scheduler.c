/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.scheduler: policy and parameters of the CPU scheduler, sched_setattr(2), sched(7).
 *
 * A real-time or deadline policy, and a lower nice value, need CAP_SYS_NICE in the initial user namespace.
 * The init has it until it changes its user, unless it is in a user namespace: then a privileged runtime sets
 * the policy from outside. Late, because a SCHED_DEADLINE process may not fork (so it must come after the
 * hooks of the container) and a SCHED_IDLE one would take its time to make the container.
 *
 * Each policy has parameters of its own, and the kernel ignores those of others in silence; we do not. The
 * exception is the nice value, which other runtimes take with any policy: it is what counts once the policy
 * is a normal one again. SCHED_ISO has a number, but Linux has never had that policy.
 */
#include "base/cleanup.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <inttypes.h>

/* struct sched_attr of <linux/sched/types.h>, which cannot be included beside older <sched.h>. */
struct scheduler_attr {
        uint32_t size;
        uint32_t sched_policy;
        uint64_t sched_flags;
        int32_t sched_nice;
        uint32_t sched_priority;
        uint64_t sched_runtime;
        uint64_t sched_deadline;
        uint64_t sched_period;
        uint32_t sched_util_min;
        uint32_t sched_util_max;
};

enum takes { TAKES_PRIORITY = 2, TAKES_DEADLINE = 4, TAKES_NOTHING = 0, NOT_LINUX = 8 };

static const struct {
        const char *name;
        uint32_t policy;
        enum takes takes;
} scheduler_policies[] = {
        { "SCHED_OTHER", 0, TAKES_NOTHING },     { "SCHED_FIFO", 1, TAKES_PRIORITY },
        { "SCHED_RR", 2, TAKES_PRIORITY },       { "SCHED_BATCH", 3, TAKES_NOTHING },
        { "SCHED_ISO", 4, NOT_LINUX },           { "SCHED_IDLE", 5, TAKES_NOTHING },
        { "SCHED_DEADLINE", 6, TAKES_DEADLINE },
};

static const struct {
        const char *name;
        uint64_t flag;
} scheduler_flags[] = {
        { "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
        { "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
        { "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
        { "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

bool scheduler_wanted(const struct ctx *c)
{
        return c->process->scheduler && !ctx_makes_second(c);
}

bool scheduler_second_wanted(const struct ctx *c)
{
        return c->process->scheduler && ctx_has_second(c);
}

/* Index in scheduler_policies, or -1. */
static int policy_index(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(scheduler_policies); i++)
                if (STREQ(scheduler_policies[i].name, name))
                        return (int)i;
        return -1;
}

/* 0: unknown */
static uint64_t scheduler_flag(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(scheduler_flags); i++)
                if (STREQ(scheduler_flags[i].name, name))
                        return scheduler_flags[i].flag;
        return 0;
}

/* SCHED_DEADLINE: 1024 ns <= runtime <= deadline <= period, where a period of 0 means the deadline,
 * sched(7). */
static void check_deadline(const struct oci_scheduler *s, struct problems *p)
{
        if (s->runtime < 1024)
                problem(p, "process.scheduler.runtime", "must be at least 1024 ns for SCHED_DEADLINE");
        if (s->runtime > s->deadline)
                problem(p, "process.scheduler.deadline", "is less than the runtime");
        if (s->period && s->deadline > s->period)
                problem(p, "process.scheduler.period", "is less than the deadline");
}

void scheduler_check(const struct ctx *c, struct problems *p)
{
        const struct oci_scheduler *s = c->process->scheduler;
        int i = policy_index(s->policy);
        enum takes takes;

        if (i < 0) {
                problem(p, "process.scheduler.policy", "\"%.64s\" is not a scheduling policy", s->policy);
                return;
        }
        takes = scheduler_policies[i].takes;
        if (takes == NOT_LINUX)
                problem(p, "process.scheduler.policy", "%s does not exist on Linux", s->policy);
        if (s->has_nice && (s->nice < -20 || s->nice > 19))
                problem(p, "process.scheduler.nice", "%d is not between -20 and 19", (int)s->nice);
        if (s->has_priority && s->priority != 0 && !(takes & TAKES_PRIORITY))
                problem(p, "process.scheduler.priority", "has no meaning for %s", s->policy);
        if ((takes & TAKES_PRIORITY) && (s->priority < 1 || s->priority > 99))
                problem(p, "process.scheduler.priority", "%d is not between 1 and 99", (int)s->priority);
        if (takes & TAKES_DEADLINE)
                check_deadline(s, p);
        else if (s->runtime || s->deadline || s->period)
                problem(p, "process.scheduler", "runtime, deadline and period have no meaning for %s",
                        s->policy);
        for (size_t k = 0; k < s->n_flags; k++)
                if (!scheduler_flag(s->flags[k]))
                        problem(p, PROP("process.scheduler.flags[%zu]", k),
                                "\"%.64s\" is not a flag of the scheduler", s->flags[k]);
}

static int scheduler_set(pid_t pid, const struct oci_scheduler *s, struct cfs_error *err)
{
        struct scheduler_attr attr = {
                .size = sizeof(attr),
                .sched_policy = scheduler_policies[policy_index(s->policy)].policy,
                .sched_nice = s->nice,
                .sched_priority = (uint32_t)s->priority,
                .sched_runtime = s->runtime,
                .sched_deadline = s->deadline,
                .sched_period = s->period,
        };
        int r;

        for (size_t i = 0; i < s->n_flags; i++)
                attr.sched_flags |= scheduler_flag(s->flags[i]);
        if (syscall(SYS_sched_setattr, pid, &attr, 0U) == 0)
                return 0;
        r = err_sys(err, errno, "sched_setattr", "set %s", s->policy);
        if (r == -EPERM)
                r = err_hint(
                        err, r,
                        "this needs CAP_SYS_NICE, and for a real-time policy a share of cpu.rt_runtime_us where "
                        "the kernel has such cgroups");
        return err_property(err, r, "process.scheduler");
}

int scheduler_host(struct ctx *c, struct cfs_error *err)
{
        return ctx_priorities_from_outside(c) ? scheduler_set(c->pid, c->process->scheduler, err) : 0;
}

int scheduler_init(struct ctx *c, struct cfs_error *err)
{
        return ctx_priorities_from_outside(c) ? 0 : scheduler_set(0, c->process->scheduler, err);
}

void scheduler_explain(const struct ctx *c, struct report *r)
{
        const struct oci_scheduler *s = c->process->scheduler;
        int i = policy_index(s->policy);

        if (i >= 0 && scheduler_policies[i].takes == TAKES_PRIORITY)
                report_line(r, "schedule by %s, priority %d", s->policy, (int)s->priority);
        else if (i >= 0 && scheduler_policies[i].takes == TAKES_DEADLINE)
                report_line(r, "schedule by %s, %" PRIu64 " ns each %" PRIu64 " ns", s->policy, s->runtime,
                            s->period ? s->period : s->deadline);
        else
                report_line(r, "schedule by %s, nice %d", s->policy, (int)s->nice);
}
