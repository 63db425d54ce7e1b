/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first instructions of cfs, before it is relocated: two things that cost less here than later.
 *
 * A command that enters a container executes cfs again, from a file that no container can write to
 * (process/executable.c). The first execution has nothing else to do. Yet it would relocate itself, which
 * takes 45,000 instructions and writes to 20 pages, start the C library, and parse its options. So the clone
 * is made and executed here, before all that. Whatever is in the way, or unusual, is left to
 * cfs_protect_executable(): it begins anew, and in the second execution asks in any case whether that runs
 * from such a file.
 *
 * What is going to be relocated, here or in the second execution, gets its pages first.
 *
 * No pointer in initialised data is valid yet, and there is no thread-local storage and no C library: what is
 * here uses the stack, and addresses relative to the program counter. x86-64 alone: elsewhere entry.S does
 * not call it.
 */
#ifdef __x86_64__

#include <fcntl.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

/* Called by the assembler, not by C. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* Nothing that compilers add to every function: it would ask the thread-local storage, or call what is not
 * there. */
#define EARLY __attribute__((no_stack_protector, no_profile_instrument_function, no_sanitize("undefined")))

enum { AUX_END = 0, AUX_EXECFN = 31 };  /* AT_NULL and AT_EXECFN, getauxval(3)                          */
enum { PROPAGATION_PRIVATE = 1 << 18 }; /* MS_PRIVATE: <sys/mount.h> does not go with <linux/mount.h>   */

#define PAGE 4096UL
enum { PAGES_OF_BSS = 3 }; /* with the one that ends the data */

/* Of the linker: the first of what is written, and the end of what the file has of it. */
extern const char __init_array_start[] __attribute__((visibility("hidden")));
extern const char _edata[] __attribute__((visibility("hidden")));

EARLY static inline long call(long nr, long a, long b, long c, long d, long e)
{
        register long r10 __asm__("r10") = d;
        register long r8 __asm__("r8") = e;
        long r;

        __asm__ volatile("syscall"
                         : "=a"(r)
                         : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                         : "rcx", "r11", "memory");
        return r;
}

/* strcmp(3) == 0 is not there yet. */
EARLY static inline bool is(const char *s, const char *word)
{
        while (*s && *s == *word) {
                s++;
                word++;
        }
        return *s == *word;
}

EARLY static inline bool begins(const char *s, const char *with)
{
        while (*with && *s == *with) {
                s++;
                with++;
        }
        return *with == '\0';
}

/* The commands with COMMAND_ENTERS. A container that is called "run" gets a clone that it does not need, and
 * that is all. */
EARLY static inline bool enters(const char *word)
{
        return is(word, "run") || is(word, "create") || is(word, "exec") || is(word, "restore");
}

/* execveat(2) of a descriptor: this is the second execution. */
EARLY static inline bool is_second(const long *aux)
{
        for (; aux[0] != AUX_END; aux += 2)
                if (aux[0] == AUX_EXECFN)
                        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
                        return begins((const char *)aux[1], "/dev/fd/");
        return true;
}

/* Relocation writes to each page of the data that has pointers, start-up to those after it: one call in place
 * of twenty page faults. */
EARLY static inline void touch_data(void)
{
        unsigned long from = (unsigned long)__init_array_start / PAGE * PAGE;
        unsigned long end = (unsigned long)_edata / PAGE * PAGE + PAGES_OF_BSS * PAGE;

        (void)call(SYS_madvise, (long)from, (long)(end - from), MADV_POPULATE_WRITE, 0, 0);
}

/* The stack is as the kernel has made it: argc, argv, environ, and the auxiliary vector. */
EARLY __attribute__((used, visibility("hidden"))) void before_relocation(const long *stack)
{
        const struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY,
                                             .propagation = PROPAGATION_PRIVATE };
        const char *const *argv = (const char *const *)(stack + 1), *const *p = argv, *const * envp;
        bool wanted = false;
        long fd;

        for (; *p; p++)
                wanted = wanted || enters(*p);
        envp = ++p;
        while (*p)
                p++;
#ifdef CFS_WEAKENED /* then cfs_protect_executable() does it, unless it is told not to */
        wanted = false;
#endif
        if (!wanted || is_second((const long *)(p + 1))) {
                touch_data();
                return;
        }
        fd = call(SYS_open_tree, AT_FDCWD, (long)"/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
        if (fd < 0)
                return;
        if (call(SYS_mount_setattr, fd, (long)"", AT_EMPTY_PATH, (long)&readonly, sizeof(readonly)) == 0)
                (void)call(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
        (void)call(SYS_close, fd, 0, 0, 0, 0);
}

#endif
