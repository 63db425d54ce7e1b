/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a path of the host cannot be reached. "Permission denied" for a path of eight components is a riddle; this
 * names the component. For messages only: nothing may be decided by it.
 */
#ifndef BASE_EXPLAIN_H
#define BASE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

/* Describes in buf the first component of an absolute host path that fails, with its mode and owner
 * ("`/home/x` is mode 0700, owned by 1000:1000"). Where all components can be reached it describes the last one.
 * Returns false when nothing was found to say. */
bool explain_path(const char *path, char *buf, size_t size);

#endif
