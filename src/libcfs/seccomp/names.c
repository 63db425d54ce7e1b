/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of linux.seccomp and what the kernel calls them: seccomp(2), linux/audit.h.
 *
 * x32 has no AUDIT_ARCH of its own: it is x86-64 with bit 30 of the number set. Its arguments, and those of
 * MIPS n32, are compared as 32-bit values although the registers have 64 bits: the ABI leaves the upper
 * halves undefined.
 */
#include "libcfs/seccomp/names.h"
#include "base/cleanup.h"
#include <linux/audit.h>
#include <linux/seccomp.h>

#ifndef AUDIT_ARCH_LOONGARCH64 /* Linux 5.19 */
#define AUDIT_ARCH_LOONGARCH64 (258 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* clang-format off */
const struct names_action names_actions[] = {
        { "SCMP_ACT_KILL",         SECCOMP_RET_KILL_THREAD,  false, false },
        { "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false, false },
        { "SCMP_ACT_KILL_THREAD",  SECCOMP_RET_KILL_THREAD,  false, false },
        { "SCMP_ACT_TRAP",         SECCOMP_RET_TRAP,         false, false },
        { "SCMP_ACT_ERRNO",        SECCOMP_RET_ERRNO,        true,  false },
        { "SCMP_ACT_TRACE",        SECCOMP_RET_TRACE,        true,  true  },
        { "SCMP_ACT_ALLOW",        SECCOMP_RET_ALLOW,        false, true  },
        { "SCMP_ACT_LOG",          SECCOMP_RET_LOG,          false, true  },
        { "SCMP_ACT_NOTIFY",       SECCOMP_RET_USER_NOTIF,   false, false },
        { NULL, 0, false, false },
};

const struct names_operator names_operators[] = {
        { "SCMP_CMP_NE", NAMES_NE },
        { "SCMP_CMP_LT", NAMES_LT },
        { "SCMP_CMP_LE", NAMES_LE },
        { "SCMP_CMP_EQ", NAMES_EQ },
        { "SCMP_CMP_GE", NAMES_GE },
        { "SCMP_CMP_GT", NAMES_GT },
        { "SCMP_CMP_MASKED_EQ", NAMES_MASKED_EQ },
        { NULL, NAMES_NE },
};

const struct names_arch names_archs[] = {
        { "SCMP_ARCH_X86",         AUDIT_ARCH_I386,        SYSCALLS_I386,        0,          false, false },
        { "SCMP_ARCH_X86_64",      AUDIT_ARCH_X86_64,      SYSCALLS_X86_64,      0,          true,  false },
        { "SCMP_ARCH_X32",         AUDIT_ARCH_X86_64,      SYSCALLS_X32,         0x40000000, false, false },
        { "SCMP_ARCH_ARM",         AUDIT_ARCH_ARM,         SYSCALLS_ARM,         0,          false, false },
        { "SCMP_ARCH_AARCH64",     AUDIT_ARCH_AARCH64,     SYSCALLS_ARM64,       0,          true,  false },
        { "SCMP_ARCH_MIPS",        AUDIT_ARCH_MIPS,        SYSCALLS_MIPS,        4000,       false, true  },
        { "SCMP_ARCH_MIPS64",      AUDIT_ARCH_MIPS64,      SYSCALLS_MIPS64,      5000,       true,  true  },
        { "SCMP_ARCH_MIPS64N32",   AUDIT_ARCH_MIPS64N32,   SYSCALLS_MIPS64N32,   6000,       false, true  },
        { "SCMP_ARCH_MIPSEL",      AUDIT_ARCH_MIPSEL,      SYSCALLS_MIPS,        4000,       false, false },
        { "SCMP_ARCH_MIPSEL64",    AUDIT_ARCH_MIPSEL64,    SYSCALLS_MIPS64,      5000,       true,  false },
        { "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32, SYSCALLS_MIPS64N32,   6000,       false, false },
        { "SCMP_ARCH_PPC",         AUDIT_ARCH_PPC,         SYSCALLS_PPC,         0,          false, true  },
        { "SCMP_ARCH_PPC64",       AUDIT_ARCH_PPC64,       SYSCALLS_PPC64,       0,          true,  true  },
        { "SCMP_ARCH_PPC64LE",     AUDIT_ARCH_PPC64LE,     SYSCALLS_PPC64,       0,          true,  false },
        { "SCMP_ARCH_S390",        AUDIT_ARCH_S390,        SYSCALLS_S390,        0,          false, true  },
        { "SCMP_ARCH_S390X",       AUDIT_ARCH_S390X,       SYSCALLS_S390X,       0,          true,  true  },
        { "SCMP_ARCH_PARISC",      AUDIT_ARCH_PARISC,      SYSCALLS_PARISC,      0,          false, true  },
        { "SCMP_ARCH_PARISC64",    AUDIT_ARCH_PARISC64,    SYSCALLS_PARISC64,    0,          true,  true  },
        { "SCMP_ARCH_RISCV64",     AUDIT_ARCH_RISCV64,     SYSCALLS_RISCV64,     0,          true,  false },
        { "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64, SYSCALLS_LOONGARCH64, 0,          true,  false },
        { "SCMP_ARCH_M68K",        AUDIT_ARCH_M68K,        SYSCALLS_M68K,        0,          false, true  },
        { "SCMP_ARCH_SH",          AUDIT_ARCH_SHEL,        SYSCALLS_SH,          0,          false, false },
        { "SCMP_ARCH_SHEB",        AUDIT_ARCH_SH,          SYSCALLS_SH,          0,          false, true  },
        { NULL, 0, SYSCALLS_X86_64, 0, false, false },
};

const struct names_flag names_flags[] = {
        { "SECCOMP_FILTER_FLAG_TSYNC",              SECCOMP_FILTER_FLAG_TSYNC },
        { "SECCOMP_FILTER_FLAG_LOG",                SECCOMP_FILTER_FLAG_LOG },
        { "SECCOMP_FILTER_FLAG_SPEC_ALLOW",         SECCOMP_FILTER_FLAG_SPEC_ALLOW },
        { "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
        { NULL, 0 },
};
/* clang-format on */

#if defined(__x86_64__) && defined(__ILP32__)
#define NATIVE "SCMP_ARCH_X32"
#elif defined(__x86_64__)
#define NATIVE "SCMP_ARCH_X86_64"
#elif defined(__i386__)
#define NATIVE "SCMP_ARCH_X86"
#elif defined(__aarch64__)
#define NATIVE "SCMP_ARCH_AARCH64"
#elif defined(__arm__)
#define NATIVE "SCMP_ARCH_ARM"
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE "SCMP_ARCH_RISCV64"
#elif defined(__loongarch64)
#define NATIVE "SCMP_ARCH_LOONGARCH64"
#elif defined(__s390x__)
#define NATIVE "SCMP_ARCH_S390X"
#elif defined(__s390__)
#define NATIVE "SCMP_ARCH_S390"
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE "SCMP_ARCH_PPC64LE"
#elif defined(__powerpc64__)
#define NATIVE "SCMP_ARCH_PPC64"
#elif defined(__powerpc__)
#define NATIVE "SCMP_ARCH_PPC"
#elif defined(__mips__)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MIPS "SCMP_ARCH_MIPSEL"
#else
#define MIPS "SCMP_ARCH_MIPS"
#endif
#if _MIPS_SIM == _ABIO32
#define NATIVE MIPS
#elif _MIPS_SIM == _ABIN32
#define NATIVE MIPS "64N32"
#else
#define NATIVE MIPS "64"
#endif
#elif defined(__hppa__) && defined(__LP64__)
#define NATIVE "SCMP_ARCH_PARISC64"
#elif defined(__hppa__)
#define NATIVE "SCMP_ARCH_PARISC"
#elif defined(__m68k__)
#define NATIVE "SCMP_ARCH_M68K"
#elif defined(__sh__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE "SCMP_ARCH_SH"
#elif defined(__sh__)
#define NATIVE "SCMP_ARCH_SHEB"
#else
#error "add this architecture to src/libcfs/seccomp/names.c and syscalls.c"
#endif

#define FIND(table, name)                                                                                    \
        do {                                                                                                 \
                for (size_t i = 0; table[i].name; i++)                                                       \
                        if (STREQ(table[i].name, name))                                                      \
                                return &table[i];                                                            \
                return NULL;                                                                                 \
        } while (0)

const struct names_action *names_action(const char *name)
{
        FIND(names_actions, name);
}

const struct names_operator *names_operator(const char *name)
{
        FIND(names_operators, name);
}

const struct names_arch *names_arch(const char *name)
{
        FIND(names_archs, name);
}

const struct names_flag *names_flag(const char *name)
{
        FIND(names_flags, name);
}

const struct names_arch *names_native(void)
{
        return names_arch(NATIVE);
}
