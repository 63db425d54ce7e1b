/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a path of the host cannot be reached. "Permission denied" does not say which component of the path is
 * meant; this names it. For messages only: by the time of the message, the files may have changed, so no
 * decision may depend on it.
 */
#ifndef BASE_EXPLAIN_H
#define BASE_EXPLAIN_H

#include <stddef.h>

/* Describes in buf why the system call failed with errnum on an absolute path: the first component that
 * fails, whose it is and which right is missing ("`/home/x` has mode 0700 and belongs to 1000:1000: user 5
 * has no search permission"). syscall may be NULL. */
enum explained {
        EXPLAIN_NOTHING, /* nothing was found to say                                    */
        EXPLAIN_SAID,
        EXPLAIN_ALLOWED, /* said, but the permissions allow it: something else refused  */
};
enum explained explain_path(const char *path, const char *syscall, int errnum, char *buf, size_t size);

#endif
