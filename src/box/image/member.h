/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unpacks one member of an archive: makes one file below a directory.
 */
#ifndef BOX_IMAGE_MEMBER_H
#define BOX_IMAGE_MEMBER_H

#include "base/err.h"
#include "box/image/unpack_options.h"
#include <time.h>

struct archive;
struct archive_entry;

/* A directory whose times are set at the end, because writing into a directory changes them. */
struct member_dir {
        char *path;
        struct timespec times[2];
};

struct member_target {
        int dir_fd;
        const struct unpack_options *o;
        uint64_t bytes, members, skipped;
        int parent_fd; /* the directory of the last member, or -1 */
        char *parent;  /* its path */
        struct member_dir *dirs;
        size_t n_dirs, cap_dirs;
};

int member_unpack(struct member_target *t, struct archive *a, struct archive_entry *e, struct cfs_error *err);
int member_finish(struct member_target *t, struct cfs_error *err);
void member_release(struct member_target *t);

/* The path that a member's name means below the directory: without leading "/" and "./"; "" is the
 * directory itself. Refuses "..", and components that no file system takes. For the unit test. */
int member_path(const char *name, const char *rename, char **ret, struct cfs_error *err);

#endif
