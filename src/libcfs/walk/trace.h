/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --trace FILE: how long each row took in each process, in Chrome's trace event format (chrome://tracing,
 * Perfetto). */
#ifndef LIBCFS_TRACE_H
#define LIBCFS_TRACE_H

#include "base/err.h"
#include <stdint.h>

/* Starts tracing into `path`, replaced. NULL: no tracing, and the other functions cost one comparison. */
int trace_open(const char *path, struct cfs_error *err);

/* The runtime calls trace_close() after its last event. The init calls trace_leave() after its last one; the
 * runtime may still write. */
void trace_close(void);
void trace_leave(void);

/* The descriptor of the trace file, which must survive the closing of stray descriptors; or -1. */
int trace_fd(void);

uint64_t trace_begin(void);                                           /* now, in ns; 0 when not tracing */
void trace_end(uint64_t begin, const char *column, const char *name); /* writes one event               */

#endif
