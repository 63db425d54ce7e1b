/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a directory, by getdents64(2). Not by readdir(3): fdopendir(3) of musl says EBADF for whatever its
 * fcntl(2) returned, and needs memory; and a loop that ends with NULL has not said whether it has seen all
 * entries or an error.
 */
#include "base/dir.h"
#include "base/cleanup.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

/* getdents64(2) has it, and no header of the kernel's. */
struct entry {
        uint64_t ino;
        int64_t off;
        uint16_t size;
        uint8_t type;
        char name[];
};

static int begin(struct dir *d, int fd)
{
        d->fd = fd;
        d->at = d->n = 0;
        return fd < 0 ? -errno : 0;
}

int dir_open(struct dir *d, int dirfd, const char *name)
{
        return begin(d, openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int dir_open_nofollow(struct dir *d, int dirfd, const char *name)
{
        return begin(d, openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int dir_next(struct dir *d)
{
        do {
                const struct entry *e;

                if (d->at == d->n) {
                        long n = syscall(SYS_getdents64, d->fd, d->buf, sizeof(d->buf));

                        /* ENOENT: the directory itself has been removed. */
                        if (n <= 0)
                                return n == 0 || errno == ENOENT ? 0 : -errno;
                        d->at = 0;
                        d->n = (unsigned)n;
                }
                e = (const void *)(d->buf + d->at);
                d->at += e->size;
                d->name = e->name;
                d->type = e->type;
        } while (STREQ(d->name, ".") || STREQ(d->name, ".."));
        return 1;
}

void dir_close(struct dir *d)
{
        cleanup_close_p(&d->fd);
        d->fd = -1;
}
