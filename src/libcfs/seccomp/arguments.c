/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conditions on arguments.
 *
 * struct seccomp_data has each argument as 64 bits, BPF compares 32: a comparison is made on the upper halves
 * first, and on the lower ones when the upper are equal. Where the halves are depends on the byte order of
 * the architecture. Under an ABI with 32-bit arguments only the lower half is looked at, and only the lower
 * half of the value counts: so does libseccomp.
 *
 * Several values that one argument may have, a frequent case (personality, socket families), share the two
 * loads.
 */
#include "libcfs/seccomp/arguments.h"
#include <linux/seccomp.h>
#include <stddef.h>

static uint32_t offset_of(const struct names_arch *arch, unsigned index, bool upper)
{
        return (uint32_t)offsetof(struct seccomp_data, args) + 8 * index +
               (upper != arch->big_endian ? 4 : 0);
}

static uint32_t upper(uint64_t value)
{
        return (uint32_t)(value >> 32);
}

static uint32_t lower(uint64_t value)
{
        return (uint32_t)value;
}

/* (A & mask) == value, for one half. Clobbers A. */
static place write_masked(struct program *p, uint32_t offset, uint32_t mask, uint32_t value, place yes,
                          place no)
{
        place where;

        if (mask == 0)
                return yes;
        if (value == 0)
                where = program_jump(p, BPF_JSET, mask, no, yes);
        else if (value == mask && (mask & (mask - 1)) == 0)
                where = program_jump(p, BPF_JSET, mask, yes, no);
        else if (mask == UINT32_MAX)
                where = program_jump(p, BPF_JEQ, value, yes, no);
        else
                where = program_and(p, mask, program_jump(p, BPF_JEQ, value, yes, no));
        return where == yes || where == no ? where : program_load(p, offset, where);
}

/* Argument > value (op JGT) or >= value (op JGE). */
static place write_greater(struct program *p, const struct names_arch *arch, unsigned index, uint16_t op,
                           uint64_t value, place yes, place no)
{
        place where = program_jump(p, op, lower(value), yes, no);

        where = program_load(p, offset_of(arch, index, false), where);
        if (!arch->wide)
                return where;
        where = program_jump(p, BPF_JEQ, upper(value), where, no);
        where = program_jump(p, BPF_JGT, upper(value), yes, where);
        return program_load(p, offset_of(arch, index, true), where);
}

static place write_masked_wide(struct program *p, const struct names_arch *arch, unsigned index,
                               uint64_t mask, uint64_t value, place yes, place no)
{
        place where =
                write_masked(p, offset_of(arch, index, false), lower(mask), lower(value & mask), yes, no);

        if (!arch->wide)
                return where;
        return write_masked(p, offset_of(arch, index, true), upper(mask), upper(value & mask), where, no);
}

static place write_condition(struct program *p, const struct names_arch *arch,
                             const struct arguments_condition *c, place yes, place no)
{
        switch (c->op) {
        case NAMES_EQ:
                return write_masked_wide(p, arch, c->index, UINT64_MAX, c->value, yes, no);
        case NAMES_NE:
                return write_masked_wide(p, arch, c->index, UINT64_MAX, c->value, no, yes);
        case NAMES_GT:
                return write_greater(p, arch, c->index, BPF_JGT, c->value, yes, no);
        case NAMES_GE:
                return write_greater(p, arch, c->index, BPF_JGE, c->value, yes, no);
        case NAMES_LE:
                return write_greater(p, arch, c->index, BPF_JGT, c->value, no, yes);
        case NAMES_LT:
                return write_greater(p, arch, c->index, BPF_JGE, c->value, no, yes);
        case NAMES_MASKED_EQ:
                return write_masked_wide(p, arch, c->index, c->value, c->two, yes, no);
        }
        return no;
}

/* "Argument index is value", and nothing else: one of several values that may share the loads. */
static bool is_value(const struct arguments_match *m)
{
        return m->n == 1 && m->conditions[0].op == NAMES_EQ;
}

static bool shares_loads(const struct names_arch *arch, const struct arguments_match *a,
                         const struct arguments_match *b)
{
        return is_value(a) && is_value(b) && a->conditions[0].index == b->conditions[0].index &&
               (!arch->wide || upper(a->conditions[0].value) == upper(b->conditions[0].value));
}

/* Matches `first` to `last` test the same argument for values whose upper halves are equal. */
static place write_values(struct program *p, const struct names_arch *arch,
                          const struct arguments_match *matches, unsigned first, unsigned last,
                          place otherwise)
{
        const struct arguments_condition *c = &matches[first].conditions[0];
        place where = otherwise;

        for (unsigned i = last + 1; i-- > first;)
                where = program_jump(p, BPF_JEQ, lower(matches[i].conditions[0].value),
                                     program_return(p, matches[i].action), where);
        if (where == otherwise)
                return otherwise;
        where = program_load(p, offset_of(arch, c->index, false), where);
        if (!arch->wide)
                return where;
        where = program_jump(p, BPF_JEQ, upper(c->value), where, otherwise);
        return program_load(p, offset_of(arch, c->index, true), where);
}

place arguments_write(struct program *p, const struct names_arch *arch, const struct arguments_match *matches,
                      unsigned n, place otherwise)
{
        place where = otherwise;
        unsigned i = n;

        while (i > 0) {
                const struct arguments_match *m = &matches[--i];
                unsigned last = i;
                place next = where;

                while (i > 0 && shares_loads(arch, &matches[i - 1], m))
                        i--;
                if (i < last) {
                        where = write_values(p, arch, matches, i, last, next);
                        continue;
                }
                where = program_return(p, m->action);
                for (unsigned j = m->n; j-- > 0;)
                        where = write_condition(p, arch, &m->conditions[j], where, next);
        }
        return where;
}
