/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All mounts of a process in an array, for code that compares them with each other. */
#ifndef BASE_MOUNTLIST_H
#define BASE_MOUNTLIST_H

#include "base/mountinfo.h"
#include <stddef.h>

struct mountlist {
        struct mountinfo text; /* owns the strings of the entries */
        struct mountinfo *entries;
        size_t n;
};

/* `path` below procfs: "self/mountinfo". */
int mountlist_read(int proc_fd, const char *path, struct mountlist *ret, struct cfs_error *err);

void mountlist_free(struct mountlist *m);
#define _cleanup_mountlist_ __attribute__((cleanup(mountlist_free)))

#endif
