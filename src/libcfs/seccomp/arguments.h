/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conditions on the arguments of a system call as BPF: see arguments.c. */
#ifndef LIBCFS_SECCOMP_ARGUMENTS_H
#define LIBCFS_SECCOMP_ARGUMENTS_H

#include "libcfs/seccomp/names.h"
#include "libcfs/seccomp/program.h"

#define ARGUMENTS_MAX 6

struct arguments_condition {
        uint8_t index;
        enum names_op op;
        uint64_t value; /* the mask, for MASKED_EQ          */
        uint64_t two;   /* for MASKED_EQ, what it has to be */
};

/* When all conditions hold, this is what happens. */
struct arguments_match {
        uint32_t action;
        unsigned n;
        struct arguments_condition conditions[ARGUMENTS_MAX];
};

/* The first match decides; without one, `otherwise`. */
place arguments_write(struct program *p, const struct names_arch *arch, const struct arguments_match *matches,
                      unsigned n, place otherwise);

#endif
