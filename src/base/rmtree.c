/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removing what is below a directory.
 *
 * A container may have written there (a socket directory that is mounted into it), so names, depth and number
 * are its choice, and may change while we look. No link is followed, since every name is used relative to a
 * descriptor of its directory with O_NOFOLLOW. Recursion ends at a depth that every container's own directory
 * stays below: a deep tree would turn it into a lack of descriptors or stack. What lies deeper is moved up to
 * the top, where its turn comes in the next round, so that a fixed number of descriptors is enough for any
 * tree.
 */
#include "base/rmtree.h"
#include "base/cleanup.h"
#include "base/dir.h"
#include <fcntl.h>
#include <stdbool.h>

#define MAX_ROUNDS 100000 /* against a process that keeps making directories */
#define MAX_DEPTH  8

/* Removes a file or an empty directory. 0, or -errno; -ENOTEMPTY for a directory that is not empty. `is_dir`
 * says what to try first. */
static int remove_simple(int dirfd, const char *name, bool is_dir)
{
        if (!is_dir) {
                if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
                        return 0;
                if (errno != EISDIR)
                        return -errno;
        }
        if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
                return 0;
        if (errno == ENOTDIR) /* it was another a moment ago: the next round */
                return 0;
        return errno == EEXIST ? -ENOTEMPTY : -errno;
}

/* Where there is a directory that is too deep: up into top. */
static int move_up(int dirfd, const char *name, int top, unsigned *serial)
{
        char aside[32];

        (void)snprintf(aside, sizeof(aside), ".removed-%u", (*serial)++);
        if (renameat(dirfd, name, top, aside) == 0 || errno == ENOTEMPTY || errno == EEXIST)
                return 0; /* or the name is taken: the next round has another */
        return -errno;
}

/* One pass over what is in d. */
static int empty_directory(struct dir *d, int depth, int top, unsigned *serial, bool *any)
{
        int more;

        while ((more = dir_next(d)) > 0) {
                int r;

                *any = true;
                r = remove_simple(d->fd, d->name, d->type == DT_DIR);
                if (r == -ENOTEMPTY && depth == MAX_DEPTH) {
                        r = move_up(d->fd, d->name, top, serial);
                } else if (r == -ENOTEMPTY) {
                        _cleanup_(dir_close) struct dir below = DIR_INIT;

                        r = dir_open_nofollow(&below, d->fd, d->name);
                        if (r >= 0)
                                r = empty_directory(&below, depth + 1, top, serial, any);
                        if (r >= 0)
                                r = remove_simple(d->fd, d->name, true);
                        if (r == -ENOTEMPTY || r == -ENOENT) /* others write there: the next round */
                                r = 0;
                }
                if (r < 0)
                        return r;
        }
        return more;
}

int rmtree_contents(int dir_fd)
{
        unsigned serial = 0;

        for (int round = 0; round < MAX_ROUNDS; round++) {
                _cleanup_(dir_close) struct dir d = DIR_INIT;
                bool any = false;
                int r = dir_open(&d, dir_fd, ".");

                if (r >= 0)
                        r = empty_directory(&d, 0, dir_fd, &serial, &any);
                if (r < 0 || !any)
                        return r;
        }
        return -EBUSY;
}
