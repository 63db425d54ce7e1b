/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the objects of cfs and of its libraries ask glibc for, and musl does not have.
 *
 * Why musl at all: a static glibc spends three quarters of the start-up of a command on questions about the
 * processor. It executes some thirty cpuid instructions before main(), to choose among its memcpy()s, and in
 * a virtual machine each of them is an exit to the hypervisor: 300 of the 480 microseconds of `cfs state` on
 * the machine where this was measured (docs/performance.md). musl executes none.
 *
 * How: the executable is linked with musl's libc.a, from the same objects that the unit tests link with
 * glibc. They are compiled with glibc's headers, as the archives of libseccomp, libselinux and yajl
 * are. That works because musl keeps glibc's ABI on 64-bit machines: structures and the numbers of constants
 * are those of the kernel, and what glibc's macros call (__errno_location, __ctype_b_loc) is there. What is
 * not there is here:
 *
 *   fortification   -D_FORTIFY_SOURCE=3 turns memcpy() into __memcpy_chk(), which knows the size of the
 *                   destination. The checks are the same as glibc's: an overflow ends the process. So nothing
 *                   of the hardening is lost
 *   system calls    for which musl 1.2.3 has no function, or one that does more than the call: its
 *                   setresuid() blocks signals and asks for other threads, calls that a container's filter
 *                   may forbid at that point
 *   constructors    of libraries run when they are needed, base/constructors.h
 *   words           names and descriptions of errors and signals, in glibc's words: messages are the same in both builds
 *
 * configure uses musl when the program links with it and runs (--without-musl: never). The whole test suite
 * runs with the executable that was linked.
 */
#include "base/constructors.h"
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* These functions are called by the compiler, not by their names: glibc's headers do not declare them. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* ---- fortification ------------------------------------------------------------------------------------- */

static _Noreturn void overflow(void)
{
        static const char text[] = "*** buffer overflow detected ***: terminated\n";

        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        abort();
}

static void fits(size_t n, size_t size)
{
        if (n > size)
                overflow();
}

void *__memcpy_chk(void *to, const void *from, size_t n, size_t size)
{
        fits(n, size);
        return memcpy(to, from, n);
}

void *__memmove_chk(void *to, const void *from, size_t n, size_t size)
{
        fits(n, size);
        return memmove(to, from, n);
}

void *__mempcpy_chk(void *to, const void *from, size_t n, size_t size)
{
        fits(n, size);
        return (char *)memcpy(to, from, n) + n;
}

void *__memset_chk(void *to, int c, size_t n, size_t size)
{
        fits(n, size);
        return memset(to, c, n);
}

char *__strcpy_chk(char *to, const char *from, size_t size)
{
        size_t n = strlen(from) + 1;

        fits(n, size);
        return memcpy(to, from, n);
}

char *__stpcpy_chk(char *to, const char *from, size_t size)
{
        size_t n = strlen(from);

        fits(n + 1, size);
        return (char *)memcpy(to, from, n + 1) + n;
}

char *__strcat_chk(char *to, const char *from, size_t size)
{
        size_t len = strlen(to), n = strlen(from) + 1;

        fits(len + n, size);
        memcpy(to + len, from, n);
        return to;
}

char *__strncpy_chk(char *to, const char *from, size_t n, size_t size)
{
        fits(n, size);
        return strncpy(to, from, n);
}

ssize_t __read_chk(int fd, void *buf, size_t n, size_t size)
{
        fits(n, size);
        return read(fd, buf, n);
}

ssize_t __pread_chk(int fd, void *buf, size_t n, off_t at, size_t size)
{
        fits(n, size);
        return pread(fd, buf, n, at);
}

ssize_t __pread64_chk(int fd, void *buf, size_t n, off_t at, size_t size)
        __attribute__((alias("__pread_chk")));

ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags)
{
        fits(n, size);
        return recv(fd, buf, n, flags);
}

char *__getcwd_chk(char *buf, size_t n, size_t size)
{
        fits(n, size);
        return getcwd(buf, n);
}

char *__fgets_chk(char *buf, size_t size, int n, FILE *f)
{
        fits(n < 0 ? 0 : (size_t)n, size);
        return fgets(buf, n, f);
}

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
        fits(n * sizeof(*fds), size);
        return poll(fds, n, timeout);
}

ssize_t __readlinkat_chk(int dir, const char *path, char *buf, size_t n, size_t size)
{
        fits(n, size);
        return readlinkat(dir, path, buf, n);
}

ssize_t __readlink_chk(const char *path, char *buf, size_t n, size_t size)
{
        fits(n, size);
        return readlink(path, buf, n);
}

/* The flag asks for a check of %n, which is for formats that are not constant: cfs and its libraries have
 * none. */
int __vsnprintf_chk(char *buf, size_t n, int flag, size_t size, const char *format, va_list ap)
{
        (void)flag;
        fits(n, size);
        return vsnprintf(buf, n, format, ap);
}

int __snprintf_chk(char *buf, size_t n, int flag, size_t size, const char *format, ...)
{
        va_list ap;
        int r;

        va_start(ap, format);
        r = __vsnprintf_chk(buf, n, flag, size, format, ap);
        va_end(ap);
        return r;
}

int __vsprintf_chk(char *buf, int flag, size_t size, const char *format, va_list ap)
{
        int r;

        (void)flag;
        r = vsnprintf(buf, size, format, ap);
        if (r >= 0)
                fits((size_t)r + 1, size);
        return r;
}

int __sprintf_chk(char *buf, int flag, size_t size, const char *format, ...)
{
        va_list ap;
        int r;

        va_start(ap, format);
        r = __vsprintf_chk(buf, flag, size, format, ap);
        va_end(ap);
        return r;
}

int __vfprintf_chk(FILE *f, int flag, const char *format, va_list ap)
{
        (void)flag;
        return vfprintf(f, format, ap);
}

int __fprintf_chk(FILE *f, int flag, const char *format, ...)
{
        va_list ap;
        int r;

        va_start(ap, format);
        r = __vfprintf_chk(f, flag, format, ap);
        va_end(ap);
        return r;
}

int __printf_chk(int flag, const char *format, ...)
{
        va_list ap;
        int r;

        va_start(ap, format);
        r = __vfprintf_chk(stdout, flag, format, ap);
        va_end(ap);
        return r;
}

int __vdprintf_chk(int fd, int flag, const char *format, va_list ap)
{
        (void)flag;
        return vdprintf(fd, format, ap);
}

int __dprintf_chk(int fd, int flag, const char *format, ...)
{
        va_list ap;
        int r;

        va_start(ap, format);
        r = __vdprintf_chk(fd, flag, format, ap);
        va_end(ap);
        return r;
}

int __vasprintf_chk(char **ret, int flag, const char *format, va_list ap)
{
        (void)flag;
        return vasprintf(ret, format, ap);
}

int __asprintf_chk(char **ret, int flag, const char *format, ...)
{
        va_list ap;
        int r;

        va_start(ap, format);
        r = __vasprintf_chk(ret, flag, format, ap);
        va_end(ap);
        return r;
}

/* ---- system calls -------------------------------------------------------------------------------------- */

/* musl's open() sets FD_CLOEXEC by a second call, for kernels older than the flag. */
int open(const char *path, int flags, ...)
{
        unsigned mode = 0;
        va_list ap;

        if (flags & (O_CREAT | __O_TMPFILE)) {
                va_start(ap, flags);
                mode = va_arg(ap, unsigned);
                va_end(ap);
        }
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int statx(int dir, const char *restrict path, int flags, unsigned mask, void *restrict buf)
{
        return (int)syscall(SYS_statx, dir, path, flags, mask, buf);
}

int fsopen(const char *fs, unsigned flags)
{
        return (int)syscall(SYS_fsopen, fs, flags);
}

int fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
        return (int)syscall(SYS_fsconfig, fd, cmd, key, value, aux);
}

int fsmount(int fd, unsigned flags, unsigned attributes)
{
        return (int)syscall(SYS_fsmount, fd, flags, attributes);
}

int fspick(int dir, const char *path, unsigned flags)
{
        return (int)syscall(SYS_fspick, dir, path, flags);
}

int open_tree(int dir, const char *path, unsigned flags)
{
        return (int)syscall(SYS_open_tree, dir, path, flags);
}

int move_mount(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
        return (int)syscall(SYS_move_mount, from_dir, from, to_dir, to, flags);
}

int mount_setattr(int dir, const char *path, unsigned flags, void *attr, size_t size)
{
        return (int)syscall(SYS_mount_setattr, dir, path, flags, attr, size);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
        return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

/* For SQLite, which is compiled for large files. musl has open64() and its like, and lacks this one. */
int fcntl64(int fd, int cmd, ...)
{
        va_list ap;
        void *arg;

        va_start(ap, cmd);
        arg = va_arg(ap, void *);
        va_end(ap);
        return fcntl(fd, cmd, arg);
}

/* glibc's makedev() and its like are functions of these names. The layout is the kernel's. */
unsigned gnu_dev_major(dev_t dev)
{
        return (unsigned)((dev >> 31 >> 1) & 0xfffff000u) | (unsigned)((dev >> 8) & 0xfffu);
}

unsigned gnu_dev_minor(dev_t dev)
{
        return (unsigned)((dev >> 12) & 0xffffff00u) | (unsigned)(dev & 0xffu);
}

dev_t gnu_dev_makedev(unsigned major, unsigned minor)
{
        return (major & 0xfffff000ULL) << 32 | (major & 0xfffULL) << 8 | (minor & 0xffffff00ULL) << 12 |
               (minor & 0xffULL);
}

int scandirat(int dir, const char *path, struct dirent ***ret, int (*filter)(const struct dirent *),
              int (*compare)(const struct dirent **, const struct dirent **))
{
        char absolute[4096 + 32];

        if (*path == '/')
                return scandir(path, ret, filter, compare);
        if ((size_t)snprintf(absolute, sizeof(absolute), "/proc/self/fd/%d/%s", dir, path) >=
            sizeof(absolute)) {
                errno = ENAMETOOLONG;
                return -1;
        }
        return scandir(absolute, ret, filter, compare);
}

/* ENOSYS in musl: the call is about a thread, and POSIX's function about a process. */
int sched_getscheduler(pid_t pid)
{
        return (int)syscall(SYS_sched_getscheduler, pid);
}

/* cfs has one thread; the second one of cfs-box, which packs archives, is not there when this is called. */
int setresuid(uid_t real, uid_t effective, uid_t saved)
{
        return (int)syscall(SYS_setresuid, real, effective, saved);
}

int setresgid(gid_t real, gid_t effective, gid_t saved)
{
        return (int)syscall(SYS_setresgid, real, effective, saved);
}

int setgroups(size_t n, const gid_t *groups)
{
        return (int)syscall(SYS_setgroups, n, groups);
}

/* ---- signals ------------------------------------------------------------------------------------------- */

/* musl keeps 34 for itself. The numbers that `cfs kill ID RTMIN+1` means are those of the programs in
 * containers. */
int __libc_current_sigrtmin(void)
{
        return 34;
}

int __libc_current_sigrtmax(void)
{
        return 64;
}

extern const char __ehdr_start[] __attribute__((visibility("hidden"))); /* at address 0, as it was linked */

/* ---- constructors -------------------------------------------------------------------------------------- */

/* Tables of pointers that are relocated are read-only from here on (RELRO). glibc's start does this; that of
 * musl 1.2.3 leaves them writable in a static executable. A kernel that refuses takes away the protection
 * and nothing else. */
static void protect_relocated(void)
{
        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
        const Elf64_Phdr *p = (const Elf64_Phdr *)getauxval(AT_PHDR);
        uintptr_t base = (uintptr_t)__ehdr_start, page = getauxval(AT_PAGESZ);

        for (size_t n = p ? getauxval(AT_PHNUM) : 0; n > 0; n--, p++)
                if (p->p_type == PT_GNU_RELRO) {
                        uintptr_t from = (base + p->p_vaddr) & -page;
                        uintptr_t to = (base + p->p_vaddr + p->p_memsz) & -page;

                        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
                        (void)mprotect((void *)from, to - from, PROT_READ);
                }
}

/* What musl calls between its own start and main(): base/constructors.h says why the constructors wait. */
void __libc_start_init(void)
{
        protect_relocated();
}

extern void (*const __init_array_start[])(void) __attribute__((visibility("hidden")));
extern void (*const __init_array_end[])(void) __attribute__((visibility("hidden")));

void constructors_run(void)
{
        static bool done;

        if (done)
                return;
        done = true;
        /* Two symbols of the linker's, the ends of one array. */
        size_t n =
                ((uintptr_t)__init_array_end - (uintptr_t)__init_array_start) / sizeof(__init_array_start[0]);

        for (size_t i = 0; i < n; i++)
                __init_array_start[i]();
}
