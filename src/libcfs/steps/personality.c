/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.personality: the execution domain, personality(2).
 *
 * LINUX32 makes uname(2) speak of a 32 bit machine (i686 on x86-64), which build scripts look at; nothing
 * else changes. The specification defines no further flags, as most of those that the kernel has weaken it
 * (ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC): any flag is an error, and none that the caller had is kept.
 */
#include "base/cleanup.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <sys/personality.h>

bool personality_wanted(const struct ctx *c)
{
        return c->linux_->personality != NULL;
}

/* The domain's number, or -1. */
static int domain(const struct oci_personality *o)
{
        if (STREQ(o->domain, "LINUX"))
                return PER_LINUX;
        if (STREQ(o->domain, "LINUX32"))
                return PER_LINUX32;
        return -1;
}

void personality_check(const struct ctx *c, struct problems *p)
{
        const struct oci_personality *o = c->linux_->personality;

        if (domain(o) < 0)
                problem(p, "linux.personality.domain", "\"%.64s\" is neither LINUX nor LINUX32", o->domain);
        for (size_t i = 0; i < o->n_flags; i++)
                problem(p, PROP("linux.personality.flags[%zu]", i),
                        "\"%.64s\" is not supported: the specification defines no flags", o->flags[i]);
}

int personality_init(struct ctx *c, struct cfs_error *err)
{
        if (personality((unsigned long)domain(c->linux_->personality)) < 0)
                return err_property(err, err_sys(err, errno, "personality", "set the execution domain"),
                                    "linux.personality");
        return 0;
}

void personality_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "set the execution domain %s", c->linux_->personality->domain);
}
