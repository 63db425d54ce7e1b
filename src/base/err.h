/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filling a struct cfs_error.
 *
 * Convention of the whole code base: a function that can fail takes `struct cfs_error *err` last, returns
 * zero or more on success, and on failure a negative errno after filling *err exactly once. So the usual line
 * is
 *
 *         return err_sys(err, errno, "openat2", "open `%s`", path);
 *
 * which yields "open `PATH`: no such file or directory". Outer layers put their context in front with
 * err_prefix() ("mounts[3]: ...") instead of writing a second message.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/cfs-error.h"

/* Sets code and text. Returns a negative errno that fits the code (never zero), for `return err_set(...)`. */
int err_set(struct cfs_error *err, enum cfs_code code, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* A system call failed: code CFS_E_SYSTEM (CFS_E_NOMEM for ENOMEM), the text is "FMT: strerror" with a
 * lower case first letter, as engines match on it. `syscall` may be NULL. Returns -errnum. */
int err_sys(struct cfs_error *err, int errnum, const char *syscall, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* As err_sys(), for a call on a path: also explains EACCES, ENOENT, ENOTDIR, EPERM and ELOOP by naming the
 * first component of `path` that fails, with its mode and owner, in the text, and what to do in the hint.
 * The explanation is for absolute host paths; for others only err->path is set. */
int err_path(struct cfs_error *err, int errnum, const char *syscall, const char *path, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));

/* malloc and friends failed. Returns -ENOMEM. */
int err_nomem(struct cfs_error *err);

/* Puts "FMT: " in front of the text. Returns r, so that `return err_prefix(err, r, ...)` works. */
int err_prefix(struct cfs_error *err, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Names the JSON path of the guilty property, once: a property already set stays (the innermost knows best).
 * Also puts "PROPERTY: " in front of the text when it set it. Returns r. */
int err_property(struct cfs_error *err, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Sets the hint. Returns r. */
int err_hint(struct cfs_error *err, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* When r is -EPERM, and this process lacks the capability: the hint that `what` takes it. Returns r. */
int err_needs(struct cfs_error *err, int r, const char *what, unsigned capability);

/* strerror() with a lower case first letter, without locale, never NULL; for an unknown number "errno N". */
const char *err_strerror(int errnum);

/* The name of a code as the JSON log shows it: "invalid", "not-found", ... */
const char *err_code_name(enum cfs_code code);

void err_clear(struct cfs_error *err);

/* One that another process has sent, which may be hostile: strings end, and are one printable line. Only we
 * read documents, so it has no excerpt of one. */
void err_from_outside(struct cfs_error *err);

/* An analyzer sees one file at a time, and would follow paths on which a failure returns zero.
 * CFS_ANALYZER is for gcc's, which has no macro of its own. */
#if (defined(__clang_analyzer__) || defined(CFS_ANALYZER)) && !defined(ERR_IMPLEMENTATION)
#define err_set(...)   ((void)err_set(__VA_ARGS__), -1)
#define err_sys(...)   ((void)err_sys(__VA_ARGS__), -1)
#define err_path(...)  ((void)err_path(__VA_ARGS__), -1)
#define err_nomem(...) ((void)err_nomem(__VA_ARGS__), -1)
#endif

#endif
