/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock of one container: flock(2) on its directory. */
#ifndef LIBCFS_STORE_LOCK_H
#define LIBCFS_STORE_LOCK_H

#include "base/err.h"

struct state;

/* Takes LOCK_EX or LOCK_SH at once; -EWOULDBLOCK, without a message, when another process holds it. */
int lock_try(struct state *s, int lock);

/* Waits for LOCK_EX or LOCK_SH at most 30 s, then CFS_E_TIMEOUT. */
int lock_wait(struct state *s, int lock, struct cfs_error *err);

/* Releases the lock; the container stays open: for a foreground run and exec, which must not block other
 * commands. */
void lock_release(struct state *s);

#endif
