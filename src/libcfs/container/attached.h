/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Staying with a container in the foreground until it ends, and deleting it: for run and restore. */
#ifndef LIBCFS_ATTACHED_H
#define LIBCFS_ATTACHED_H

#include "base/err.h"
#include <stdbool.h>

struct ctx;
struct foreground;
struct notify;

/* Waits for the end of the container's program and returns its exit code. Deletes the container, unless
 * keep. */
int attached_wait(struct ctx *c, struct foreground *f, struct notify *n, bool keep, struct cfs_error *err);

#endif
