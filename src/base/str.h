/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strings: a growing buffer, strict number parsing, small predicates.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A growing buffer. Zero-initialise; s->p is NUL-terminated whenever it is not NULL. After a failed
 * allocation `failed` is set, further additions do nothing, and str_take() reports it: so that callers
 * check once. */
struct str {
        char *p;
        size_t len;
        size_t cap;
        bool failed;
};

static inline void str_free(struct str *s)
{
        free(s->p);
        *s = (struct str){ 0 };
}

#define _cleanup_str_ __attribute__((cleanup(str_free)))

void str_add(struct str *s, const char *text);
void str_add_n(struct str *s, const char *data, size_t n);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Hands the text ("" when nothing was added) to the caller, who frees it. -ENOMEM when an addition failed. */
int str_take(struct str *s, char **ret, struct cfs_error *err);

/* asprintf() in our convention; the caller frees *ret. */
int str_printf(char **ret, struct cfs_error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int str_dup(char **ret, const char *s, struct cfs_error *err);

/* The whole string must be one decimal number (no sign for the unsigned one, no blanks, no overflow).
 * 0, or -EINVAL / -ERANGE without a message: the caller knows what the number is. */
int str_to_u64(const char *s, uint64_t *ret);
int str_to_i64(const char *s, int64_t *ret);
/* As str_to_u64, limited to 0..4294967294: (uid_t)-1 means "no change" to the kernel and is refused. */
int str_to_id(const char *s, uint32_t *ret);

static inline bool str_has_prefix(const char *s, const char *prefix)
{
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline bool str_empty(const char *s)
{
        return !s || !*s;
}

/* NULL equals NULL only. */
bool str_eq(const char *a, const char *b);

#endif
