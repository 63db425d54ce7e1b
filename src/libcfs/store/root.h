/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory that holds the state directories of all containers. */
#ifndef LIBCFS_STORE_ROOT_H
#define LIBCFS_STORE_ROOT_H

#include "base/err.h"
#include <sys/stat.h>

/* Makes the directory (0700; sticky for an ordinary user) and its parents (0755). An existing
 * directory is not an error. */
int store_root_make(const char *root, struct cfs_error *err);

/* An error when the directory exists and other users can write to it. */
int store_root_check(const char *root, struct cfs_error *err);

/* The same for a directory whose stat(2) the caller has. */
int store_root_trust(const char *path, const struct stat *st, struct cfs_error *err);

#endif
