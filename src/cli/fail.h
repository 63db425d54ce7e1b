/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors of the command line itself, in the convention of cfs.h: a negative errno, *err filled once.
 */
#ifndef CLI_FAIL_H
#define CLI_FAIL_H

#include "base/cfs-error.h"

/* The user's words make no sense: CFS_E_INVALID. */
int fail_usage(struct cfs_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int fail_code(struct cfs_error *err, enum cfs_code code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* "FMT: strerror". */
int fail_sys(struct cfs_error *err, int errnum, const char *syscall, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

int fail_nomem(struct cfs_error *err);

/* Sets the hint. Returns r. */
int fail_hint(struct cfs_error *err, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* strerror(3) with a lower case first letter, without a locale. */
const char *fail_reason(int errnum);

#endif
