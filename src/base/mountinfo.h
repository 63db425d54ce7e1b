/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading /proc/PID/mountinfo, line by line (proc(5)):
 *
 *      _cleanup_mountinfo_ struct mountinfo m = { 0 };
 *
 *      r = mountinfo_read(&m, proc_fd, "self/mountinfo", err);
 *      while (r >= 0 && mountinfo_next(&m))
 *              use(m.point, m.type);
 */
#ifndef BASE_MOUNTINFO_H
#define BASE_MOUNTINFO_H

#include "base/err.h"
#include <stdbool.h>

struct mountinfo {
        /* The mount of the current line. Valid until the structure is freed. Octal escapes are decoded. */
        int id, parent;
        char *device;  /* "0:28", of the file system                                            */
        char *root;    /* the directory of the file system that is mounted                      */
        char *point;   /* where, seen from the reader's root                                    */
        char *options; /* "rw,relatime": of the mount                                           */
        char *tags;    /* "shared:9 master:4", or ""                                            */
        char *type;    /* "cgroup2", "fuse.lxcfs"                                               */
        char *source;
        char *super; /* "rw,size=65536k": of the file system                                  */

        char *text, *next;
};

/* Reads the whole file at `path` below the procfs that proc_fd is open on. */
int mountinfo_read(struct mountinfo *m, int proc_fd, const char *path, struct cfs_error *err);

/* The same for a text in memory, which mountinfo_next() changes; mountinfo_free() does not free it. For the
 * unit tests. */
void mountinfo_use(struct mountinfo *m, char *text);

/* Goes to the next mount; false at the end. Skips lines that do not have the form of proc(5). */
bool mountinfo_next(struct mountinfo *m);

void mountinfo_free(struct mountinfo *m);

#define _cleanup_mountinfo_ __attribute__((cleanup(mountinfo_free)))

#endif
