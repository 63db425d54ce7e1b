/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes down what a traced process changes below one directory, in words from which it can be done again:
 *
 *      did mkdir PATH | create PATH | write PATH HEX | sync PATH | rename PATH PATH | unlink PATH | rmdir PATH
 *          | symlink PATH TARGET | socket PATH
 *
 * PATH is relative to the directory. Descriptors are resolved by /proc/PID/fd while the process stands still.
 * What is written is the data of the call, at the end of the file: cfs writes its files from front to back.
 *
 * One process at a time: of two that are in a call at once, the second one's words would replace the first
 * one's. The state directory is the runtime's alone.
 */
#include "recorder.h"
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static char root[PATH_MAX];
static FILE *to;
static char *pending; /* the line of the call that is under way, or NULL */
static pid_t pending_pid;

void recorder_begin(const char *dir, FILE *out)
{
        (void)snprintf(root, sizeof(root), "%s", dir);
        to = out;
}

static ssize_t read_memory(pid_t pid, uint64_t from, void *buf, size_t size)
{
        struct iovec local = { buf, size };
        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
        struct iovec remote = { (void *)(uintptr_t)from, size };

        return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

/* A string of the process: byte by byte, since what follows it may not be mapped. */
static void read_string(pid_t pid, uint64_t from, char *buf, size_t size)
{
        size_t n = 0;

        while (n + 1 < size && read_memory(pid, from + n, buf + n, 1) == 1 && buf[n])
                n++;
        buf[n] = '\0';
}

/* What a link below /proc/PID leads to; false when it cannot be read. */
static int follow_link(pid_t pid, const char *name, char *buf, size_t size)
{
        char path[64];
        ssize_t n;

        (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        n = readlink(path, buf, size - 1);
        buf[n > 0 ? n : 0] = '\0';
        return n > 0;
}

/* The path behind a descriptor, relative to the root; or NULL. */
static const char *below(const char *path)
{
        size_t n = strlen(root);

        if (strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
                return NULL;
        return path[n] ? path + n + 1 : path + n;
}

static const char *path_of_fd(pid_t pid, int fd, char *buf, size_t size)
{
        char name[32];

        (void)snprintf(name, sizeof(name), "fd/%d", fd);
        return follow_link(pid, name, buf, size) ? below(buf) : NULL;
}

/* The path of (dirfd, name), relative to the root; or NULL. */
static const char *path_at(pid_t pid, int dirfd, uint64_t name, char *buf, size_t size)
{
        char given[PATH_MAX], dir[PATH_MAX];

        read_string(pid, name, given, sizeof(given));
        if (given[0] == '/')
                (void)snprintf(buf, size, "%s", given);
        else if (dirfd == AT_FDCWD && follow_link(pid, "cwd", dir, sizeof(dir)))
                (void)snprintf(buf, size, "%.2000s/%.2000s", dir, given);
        else if (dirfd >= 0 &&
                 path_of_fd(pid, dirfd, dir, sizeof(dir))) /* which leaves the whole path in dir */
                (void)snprintf(buf, size, "%.2000s/%.2000s", dir, given);
        else
                return NULL;
        return below(buf);
}

__attribute__((format(printf, 2, 3))) static void expect(pid_t pid, const char *format, ...)
{
        va_list ap;

        free(pending);
        va_start(ap, format);
        if (vasprintf(&pending, format, ap) < 0)
                pending = NULL;
        va_end(ap);
        pending_pid = pid;
}

static void one_path(pid_t pid, const char *word, int dirfd, uint64_t name)
{
        char buf[PATH_MAX];
        const char *path = path_at(pid, dirfd, name, buf, sizeof(buf));

        if (path)
                expect(pid, "%s %s", word, path);
}

static void two_paths(pid_t pid, const char *word, int from_fd, uint64_t from, int to_fd, uint64_t into)
{
        char a[PATH_MAX], b[PATH_MAX];
        const char *x = path_at(pid, from_fd, from, a, sizeof(a)),
                   *y = path_at(pid, to_fd, into, b, sizeof(b));

        if (x && y)
                expect(pid, "%s %s %s", word, x, y);
}

static void data(pid_t pid, int fd, uint64_t from, size_t size)
{
        char buf[PATH_MAX], *bytes, *hex;
        const char *path = path_of_fd(pid, fd, buf, sizeof(buf));

        if (!path)
                return;
        bytes = malloc(size + 1);
        hex = malloc(2 * size + 1);
        if (bytes && hex && read_memory(pid, from, bytes, size) == (ssize_t)size) {
                for (size_t i = 0; i < size; i++)
                        (void)sprintf(hex + 2 * i, "%02x", (unsigned char)bytes[i]);
                expect(pid, "write %s %s", path, hex);
        }
        free(bytes);
        free(hex);
}

static void target_of_symlink(pid_t pid, uint64_t target, int dirfd, uint64_t name)
{
        char buf[PATH_MAX], where[PATH_MAX];
        const char *path = path_at(pid, dirfd, name, buf, sizeof(buf));

        read_string(pid, target, where, sizeof(where));
        if (path)
                expect(pid, "symlink %s %s", path, where);
}

/* unix_address_at() makes "/proc/self/fd/N/NAME" of it. */
static void socket_file(pid_t pid, uint64_t address)
{
        struct sockaddr_un a = { 0 };
        char buf[PATH_MAX];
        const char *dir;
        int fd, n = 0;

        if (read_memory(pid, address, &a, sizeof(a)) <= 0 || a.sun_family != AF_UNIX ||
            sscanf(a.sun_path, "/proc/self/fd/%d/%n", &fd, &n) != 1 || n == 0)
                return;
        dir = path_of_fd(pid, fd, buf, sizeof(buf));
        if (dir)
                expect(pid, "socket %s/%s", dir, a.sun_path + n);
}

static void sync_of(pid_t pid, int fd)
{
        char buf[PATH_MAX];
        const char *path = path_of_fd(pid, fd, buf, sizeof(buf));

        if (path)
                expect(pid, "sync %s", path);
}

void recorder_enter(pid_t pid, long nr, const uint64_t a[6])
{
        switch (nr) {
        case SYS_mkdirat:
                one_path(pid, "mkdir", (int)a[0], a[1]);
                break;
        case SYS_openat:
                if (a[2] & O_CREAT)
                        one_path(pid, "create", (int)a[0], a[1]);
                break;
        case SYS_write:
                data(pid, (int)a[0], a[1], a[2]);
                break;
        case SYS_fsync:
        case SYS_fdatasync:
                sync_of(pid, (int)a[0]);
                break;
        case SYS_renameat2:
                two_paths(pid, "rename", (int)a[0], a[1], (int)a[2], a[3]);
                break;
        case SYS_unlinkat:
                one_path(pid, a[2] & AT_REMOVEDIR ? "rmdir" : "unlink", (int)a[0], a[1]);
                break;
        case SYS_symlinkat:
                target_of_symlink(pid, a[0], (int)a[1], a[2]);
                break;
        case SYS_bind:
                socket_file(pid, a[1]);
                break;
#ifdef SYS_mkdir /* calls that newer architectures do not have */
        case SYS_mkdir:
                one_path(pid, "mkdir", AT_FDCWD, a[0]);
                break;
        case SYS_open:
                if (a[1] & O_CREAT)
                        one_path(pid, "create", AT_FDCWD, a[0]);
                break;
        case SYS_rename:
                two_paths(pid, "rename", AT_FDCWD, a[0], AT_FDCWD, a[1]);
                break;
        case SYS_renameat:
                two_paths(pid, "rename", (int)a[0], a[1], (int)a[2], a[3]);
                break;
        case SYS_unlink:
                one_path(pid, "unlink", AT_FDCWD, a[0]);
                break;
        case SYS_rmdir:
                one_path(pid, "rmdir", AT_FDCWD, a[0]);
                break;
        case SYS_symlink:
                target_of_symlink(pid, a[0], AT_FDCWD, a[1]);
                break;
#endif
        default:
                break;
        }
}

void recorder_exit(pid_t pid, long result)
{
        if (!pending || pid != pending_pid)
                return;
        if (result >= 0)
                (void)fprintf(to, "did %s\n", pending);
        free(pending);
        pending = NULL;
}
