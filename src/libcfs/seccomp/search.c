/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A binary search over the numbers of system calls.
 *
 * A profile allows a few hundred calls, but their numbers form far fewer segments with one target each. A
 * search tree over n segments has n - 1 comparisons `A >= first`. A number that is an exception within a
 * larger segment ("all of these are allowed, but not 139") is two boundaries for such a tree, and one
 * comparison `A == 139` otherwise. So neighbouring segments are first put into groups: a group has one target
 * but for a few exceptions, which are compared one by one, and the tree is built over the groups. A short
 * dynamic programme finds the groups that need the fewest comparisons in all.
 *
 * Few comparisons are what counts: the kernel runs the filter once for each number of the native and the
 * compatible ABI when it is loaded, to find out which are always allowed (seccomp_cache_prepare(), Linux
 * 5.11).
 */
#include "libcfs/seccomp/search.h"
#include "base/cleanup.h"

#define EXCEPTIONS 4 /* at most in a group: they are compared one after the other */

struct search_group {
        uint16_t start; /* its first segment                               */
        place most;     /* where all its numbers go but for the exceptions */
};

/* The best groups for the segments before one. */
struct search_step {
        uint16_t cost;     /* comparisons                     */
        uint16_t previous; /* where the last group starts     */
        place most;        /* and where it leads              */
};

struct search_plan {
        const struct search_segment *segments;
        unsigned n;
        unsigned n_groups;
        struct search_step steps[SEARCH_MAX + 1];
        struct search_group groups[SEARCH_MAX];
};

/* How many numbers a segment has; all that are too many to be exceptions are the same. */
static unsigned width(const struct search_plan *t, unsigned i)
{
        uint32_t size;

        if (i + 1 == t->n)
                return EXCEPTIONS + 1;
        size = t->segments[i + 1].first - t->segments[i].first;
        return size > EXCEPTIONS ? EXCEPTIONS + 1 : size;
}

/* Tries all groups that start at a segment and lead to `most`. */
static void extend(struct search_plan *t, unsigned start, place most)
{
        unsigned exceptions = 0;

        for (unsigned i = start; i < t->n; i++) {
                unsigned cost;

                if (t->segments[i].target != most)
                        exceptions += width(t, i);
                if (exceptions > EXCEPTIONS)
                        return;
                cost = t->steps[start].cost + exceptions + (start > 0);
                if (cost < t->steps[i + 1].cost)
                        t->steps[i + 1] = (struct search_step){ (uint16_t)cost, (uint16_t)start, most };
        }
}

/* The groups, from the last to the first, and then in order. */
static void make_groups(struct search_plan *t)
{
        unsigned i, g;

        t->steps[0].cost = 0;
        for (i = 1; i <= t->n; i++)
                t->steps[i].cost = UINT16_MAX;
        for (i = 0; i < t->n; i++) {
                extend(t, i, t->segments[i].target);
                if (i + 1 < t->n)
                        extend(t, i, t->segments[i + 1].target);
        }
        t->n_groups = 0;
        for (i = t->n; i > 0; i = t->steps[i].previous)
                t->n_groups++;
        for (i = t->n, g = t->n_groups; i > 0; i = t->steps[i].previous)
                t->groups[--g] =
                        (struct search_group){ .start = t->steps[i].previous, .most = t->steps[i].most };
}

/* The exceptions of one group. */
static place write_group(struct program *p, const struct search_plan *t, unsigned g)
{
        unsigned end = g + 1 < t->n_groups ? t->groups[g + 1].start : t->n;
        place where = t->groups[g].most;

        for (unsigned i = end; i-- > t->groups[g].start;) {
                if (t->segments[i].target == t->groups[g].most)
                        continue;
                for (unsigned j = width(t, i); j-- > 0;)
                        where = program_jump(p, BPF_JEQ, t->segments[i].first + j, t->segments[i].target,
                                             where);
        }
        return where;
}

static place write_groups(struct program *p, const struct search_plan *t, unsigned low, unsigned high)
{
        unsigned middle = low + (high - low) / 2;
        place above, below;

        if (high - low == 1)
                return write_group(p, t, low);
        above = write_groups(p, t, middle, high);
        below = write_groups(p, t, low, middle);
        /* low < middle < high <= n_groups, all of which make_groups() has filled: the analyser does not
         * follow. NOLINTNEXTLINE(clang-analyzer-core.uninitialized.ArraySubscript) */
        return program_jump(p, BPF_JGE, t->segments[t->groups[middle].start].first, above, below);
}

place search_write(struct program *p, const struct search_segment *segments, unsigned n)
{
        struct search_plan t;

        t.segments = segments;
        t.n = n;
        make_groups(&t);
        return write_groups(p, &t, 0, t.n_groups);
}
