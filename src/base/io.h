/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading and writing files of the host. Nothing here resolves a path below a container's root: see path.h.
 * A dirfd of AT_FDCWD with an absolute path is usual; errors name the path.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/err.h"
#include <sys/types.h>

/* Reads all of a file. *ret is NUL-terminated (the NUL is not counted in *ret_len) and freed by the caller.
 * A file larger than `max` bytes is -EFBIG. ret_len may be NULL. A FIFO is read until its writers have ended;
 * one that no process opens for writing is -ETIMEDOUT after ten seconds. */
int io_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len, struct cfs_error *err);

/* As io_read_file() on an open descriptor; `name` is for messages. */
int io_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct cfs_error *err);

/* The same for a file that is one line: stops at the first line feed, without a read(2) that finds the
 * end. */
int io_read_line(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct cfs_error *err);

/* As io_read_file(), for a file that must be a regular one: a FIFO, a device or a symbolic link is an error
 * at once. */
int io_read_regular(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
                    struct cfs_error *err);

/* Opens a file that a user has named, for reading: a FIFO that no process opens for writing is -ETIMEDOUT
 * after ten seconds. Reads of the descriptor then wait as usual. Returns the descriptor. */
int io_open_named(const char *path, struct cfs_error *err);

/* Opens a log that a user has named, for writing at its end, and makes it when it is missing. A FIFO that no
 * process reads is an error, with a hint, at once. Writes to a FIFO do not wait: see io_write_patient().
 * Returns the descriptor. */
int io_open_log(const char *path, int flags, mode_t mode, struct cfs_error *err);

/* As io_write_all(), for a descriptor that does not block: waits while a pipe is full, at most a second
 * (-EAGAIN). */
int io_write_patient(int fd, const void *data, size_t len);

/* Reads at most size - 1 bytes of a small file (procfs, cgroupfs) with one read(2), NUL-terminates, strips
 * one trailing newline. Returns the length or -errno, without a message. */
ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size);

/* One open(2) O_WRONLY|O_CLOEXEC|O_NOFOLLOW of an existing file and one write(2), as procfs and cgroupfs
 * want it. */
int io_write_small(int dirfd, const char *path, const char *text, struct cfs_error *err);

/* As io_write_small(), returning 0 or -errno without a message. */
int io_write_small_quiet(int dirfd, const char *path, const char *text);

/* Replaces or makes a file so that a reader sees the old or the new content, never a part: a temporary
 * file beside it and rename(2). The same holds after a crash of cfs (not of the machine: no fsync, /run is
 * memory). */
int io_write_atomic(int dirfd, const char *path, const char *data, size_t len, mode_t mode,
                    struct cfs_error *err);

/* Writes a new file, which no other process can have open. An old file of that name is removed before. */
int io_write_new(int dirfd, const char *path, const char *data, size_t len, mode_t mode,
                 struct cfs_error *err);

/* write(2) until all is written, EINTR included. 0 or -errno, no message. */
int io_write_all(int fd, const void *data, size_t len);

/* Closes the descriptors that are not negative, those with neighbouring numbers with one system call.
 * Sorts the list. */
void io_close_all(int *fds, size_t n);

/* Makes all descriptors from `first` on close-on-exec (close_range(2)). Where that is refused (the filter
 * of an outer sandbox), one by one, as the procfs at proc_fd lists them. 0 or -errno. */
int io_cloexec_from(int proc_fd, unsigned first);

/* Calls each() for the descriptors from `first` on, until it returns an error. It may close them. 0 or
 * -errno. */
int io_each_descriptor(int proc_fd, int first, int (*each)(void *data, int fd), void *data);

#endif
