/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of a cgroup hierarchy, without knowing which. */
#ifndef LIBCFS_CGROUP_TREE_H
#define LIBCFS_CGROUP_TREE_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A list of pids that grows. */
struct tree_pids {
        pid_t *p;
        size_t n, cap;
        size_t hidden; /* processes that have no pid in our PID namespace */
};

/* Makes the directory and its missing parents. Returns 1 when it was made, 0 when it was there already. */
int tree_make(const char *path, struct cfs_error *err);

/* rmdir, and what is below it. Missing is fine. -EBUSY, without a message, when processes are in the way. */
int tree_remove(const char *path);

/* Whichever container leaves the directory last removes it. */
void tree_mark(const char *path);
bool tree_is_marked(const char *path);

/* Removes up to n empty directories above path: the lowest `missing` ones, and those that bear our mark.
 * One that others use stays, which is fine. 0 or -errno. */
int tree_remove_parents(const char *path, unsigned n, unsigned missing);

/* Adds the pids in `file` ("cgroup.procs") of the directory and of all below it; a missing directory has
 * none. 0 or -errno. */
int tree_collect(const char *path, const char *file, struct tree_pids *pids);

/* CFS_E_STATE when processes are in the directory or below it. */
int tree_check_empty(const char *path, struct cfs_error *err);

/* "PATH/FILE" in buf, or NULL when it does not fit. */
const char *tree_file(char *buf, size_t size, const char *path, const char *file);

/* Wrappers of io_*_small on PATH/FILE. */
ssize_t tree_read(const char *path, const char *file, char *buf, size_t size);
int tree_write(const char *path, const char *file, const char *text, struct cfs_error *err);
int tree_write_quiet(const char *path, const char *file, const char *text);

/* The same in the directory and all below it, as far as it goes. */
void tree_write_all(const char *path, const char *file, const char *text);

/* Reads one number; "max" is UINT64_MAX. 0 or -errno; -ENODATA, which no file of cgroups returns, when it is
 * not a number. */
int tree_number(const char *path, const char *file, uint64_t *ret);

/* The value after "KEY " in a file of such lines; -ENOENT when there is no such line, or else as above. */
int tree_keyed(const char *path, const char *file, const char *key, uint64_t *ret);

#endif
