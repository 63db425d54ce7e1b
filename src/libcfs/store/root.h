/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory that holds the state directories of all containers. */
#ifndef LIBCFS_STORE_ROOT_H
#define LIBCFS_STORE_ROOT_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/stat.h>

/* Makes the directory (0700; sticky for an ordinary user) and its parents (0755). An existing directory is
 * not an error, unless store_root_check() finds that another user has made it, or one of the parents: since
 * the caller has looked and found none, that user may have been faster. */
int store_root_make(const char *root, struct cfs_error *err);

/* An error when the directory exists and other users can write to it. */
int store_root_check(const char *root, struct cfs_error *err);

/* The same; *ret is its stat(2), or zero when there is no such directory. */
int store_root_look(const char *root, struct stat *ret, struct cfs_error *err);

/* May files below ROOT/ID be opened by their path? ROOT has been checked and has this mode. When only its
 * owner can enter ROOT, everything in it was made by cfs. Otherwise ROOT/ID must be a directory that other
 * users cannot write to. When other users can make directories in ROOT (it is sticky), ROOT/ID could be
 * another directory at each call: false. dir is ROOT/ID, relative to root_fd or absolute. */
bool store_root_is_safe(mode_t mode, int root_fd, const char *dir);

/* The same for a directory whose stat(2) the caller has. */
int store_root_trust(const char *path, const struct stat *st, struct cfs_error *err);

#endif
