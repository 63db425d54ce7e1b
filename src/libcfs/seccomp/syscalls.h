/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names and numbers of system calls, for every ABI that config.json can name: see syscalls.c. */
#ifndef LIBCFS_SECCOMP_SYSCALLS_H
#define LIBCFS_SECCOMP_SYSCALLS_H

/* The columns of the table. Byte order does not change numbers: mipsel shares the column of mips. */
enum syscalls_abi {
        SYSCALLS_X86_64,
        SYSCALLS_I386,
        SYSCALLS_X32,
        SYSCALLS_ARM64,
        SYSCALLS_ARM,
        SYSCALLS_RISCV64,
        SYSCALLS_LOONGARCH64,
        SYSCALLS_S390X,
        SYSCALLS_S390,
        SYSCALLS_PPC64,
        SYSCALLS_PPC,
        SYSCALLS_MIPS64,
        SYSCALLS_MIPS,
        SYSCALLS_MIPS64N32,
        SYSCALLS_PARISC64,
        SYSCALLS_PARISC,
        SYSCALLS_M68K,
        SYSCALLS_SH,
        SYSCALLS_ABIS,
};

/* Rows of the table. A row is a name; -1 is none. */
#define SYSCALLS_COUNT 506

/* Numbers are relative to the ABI's first one (0x40000000 for x32, 4000 for mips...) and below this
 * limit... */
#define SYSCALLS_LIMIT        1024
/* ... except for 32-bit ARM's private calls, 0xf0000 + n in the kernel, which the table has as this + n. */
#define SYSCALLS_PRIVATE      0x7000
#define SYSCALLS_PRIVATE_BASE 0xf0000

/* The row of a name, or -1. `near` is the row of the name before, or -1: lists of names are usually
 * sorted. */
int syscalls_find(const char *name, int near);

/* The name of a row. For the unit tests and the fuzzer. */
const char *syscalls_name(int row);

/* The row's number under an ABI, or -1 when it has none. */
int syscalls_number(int row, enum syscalls_abi abi);

/* socketcall(2) and ipc(2) do the work of many calls on some ABIs; which call a row is in there, or 0. */
unsigned syscalls_socketcall(int row);
unsigned syscalls_ipc(int row);

#endif
