/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.memoryPolicy: from which NUMA nodes memory is taken, set_mempolicy(2).
 *
 * The policy belongs to a thread and is inherited by fork(2) and execve(2): setting it in the init gives it
 * to the whole container. Which modes want nodes, and which flags go together, is checked here, because the
 * kernel has one EINVAL for all of it. Which nodes there are is for the kernel to say. MPOL_PREFERRED_MANY
 * came with Linux 5.15, MPOL_WEIGHTED_INTERLEAVE with 6.9: older ones say EINVAL.
 *
 * The constants are those of <linux/mempolicy.h>, some of them newer than the headers that cfs is built with.
 */
#include "base/cleanup.h"
#include "base/numlist.h"
#include "base/proc.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>

#define HINT_NODES "a node may not exist or lie outside of the cpuset, or this kernel is too old for the mode"

enum nodes { NODES_NONE, NODES_MAY, NODES_MUST };

static const struct {
        const char *name;
        int mode;
        enum nodes nodes;
} memory_policy_modes[] = {
        { "MPOL_DEFAULT", 0, NODES_NONE },
        { "MPOL_PREFERRED", 1, NODES_MAY },
        { "MPOL_BIND", 2, NODES_MUST },
        { "MPOL_INTERLEAVE", 3, NODES_MUST },
        { "MPOL_LOCAL", 4, NODES_NONE },
        { "MPOL_PREFERRED_MANY", 5, NODES_MUST },
        { "MPOL_WEIGHTED_INTERLEAVE", 6, NODES_MUST },
};

#define STATIC_NODES   (1 << 15)
#define RELATIVE_NODES (1 << 14)
#define NUMA_BALANCING (1 << 13)

static const struct {
        const char *name;
        int flag;
} memory_policy_flags[] = {
        { "MPOL_F_STATIC_NODES", STATIC_NODES },
        { "MPOL_F_RELATIVE_NODES", RELATIVE_NODES },
        { "MPOL_F_NUMA_BALANCING", NUMA_BALANCING },
};

bool memory_policy_wanted(const struct ctx *c)
{
        return c->linux_->memory_policy != NULL;
}

/* Index in memory_policy_modes, or -1. */
static int mode_index(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(memory_policy_modes); i++)
                if (STREQ(memory_policy_modes[i].name, name))
                        return (int)i;
        return -1;
}

/* 0: unknown */
static int memory_policy_flag(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(memory_policy_flags); i++)
                if (STREQ(memory_policy_flags[i].name, name))
                        return memory_policy_flags[i].flag;
        return 0;
}

static int all_flags(const struct oci_memory_policy *o)
{
        int flags = 0;

        for (size_t i = 0; i < o->n_flags; i++)
                flags |= memory_policy_flag(o->flags[i]);
        return flags;
}

static void check_flags(const struct oci_memory_policy *o, int index, struct problems *p)
{
        int flags = all_flags(o);

        for (size_t i = 0; i < o->n_flags; i++)
                if (!memory_policy_flag(o->flags[i]))
                        problem(p, PROP("linux.memoryPolicy.flags[%zu]", i),
                                "invalid memory policy: \"%.64s\" is not a flag", o->flags[i]);
        if ((flags & STATIC_NODES) && (flags & RELATIVE_NODES))
                problem(p, "linux.memoryPolicy.flags",
                        "invalid memory policy: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
        if ((flags & NUMA_BALANCING) && !STREQ(o->mode, "MPOL_BIND") &&
            !STREQ(o->mode, "MPOL_PREFERRED_MANY"))
                problem(p, "linux.memoryPolicy.flags",
                        "invalid memory policy: MPOL_F_NUMA_BALANCING has no meaning for %s", o->mode);
        if (flags && memory_policy_modes[index].nodes == NODES_NONE)
                problem(p, "linux.memoryPolicy.flags", "invalid memory policy: %s takes no flags", o->mode);
}

void memory_policy_check(const struct ctx *c, struct problems *p)
{
        const struct oci_memory_policy *o = c->linux_->memory_policy;
        _cleanup_numlist_ struct numlist nodes = { 0 };
        struct cfs_error err = { 0 };
        int index = mode_index(o->mode);

        if (index < 0) {
                problem(p, "linux.memoryPolicy.mode", "invalid memory policy: \"%.64s\" is not a mode",
                        o->mode);
                return;
        }
        if (o->nodes && numlist_parse(o->nodes, &nodes, &err) < 0)
                problem(p, "linux.memoryPolicy.nodes", "invalid memory policy: %s", err.text);
        else if (numlist_empty(&nodes) && memory_policy_modes[index].nodes == NODES_MUST)
                problem(p, "linux.memoryPolicy.nodes", "invalid memory policy: %s needs at least one node",
                        o->mode);
        else if (!numlist_empty(&nodes) && memory_policy_modes[index].nodes == NODES_NONE)
                problem(p, "linux.memoryPolicy.nodes", "invalid memory policy: %s takes no nodes", o->mode);
        check_flags(o, index, p);
}

int memory_policy_init(struct ctx *c, struct cfs_error *err)
{
        const struct oci_memory_policy *o = c->linux_->memory_policy;
        _cleanup_numlist_ struct numlist nodes = { 0 };
        unsigned long bits;
        int r;

        if (o->nodes) {
                r = numlist_parse(o->nodes, &nodes, err);
                if (r < 0)
                        return err_property(err, r, "linux.memoryPolicy.nodes");
        }
        /* The kernel looks at one bit less than it is told. */
        bits = nodes.n_words ? nodes.n_words * 8 * sizeof(*nodes.words) + 1 : 0;
        if (syscall(SYS_set_mempolicy, memory_policy_modes[mode_index(o->mode)].mode | all_flags(o),
                    nodes.words, bits) == 0)
                return 0;
        r = err_sys(err, errno, "set_mempolicy", "invalid memory policy: set %s for nodes %s", o->mode,
                    o->nodes ? o->nodes : "none");
        if (r == -EINVAL)
                r = err_hint(err, r, HINT_NODES);
        return err_property(err, r, "linux.memoryPolicy");
}

static int try_init(void *data)
{
        return memory_policy_init(data, NULL);
}

/* Whether the nodes exist and the kernel knows the mode: a child tries. */
void memory_policy_look(const struct ctx *c, struct problems *p)
{
        const struct oci_memory_policy *o = c->linux_->memory_policy;
        struct ctx copy = *c; /* the row's own function takes one that it may change */
        int r = problem_row_is_sound(p) && problem_wants_host(p) ? proc_try(try_init, &copy) : 0;

        if (r >= 0)
                return;
        problem_host(p, o->nodes ? "linux.memoryPolicy.nodes" : "linux.memoryPolicy",
                     "cannot be set: %s for nodes %s: %s", o->mode, o->nodes ? o->nodes : "none",
                     err_strerror(-r));
        problem_hint(p, HINT_NODES);
}

void memory_policy_explain(const struct ctx *c, struct report *r)
{
        const struct oci_memory_policy *o = c->linux_->memory_policy;

        report_line(r, "set memory policy %s for nodes %s", o->mode, o->nodes ? o->nodes : "none");
}
