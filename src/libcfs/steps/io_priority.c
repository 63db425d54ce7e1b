/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.ioPriority: class and priority of disk I/O, ioprio_set(2).
 *
 * IOPRIO_CLASS_RT needs CAP_SYS_NICE or CAP_SYS_ADMIN in the initial user namespace. As with the scheduler,
 * the init sets its own, and when it is in a user namespace the runtime does it from outside. glibc has no
 * wrapper; the class takes the upper bits of 16, the priority the lower 13.
 */
#include "base/cleanup.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <linux/ioprio.h>

#define CLASS(name)                                                                                          \
        {                                                                                                    \
                "IOPRIO_CLASS_" #name, IOPRIO_CLASS_##name                                                   \
        }
static const struct {
        const char *name;
        int class;
} io_priority_classes[] = { CLASS(RT), CLASS(BE), CLASS(IDLE) };

bool io_priority_wanted(const struct ctx *c)
{
        return c->process->io_priority && !ctx_makes_second(c);
}

bool io_priority_second_wanted(const struct ctx *c)
{
        return c->process->io_priority && ctx_has_second(c);
}

/* -1: unknown */
static int class_of(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(io_priority_classes); i++)
                if (STREQ(io_priority_classes[i].name, name))
                        return io_priority_classes[i].class;
        return -1;
}

void io_priority_check(const struct ctx *c, struct problems *p)
{
        const struct oci_io_priority *o = c->process->io_priority;

        if (class_of(o->class) < 0)
                problem(p, "process.ioPriority.class", "\"%.64s\" is not an I/O scheduling class", o->class);
        if (o->priority < 0 || o->priority > 7)
                problem(p, "process.ioPriority.priority", "%d is not between 0 and 7", (int)o->priority);
}

static int io_priority_set(pid_t pid, const struct oci_io_priority *o, struct cfs_error *err)
{
        int value = (int)((unsigned)class_of(o->class) << IOPRIO_CLASS_SHIFT | (unsigned)o->priority);
        int r;

        if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, value) == 0)
                return 0;
        r = err_sys(err, errno, "ioprio_set", "set %s, priority %d", o->class, (int)o->priority);
        if (r == -EPERM)
                r = err_hint(err, r, "a real-time class needs CAP_SYS_NICE or CAP_SYS_ADMIN");
        return err_property(err, r, "process.ioPriority");
}

int io_priority_host(struct ctx *c, struct cfs_error *err)
{
        return ctx_priorities_from_outside(c) ? io_priority_set(c->pid, c->process->io_priority, err) : 0;
}

int io_priority_init(struct ctx *c, struct cfs_error *err)
{
        return ctx_priorities_from_outside(c) ? 0 : io_priority_set(0, c->process->io_priority, err);
}

void io_priority_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "set I/O class %s, priority %d", c->process->io_priority->class,
                    (int)c->process->io_priority->priority);
}
