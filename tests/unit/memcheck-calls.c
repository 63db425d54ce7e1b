/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls that valgrind 3.19 does not know, made nevertheless: it answers ENOSYS to them, and a test
 * that meets that has tested nothing. tests/unit/memcheck builds this as a library and preloads it.
 *
 * VALGRIND_NON_SIMD_CALL runs a function on the processor itself, where valgrind does not look. What it
 * cannot know then is told to it here: what the kernel reads must be written, and what the kernel writes, is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

struct call {
        long number, a[6];
};

/* valgrind runs this on a stack of its own, with another thread's thread-local storage: no errno here. */
static long make(const struct call *c)
{
#if defined(__x86_64__)
        register long r10 __asm__("r10") = c->a[3];
        register long r8 __asm__("r8") = c->a[4];
        register long r9 __asm__("r9") = c->a[5];
        long r = c->number;

        __asm__ volatile("syscall"
                         : "+a"(r)
                         : "D"(c->a[0]), "S"(c->a[1]), "d"(c->a[2]), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
        return r;
#elif defined(__aarch64__)
        register long x8 __asm__("x8") = c->number;
        register long x0 __asm__("x0") = c->a[0];
        register long x1 __asm__("x1") = c->a[1];
        register long x2 __asm__("x2") = c->a[2];
        register long x3 __asm__("x3") = c->a[3];
        register long x4 __asm__("x4") = c->a[4];
        register long x5 __asm__("x5") = c->a[5];

        __asm__ volatile("svc 0"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                         : "memory");
        return x0;
#else
#error "x86-64 and arm64 only"
#endif
}

static long make_outside(unsigned long thread, const struct call *c)
{
        (void)thread;
        return make(c);
}

/* NOLINTBEGIN(performance-no-int-to-ptr) */
static void reads(const struct call *c)
{
        switch (c->number) {
        case SYS_openat2:
                VALGRIND_CHECK_MEM_IS_DEFINED(c->a[1], strlen((const char *)c->a[1]) + 1);
                VALGRIND_CHECK_MEM_IS_DEFINED(c->a[2], c->a[3]);
                break;
        case SYS_open_tree:
                VALGRIND_CHECK_MEM_IS_DEFINED(c->a[1], strlen((const char *)c->a[1]) + 1);
                break;
        case SYS_mount_setattr:
        case SYS_open_tree_attr:
                VALGRIND_CHECK_MEM_IS_DEFINED(c->a[3], c->a[4]);
                break;
        default:
                break;
        }
}

/* By clone(2), which valgrind knows: it has to know of each process. What that cannot do is
 * CLONE_INTO_CGROUP; and valgrind ends at once for a child that shares descriptors. */
static long make_process(const struct clone_args *args)
{
        struct call c = { SYS_clone,
                          { (long)((args->flags & ~CLONE_INTO_CGROUP) | args->exit_signal), 0,
                            (long)args->pidfd } };
        long r;

        VALGRIND_CHECK_MEM_IS_DEFINED(args, sizeof(*args));
        if (args->flags & CLONE_FILES)
                return -ENOSYS;
        r = make(&c);
        if (r == 0 && args->flags & CLONE_INTO_CGROUP) {
                int fd = openat((int)args->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);

                if (fd < 0 || write(fd, "0", 1) < 0)
                        _exit(126);
                (void)close(fd);
        }
        return r;
}
/* NOLINTEND(performance-no-int-to-ptr) */

static bool is_unknown(long number)
{
        return (number >= SYS_pidfd_send_signal && number <= SYS_mount_setattr && number != SYS_close_range &&
                number != SYS_faccessat2) ||
               number == SYS_open_tree_attr || number == SYS_seccomp;
}

/* In place of the C library's. */
long syscall(long number, ...)
{
        struct call c = { .number = number };
        va_list ap;
        long r;

        va_start(ap, number);
        for (int i = 0; i < 6; i++)
                c.a[i] = va_arg(ap, long);
        va_end(ap);
        /* What the caller did not pass is whatever was in the registers. */
        VALGRIND_MAKE_MEM_DEFINED(c.a, sizeof(c.a));
        if (number == SYS_clone3) {
                r = make_process((const struct clone_args *)c.a[0]); /* NOLINT(performance-no-int-to-ptr) */
        } else if (is_unknown(number)) {
                reads(&c);
                r = VALGRIND_NON_SIMD_CALL1(make_outside, &c);
        } else {
                r = make(&c);
        }
        if (r < 0 && r > -4096) {
                errno = (int)-r;
                return -1;
        }
        return r;
}

/* glibc 2.36 has these for itself. */

int open_tree(int dirfd, const char *path, unsigned flags)
{
        return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
        return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

int fsopen(const char *name, unsigned flags)
{
        return (int)syscall(SYS_fsopen, name, flags);
}

int fsconfig(int fd, unsigned command, const char *key, const void *value, int aux)
{
        return (int)syscall(SYS_fsconfig, fd, command, key, value, aux);
}

int fsmount(int fd, unsigned flags, unsigned attributes)
{
        return (int)syscall(SYS_fsmount, fd, flags, attributes);
}

int fspick(int dirfd, const char *path, unsigned flags)
{
        return (int)syscall(SYS_fspick, dirfd, path, flags);
}

int mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr, size_t size)
{
        return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, size);
}
