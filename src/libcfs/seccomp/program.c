/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A writer of classic BPF programs.
 *
 * All jumps of classic BPF go forward, and a conditional jump reaches 255 instructions. A program that is
 * written from its last instruction to its first always knows how far away its targets are: no second pass,
 * no labels to fill in. A target out of reach gets a stepping stone, a JA whose reach is unlimited, or
 * another copy of a `return`.
 *
 * Only instructions that the kernel's seccomp_is_const_allow() understands are used before a verdict that
 * depends on the number alone: loads of number and architecture, jumps, AND. For such calls the kernel finds
 * out once, when the filter is loaded, that they are always allowed, and never runs the filter for them again
 * (Linux 5.11).
 */
#include "libcfs/seccomp/program.h"
#include <linux/seccomp.h>

/* A jump's own reach is 255; writing its other target may add an instruction in between. */
#define REACH 250

void program_init(struct program *p)
{
        p->n = 0;
        p->full = false;
        p->n_returns = 0;
}

static place write_instruction(struct program *p, uint16_t code, unsigned jt, unsigned jf, uint32_t k)
{
        if (p->n == BPF_MAXINSNS) {
                p->full = true;
                return (int)p->n - 1;
        }
        p->n++;
        p->code[BPF_MAXINSNS - p->n] =
                (struct sock_filter){ .code = code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k };
        return (int)p->n - 1;
}

/* How many instructions lie between `at` and the one that is written next. */
static unsigned distance(const struct program *p, place at)
{
        return p->n - 1 - (unsigned)at;
}

place program_return(struct program *p, uint32_t value)
{
        for (unsigned i = 0; i < p->n_returns; i++)
                if (p->returns[i].value == value)
                        return ~(int)i;
        if (p->n_returns == PROGRAM_RETURNS) {
                p->full = true;
                return ~0;
        }
        p->returns[p->n_returns].value = value;
        p->returns[p->n_returns].at = -1;
        return ~(int)p->n_returns++;
}

/* An instruction at most REACH away that is, or leads to, the target. */
static place reach(struct program *p, place target)
{
        if (target < 0) {
                unsigned i = (unsigned)~target;

                if (p->returns[i].at < 0 || distance(p, p->returns[i].at) > REACH)
                        p->returns[i].at = write_instruction(p, BPF_RET | BPF_K, 0, 0, p->returns[i].value);
                return p->returns[i].at;
        }
        if (distance(p, target) > REACH)
                return write_instruction(p, BPF_JMP | BPF_JA, 0, 0, distance(p, target));
        return target;
}

place program_jump(struct program *p, uint16_t op, uint32_t k, place yes, place no)
{
        if (yes == no)
                return yes;
        no = reach(p, no);
        yes = reach(p, yes);
        return write_instruction(p, BPF_JMP | BPF_K | op, distance(p, yes), distance(p, no), k);
}

/* Makes `next` the instruction that follows the one that is written next. */
static void fall_through(struct program *p, place next)
{
        if (next < 0)
                next = reach(p, next);
        if (distance(p, next) != 0)
                (void)write_instruction(p, BPF_JMP | BPF_JA, 0, 0, distance(p, next));
}

place program_load(struct program *p, uint32_t offset, place next)
{
        fall_through(p, next);
        return write_instruction(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

place program_and(struct program *p, uint32_t mask, place next)
{
        fall_through(p, next);
        return write_instruction(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
}
