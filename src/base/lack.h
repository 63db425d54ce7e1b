/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the caller or the host lacks, when the kernel refuses a system call: a hint for the error. */
#ifndef BASE_LACK_H
#define BASE_LACK_H

#include <stdbool.h>
#include <stddef.h>

/* Does this process run under a seccomp filter? A filter that forbids to ask is one. */
bool lack_is_filtered(void);

/* Does this process lack the capability? False when that cannot be found out. */
bool lack_capability(unsigned capability);

/* Writes the hint for `syscall` (NULL: unknown) that failed with errnum: the filter, the capability or the
 * limit that is the reason. An empty text when there is nothing to say. */
void lack_hint(int errnum, const char *syscall, char *buf, size_t size);

#endif
