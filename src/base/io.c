/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading and writing files of the host.
 *
 * The kernel's files (procfs, sysfs, cgroupfs) have rules of their own: one write(2) is one command, so it
 * must not be split or repeated; their st_size is 0 or a lie; an invalid value is the errno of write, not of
 * open. The errno of such a write is what the user needs to see, with the value and the file.
 *
 * What a user, an engine or a directory of images names may be a FIFO, and open(2) of one waits for the
 * other end, which may never come: so O_NONBLOCK, which changes nothing for other files, and then a wait
 * with an end. Once there is a writer, its own end is ours: fifo(7).
 */
#include "base/io.h"
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FIFO_PATIENCE_S  10   /* for the first process that opens the other end */
#define PIPE_PATIENCE_MS 1000 /* for room in a pipe that a log goes to      */

static ssize_t read_once(int fd, void *buf, size_t size)
{
        ssize_t n;

        do
                n = read(fd, buf, size);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

static int poll_retry(int fd, short events, int timeout_ms)
{
        struct pollfd p = { .fd = fd, .events = events };
        int n;

        do
                n = poll(&p, 1, timeout_ms);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

/* Something that was opened without waiting has nothing to be read. 1: now it has, or its end was reached. */
static int wait_readable(int fd)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode) && !S_ISSOCK(st.st_mode))
                return -EAGAIN;
        return poll_retry(fd, POLLIN, -1);
}

/* read(2) that waits, whatever the flags of the descriptor. */
static ssize_t read_retry(int fd, void *buf, size_t size)
{
        for (;;) {
                ssize_t n = read_once(fd, buf, size);
                int r;

                if (n != -EAGAIN)
                        return n;
                r = wait_readable(fd);
                if (r < 0)
                        return r;
        }
}

/* The end was reached before anything else: is it a FIFO that has had no writer yet? 1: it has one now;
 * 0: the file is empty. A pipe without a name has had its writer (pipe(7)). */
static int wait_for_writer(int fd, const char *name, struct cfs_error *err)
{
        struct statfs fs;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return err_path(err, errno, "fstat", name, "examine `%s`", name);
        if (!S_ISFIFO(st.st_mode))
                return 0;
        if (fstatfs(fd, &fs) < 0)
                return err_path(err, errno, "fstatfs", name, "examine `%s`", name);
        if (fs.f_type == PIPEFS_MAGIC)
                return 0;
        r = poll_retry(fd, POLLIN, FIFO_PATIENCE_S * 1000);
        if (r < 0)
                return err_path(err, -r, "poll", name, "wait for a writer of `%s`", name);
        if (r > 0)
                return 1;
        return err_set(err, CFS_E_TIMEOUT, "no process has opened the FIFO `%s` for writing in %d seconds",
                       name, FIFO_PATIENCE_S);
}

static int open_retry(int dirfd, const char *path, int flags, mode_t mode)
{
        int fd;

        /* A FIFO or a network file system can be interrupted. */
        do
                fd = openat(dirfd, path, flags | O_CLOEXEC | O_NOCTTY, mode);
        while (fd < 0 && errno == EINTR);
        return fd < 0 ? -errno : fd;
}

static int read_all(int fd, const char *name, size_t max, bool one_line, char **ret, size_t *ret_len,
                    struct cfs_error *err)
{
        _cleanup_free_ char *buf = NULL;
        size_t len = 0, cap = 4096;
        bool waited = false;
        struct stat st;
        ssize_t n;

        for (;;) {
                if (!buf || len + 1 >= cap) {
                        size_t least = buf ? cap * 2 : cap;
                        char *p;

                        /* The size is only a hint: it is 0 in procfs and may change under our feet. Most
                         * files are smaller than the first buffer, and need no fstat(2). */
                        cap = least;
                        if (buf && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                            (uint64_t)st.st_size + 2 > least)
                                cap = (uint64_t)st.st_size > max ? max + 2 : (size_t)st.st_size + 2;
                        p = realloc(buf, cap);
                        if (!p)
                                return err_nomem(err);
                        buf = p;
                }
                n = read_retry(fd, buf + len, cap - len - 1);
                if (n < 0)
                        return err_path(err, (int)-n, "read", name, "read `%s`", name);
                if (n == 0 && len == 0 && !waited) {
                        int r = wait_for_writer(fd, name, err);

                        if (r < 0)
                                return r;
                        waited = true;
                        if (r > 0)
                                continue;
                }
                if (n == 0)
                        break;
                len += (size_t)n;
                if (len > max)
                        return err_sys(err, EFBIG, NULL, "read `%s`: more than %zu bytes", name, max);
                if (one_line && buf[len - 1] == '\n')
                        break;
        }
        buf[len] = '\0';
        *ret = TAKE_PTR(buf);
        if (ret_len)
                *ret_len = len;
        return 0;
}

int io_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct cfs_error *err)
{
        return read_all(fd, name, max, false, ret, ret_len, err);
}

int io_read_line(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct cfs_error *err)
{
        return read_all(fd, name, max, true, ret, ret_len, err);
}

int io_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;

        fd = open_retry(dirfd, path, O_RDONLY | O_NONBLOCK, 0);
        if (fd < 0)
                return err_path(err, -fd, "openat", path, "open `%s`", path);
        return io_read_fd(fd, path, max, ret, ret_len, err);
}

int io_read_regular(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
                    struct cfs_error *err)
{
        _cleanup_close_ int fd = open_retry(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return err_path(err, fd < 0 ? -fd : errno, fd < 0 ? "openat" : "fstat", path, "open `%s`",
                                path);
        if (!S_ISREG(st.st_mode))
                return err_set(err, CFS_E_INVALID, "`%s` is not a regular file", path);
        return io_read_fd(fd, path, max, ret, ret_len, err);
}

int io_open_named(const char *path, struct cfs_error *err)
{
        _cleanup_close_ int fd = open_retry(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
        struct stat st;
        int flags;

        if (fd < 0 || fstat(fd, &st) < 0)
                return err_path(err, fd < 0 ? -fd : errno, fd < 0 ? "openat" : "fstat", path, "open `%s`",
                                path);
        if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
                return TAKE_FD(fd);
        /* With the writer's data, or its end, there is something to be read. */
        if (S_ISFIFO(st.st_mode) && poll_retry(fd, POLLIN, 0) == 0) {
                int r = wait_for_writer(fd, path, err);

                if (r < 0)
                        return r;
        }
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
                return err_path(err, errno, "fcntl", path, "open `%s`", path);
        return TAKE_FD(fd);
}

int io_open_log(const char *path, int flags, mode_t mode, struct cfs_error *err)
{
        int fd = open_retry(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | flags, mode), r;

        if (fd >= 0)
                return fd;
        r = err_path(err, -fd, "open", path, "open `%s`", path);
        return fd == -ENXIO ? err_hint(err, r, "is it a FIFO that no process reads?") : r;
}

ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size)
{
        _cleanup_close_ int fd = -1;
        ssize_t n;

        fd = open_retry(dirfd, path, O_RDONLY, 0);
        if (fd < 0)
                return fd;
        n = read_retry(fd, buf, size - 1);
        if (n < 0)
                return n;
        if (n > 0 && buf[n - 1] == '\n')
                n--;
        buf[n] = '\0';
        return n;
}

/* *ret_write says whether it was the write that failed. */
static int write_small(int dirfd, const char *path, const char *text, bool *ret_write)
{
        _cleanup_close_ int fd = -1;
        size_t len = strlen(text);
        ssize_t n;

        *ret_write = false;
        fd = open_retry(dirfd, path, O_WRONLY | O_NOFOLLOW, 0);
        if (fd < 0)
                return fd;
        *ret_write = true;
        do
                n = write(fd, text, len);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        /* Half a command has been carried out, and the rest would be another command. */
        return (size_t)n == len ? 0 : -EIO;
}

int io_write_small(int dirfd, const char *path, const char *text, struct cfs_error *err)
{
        bool writing;
        int r;

        r = write_small(dirfd, path, text, &writing);
        if (r < 0 && writing)
                return err_path(err, -r, "write", path, "write `%.128s` to `%s`", text, path);
        if (r < 0)
                return err_path(err, -r, "openat", path, "open `%s` for writing", path);
        return 0;
}

int io_write_small_quiet(int dirfd, const char *path, const char *text)
{
        bool writing;

        return write_small(dirfd, path, text, &writing);
}

int io_write_patient(int fd, const void *data, size_t len)
{
        const char *p = data;

        while (len > 0) {
                ssize_t n = write(fd, p, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN && poll_retry(fd, POLLOUT, PIPE_PATIENCE_MS) > 0)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? -EAGAIN : -errno;
                p += n;
                len -= (size_t)n;
        }
        return 0;
}

int io_write_all(int fd, const void *data, size_t len)
{
        const char *p = data;

        while (len > 0) {
                ssize_t n = write(fd, p, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                len -= (size_t)n;
        }
        return 0;
}

/* Makes and opens a file beside `path` that no other process has open. A file of that name was left by a cfs
 * that was killed and had our pid, so it is removed. Two living processes can have one pid in different PID
 * namespaces; then the one that loses the race gets EEXIST twice and fails, which is better than both writing
 * one file. */
static int open_beside(int dirfd, const char *temp, mode_t mode)
{
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
        int fd;

        fd = open_retry(dirfd, temp, flags, mode);
        if (fd != -EEXIST)
                return fd;
        if (unlinkat(dirfd, temp, 0) < 0 && errno != ENOENT)
                return -errno;
        return open_retry(dirfd, temp, flags, mode);
}

int io_write_new(int dirfd, const char *path, const char *data, size_t len, mode_t mode,
                 struct cfs_error *err)
{
        _cleanup_close_ int fd = open_beside(dirfd, path, mode);
        const char *call = "write";
        int r;

        if (fd < 0)
                return err_path(err, -fd, "openat", path, "make `%s`", path);
        r = fchmod(fd, mode) < 0 ? -errno : 0; /* whatever the umask */
        if (r < 0)
                call = "fchmod";
        else
                r = io_write_all(fd, data, len);
        if (r == 0)
                return 0;
        (void)unlinkat(dirfd, path, 0);
        return err_path(err, -r, call, path, "write `%s`", path);
}

int io_write_atomic(int dirfd, const char *path, const char *data, size_t len, mode_t mode,
                    struct cfs_error *err)
{
        _cleanup_free_ char *temp = NULL;
        int r;

        r = str_printf(&temp, err, "%s.new-%d", path, (int)getpid());
        if (r >= 0)
                r = io_write_new(dirfd, temp, data, len, mode, err);
        if (r < 0)
                return r;
        if (renameat(dirfd, temp, dirfd, path) == 0)
                return 0;
        r = err_path(err, errno, "renameat", path, "replace `%s`", path);
        (void)unlinkat(dirfd, temp, 0);
        return r;
}

static int compare_int(const void *a, const void *b)
{
        int x = *(const int *)a, y = *(const int *)b;

        return x < y ? -1 : x > y;
}

void io_close_all(int *fds, size_t n)
{
        if (n > 0)
                qsort(fds, n, sizeof(*fds), compare_int);
        while (n > 0 && fds[0] < 0) {
                fds++;
                n--;
        }
        for (size_t i = 0, next; i < n; i = next) {
                for (next = i + 1; next < n && fds[next] == fds[next - 1] + 1; next++)
                        ;
                if (sys_close_range((unsigned)fds[i], (unsigned)fds[next - 1], 0) == 0)
                        continue;
                for (size_t k = i; k < next; k++) /* they lead to the host: they must not stay */
                        (void)close(fds[k]);
        }
}

int io_each_descriptor(int proc_fd, int first, int (*each)(void *data, int fd), void *data)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = dir_open(&d, proc_fd, "self/fd");

        while (r >= 0 && (r = dir_next(&d)) > 0) {
                uint64_t n;

                r = 0;
                if (str_to_u64(d.name, &n) == 0 && n >= (unsigned)first && n != (unsigned)d.fd)
                        r = each(data, (int)n);
                if (r != 0)
                        break;
        }
        return r;
}

static int make_cloexec(void *unused, int fd)
{
        (void)unused;
        return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

int io_cloexec_from(int proc_fd, unsigned first)
{
        if (sys_close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) == 0 || WEAKENED("refused-calls"))
                return 0;
        return io_each_descriptor(proc_fd, (int)first, make_cloexec, NULL);
}
