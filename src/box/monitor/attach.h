/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting to a container through conmon.
 */
#ifndef BOX_MONITOR_ATTACH_H
#define BOX_MONITOR_ATTACH_H

#include "base/err.h"
#include <stdbool.h>

/* Copies until the container ends (0), or the user leaves by Control-P Control-Q (1). bundle: where
 * conmon's socket and FIFO are. */
int attach_run(const char *bundle, bool terminal, bool with_stdin, struct cfs_error *err);

#endif
