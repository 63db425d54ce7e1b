/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run and exec in the foreground: forwards signals and the terminal, and waits for the end. */
#ifndef LIBCFS_FOREGROUND_H
#define LIBCFS_FOREGROUND_H

#include "libcfs/walk/ctx.h"
#include "libcfs/container/notify.h"

struct foreground;

/* Before the spawn: blocks the signals that will be forwarded, so that none is lost. reap: makes us a
 * subreaper (prctl(2)): orphans come to us, and are reaped in foreground_wait(). */
int foreground_begin(struct foreground **ret, bool reap, struct cfs_error *err);

/* yes: from now on signals end this process, for a wait that may take for ever. no: they are blocked
 * again, to be forwarded. NULL is fine. */
void foreground_interruptible(const struct foreground *f, bool yes);

/* Until the process ends: forwards signals; with a terminal (console_peer) also its input, output and
 * size; and the messages of NOTIFY_SOCKET (n; NULL: none). Returns the exit code. */
int foreground_wait(struct foreground *f, struct ctx *c, struct notify *n, struct cfs_error *err);

/* Restores the signal mask and our terminal. NULL is fine. */
void foreground_end(struct foreground *f);

static inline void foreground_end_p(struct foreground **f)
{
        foreground_end(*f);
}
#define _cleanup_foreground_ __attribute__((cleanup(foreground_end_p)))

#endif
