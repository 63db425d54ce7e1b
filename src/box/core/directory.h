/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of the box: removing them, and reading any. */
#ifndef BOX_CORE_DIRECTORY_H
#define BOX_CORE_DIRECTORY_H

#include "box/core/box.h"
#include "base/dir.h"

/* Removes PATH (relative to ROOT, or absolute) with everything in it. Not an error when it is missing. */
int directory_remove(const struct box *box, const char *path, struct cfs_error *err);

/* dir_open() and dir_next() with an error that names `path`, for the loop that dir.h shows. `name` is
 * relative to dir_fd, and for "." may be the same directory. */
int directory_open(struct dir *d, int dir_fd, const char *name, const char *path, struct cfs_error *err);
int directory_next(struct dir *d, const char *path, struct cfs_error *err);

#endif
