/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removing what is below a directory.
 *
 * A container may have written there (a socket directory that is mounted into it), so names, depth and number
 * are its choice, and may change while we look. No link is followed, since every name is used relative to a
 * descriptor of its directory with O_NOFOLLOW. And there is no recursion, which a deep tree would turn into a
 * lack of descriptors or stack: a directory that is not empty has its own directories moved up to the top,
 * where their turn comes. So two descriptors are enough for any tree, and each round over the top takes away
 * one level.
 */
#include "base/rmtree.h"
#include "base/cleanup.h"
#include <fcntl.h>
#include <stdbool.h>

#define MAX_ROUNDS 100000 /* against a process that keeps making directories */

static DIR *open_entries(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);

        if (!d && fd >= 0)
                (void)close(fd);
        return d;
}

static bool is_dots(const char *name)
{
        return STREQ(name, ".") || STREQ(name, "..");
}

/* Removes a file or an empty directory. 0, or -errno; -ENOTEMPTY for a directory that is not empty. */
static int remove_simple(int dirfd, const char *name)
{
        if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR)
                return -errno;
        if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
                return 0;
        return errno == EEXIST ? -ENOTEMPTY : -errno;
}

/* Empties directory `name` of top by removing what is simple and moving the directories in it up into top. */
static int flatten(int top, const char *name, unsigned *serial)
{
        _cleanup_dir_ DIR *d = open_entries(top, name);
        char aside[32];
        struct dirent *de;
        int r;

        if (!d)
                return -errno;
        for (errno = 0; (de = readdir(d)); errno = 0) {
                if (is_dots(de->d_name))
                        continue;
                r = remove_simple(dirfd(d), de->d_name);
                if (r == -ENOTEMPTY) {
                        (void)snprintf(aside, sizeof(aside), ".removed-%u", (*serial)++);
                        r = renameat(dirfd(d), de->d_name, top, aside) < 0 ? -errno : 0;
                        if (r == -ENOTEMPTY ||
                            r == -EEXIST) /* the name is taken: the next round has another */
                                r = 0;
                }
                if (r < 0)
                        return r;
        }
        return -errno;
}

int rmtree_contents(int dir_fd)
{
        unsigned serial = 0;
        int r;

        for (int round = 0; round < MAX_ROUNDS; round++) {
                _cleanup_dir_ DIR *d = open_entries(dir_fd, ".");
                struct dirent *de;
                bool any = false;

                if (!d)
                        return -errno;
                for (errno = 0; (de = readdir(d)); errno = 0) {
                        if (is_dots(de->d_name))
                                continue;
                        any = true;
                        r = remove_simple(dir_fd, de->d_name);
                        if (r == -ENOTEMPTY)
                                r = flatten(dir_fd, de->d_name, &serial);
                        if (r < 0)
                                return r;
                }
                if (errno || !any)
                        return -errno;
        }
        return -EBUSY;
}
