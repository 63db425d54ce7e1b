/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of linux.seccomp: actions, operators, architectures and flags, and what they mean to the kernel.
 *
 * These tables are also what `features` reports: what this build of cfs knows, without asking the kernel. All
 * of it but WAIT_KILLABLE_RECV (Linux 5.19) is in every kernel that cfs supports.
 */
#ifndef LIBCFS_SECCOMP_NAMES_H
#define LIBCFS_SECCOMP_NAMES_H

#include "libcfs/seccomp/syscalls.h"
#include <stdbool.h>
#include <stdint.h>

/* In the order of config-linux.md; each ends with a row whose name is NULL. */

struct names_action {
        const char *name;
        uint32_t value;     /* SECCOMP_RET_*                                                     */
        bool carries_errno; /* its low 16 bits are errnoRet                                      */
        bool permissive;    /* a call that meets it may still be done                            */
};
extern const struct names_action names_actions[];

enum names_op { NAMES_NE, NAMES_LT, NAMES_LE, NAMES_EQ, NAMES_GE, NAMES_GT, NAMES_MASKED_EQ };
struct names_operator {
        const char *name;
        enum names_op op;
};
extern const struct names_operator names_operators[];

struct names_arch {
        const char *name;
        uint32_t token; /* AUDIT_ARCH_*, what seccomp_data.arch holds                         */
        enum syscalls_abi abi;
        uint32_t base;   /* the ABI's first number                                             */
        bool wide;       /* arguments have 64 bits                                             */
        bool big_endian; /* where the halves of an argument are                                */
};
extern const struct names_arch names_archs[];

struct names_flag {
        const char *name;
        uint32_t value; /* SECCOMP_FILTER_FLAG_* */
};
extern const struct names_flag names_flags[];

/* NULL: unknown. */
const struct names_action *names_action(const char *name);
const struct names_operator *names_operator(const char *name);
const struct names_arch *names_arch(const char *name);
const struct names_flag *names_flag(const char *name);

/* The architecture that this cfs was compiled for. */
const struct names_arch *names_native(void);

#endif
