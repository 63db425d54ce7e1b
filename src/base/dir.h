/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a directory, entry by entry:
 *
 *         _cleanup_(dir_close) struct dir d = DIR_INIT;
 *         int r = dir_open(&d, AT_FDCWD, path);
 *
 *         while (r >= 0 && (r = dir_next(&d)) > 0)
 *                 use(d.name, d.type);
 */
#ifndef BASE_DIR_H
#define BASE_DIR_H

#include <dirent.h>
#include <stdint.h>

struct dir {
        int fd;
        const char *name;   /* of the entry, until the next one is asked for */
        unsigned char type; /* DT_DIR and so on; DT_UNKNOWN on file systems that do not say */
        unsigned at, n;     /* of buf: where the next entry is, where the last one ends */
        _Alignas(uint64_t) char buf[2048];
};

#define DIR_INIT                                                                                             \
        {                                                                                                    \
                .fd = -1                                                                                     \
        }

/* 0 or -errno. A symbolic link as the name's last part is followed. */
int dir_open(struct dir *d, int dirfd, const char *name);

/* -ENOTDIR for a symbolic link. */
int dir_open_nofollow(struct dir *d, int dirfd, const char *name);

/* 1: there is another entry, "." and ".." left out; 0: there is none; or -errno. */
int dir_next(struct dir *d);

void dir_close(struct dir *d);

#endif
