/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory that holds the state directories of all containers. */
#ifndef LIBCFS_STORE_ROOT_H
#define LIBCFS_STORE_ROOT_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/stat.h>

/* Makes the directory (0700; sticky for an ordinary user) and its parents (0755). An existing
 * directory is not an error. */
int store_root_make(const char *root, struct cfs_error *err);

/* An error when the directory exists and other users can write to it. */
int store_root_check(const char *root, struct cfs_error *err);

/* The same; *ret is its stat(2), or zero when there is no such directory. */
int store_root_look(const char *root, struct stat *ret, struct cfs_error *err);

/* The directory has been checked, and has that mode. May what is at ROOT/ID be read by that path? In a
 * directory that only its owner can enter there is nothing else than what cfs has put there. Where others can
 * look, the container's directory must be one that they cannot write to; and where they can make directories,
 * it may be another one at each call. dir is that of ID: a path, relative to root_fd or absolute. */
bool store_root_is_safe(mode_t mode, int root_fd, const char *dir);

/* The same for a directory whose stat(2) the caller has. */
int store_root_trust(const char *path, const struct stat *st, struct cfs_error *err);

#endif
