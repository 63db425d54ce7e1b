/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing a BPF program from its last instruction to its first: see program.c. */
#ifndef LIBCFS_SECCOMP_PROGRAM_H
#define LIBCFS_SECCOMP_PROGRAM_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

/* Where a jump may lead: to an instruction that has been written (counted from the program's end, 0 and
 * up), or to a `return` that is written wherever it is needed (negative). */
typedef int place;

#define PROGRAM_RETURNS 256

struct program {
        struct sock_filter code[BPF_MAXINSNS]; /* the last n of them are in use */
        unsigned n;
        bool full; /* more instructions than the kernel takes, or than there are returns */

        struct {
                uint32_t value;
                int at; /* its copy written last, or -1 */
        } returns[PROGRAM_RETURNS];
        unsigned n_returns;
};

void program_init(struct program *p);

/* The program as the kernel wants it; n instructions. */
static inline const struct sock_filter *program_code(const struct program *p)
{
        return p->code + BPF_MAXINSNS - p->n;
}

/* RET value. */
place program_return(struct program *p, uint32_t value);

/* Compare A with k: JEQ, JGE, JGT or JSET. */
place program_jump(struct program *p, uint16_t op, uint32_t k, place yes, place no);

/* A = the word at this offset of struct seccomp_data, then go on at `next`. */
place program_load(struct program *p, uint32_t offset, place next);

/* A &= mask, then go on at `next`. */
place program_and(struct program *p, uint32_t mask, place next);

#endif
