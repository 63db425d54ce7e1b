/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of a cgroup hierarchy, without knowing which. */
#ifndef LIBCFS_CGROUP_TREE_H
#define LIBCFS_CGROUP_TREE_H

#include "base/cleanup.h"
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

/* Directories that stay: those of other containers, with all that is below them, and those on the way
 * there. */
struct tree_kept {
        struct tree_directory {
                dev_t dev;
                ino_t ino;
                char *path;
                bool others;
        } * p;
        size_t n, cap;
};

#define _cleanup_tree_kept_ _cleanup_(tree_kept_free)

/* Adds one, if it is there. -ENOMEM. */
int tree_keep(struct tree_kept *k, const char *path, bool others);
void tree_kept_free(struct tree_kept *k);

/* Makes the directory, with a mark if that is wanted, and its missing parents. Returns 1 when it was made, 0
 * when it was there already. */
int tree_make(const char *path, bool marked, struct cfs_error *err);

/* rmdir, and what is below it, but for what is kept, which may be NULL. Missing is fine. 1: something is
 * kept, -EBUSY, without a message: processes are in the way. */
int tree_remove(const char *path, const struct tree_kept *kept);

/* Whichever container leaves the directory last removes it. What tree_make() has made above is marked
 * already. */
void tree_mark(const char *path);
bool tree_is_marked(const char *path);

/* Removes up to n empty directories above path: the lowest `missing` ones, and those that bear our mark.
 * One that others use stays, which is fine. 0 or -errno. */
int tree_remove_parents(const char *path, unsigned n, unsigned missing);

/* Calls visit() on the directory and on all below it, as long as it returns no error. */
int tree_visit(const char *path, int (*visit)(int fd, void *data), void *data);

/* Adds the pids in `file` ("cgroup.procs") of the directory and of all below it but for other containers';
 * a missing directory has none. 0 or -errno. */
int tree_collect(const char *path, const char *file, const struct tree_kept *kept, struct tree_pids *pids);

/* CFS_E_STATE when processes are in the directory or below it. */
int tree_check_empty(const char *path, const struct tree_kept *kept, struct cfs_error *err);

/* "PATH/FILE" in buf, or NULL when it does not fit. */
const char *tree_file(char *buf, size_t size, const char *path, const char *file);

/* Wrappers of io_*_small on PATH/FILE. */
ssize_t tree_read(const char *path, const char *file, char *buf, size_t size);
int tree_write(const char *path, const char *file, const char *text, struct cfs_error *err);
int tree_write_quiet(const char *path, const char *file, const char *text);

/* The same in the directory and all below it but for other containers', as far as it goes. */
void tree_write_all(const char *path, const char *file, const char *text, const struct tree_kept *kept);

/* Reads one number; "max" is UINT64_MAX. 0 or -errno; -ENODATA, which no file of cgroups returns, when it is
 * not a number. */
int tree_number(const char *path, const char *file, uint64_t *ret);

/* The value after "KEY " in a file of such lines; -ENOENT when there is no such line, or else as above. */
int tree_keyed(const char *path, const char *file, const char *key, uint64_t *ret);

#endif
