/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strings: a growing buffer and strict number parsing.
 *
 * strtoull(3) accepts blanks, signs (it negates!), and a number's beginning; each of these has given some
 * runtime a wrong user id (CVE-2026-30892: `exec --user ""`). The parsers here accept the digits and nothing
 * else.
 */
#include "base/str.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define LARGE ((size_t)256 << 10)

/* Makes room for n more bytes and the NUL. */
static bool reserve(struct str *s, size_t n)
{
        size_t need, cap;
        char *p;

        if (s->failed)
                return false;
        if (__builtin_add_overflow(s->len, n, &need) || __builtin_add_overflow(need, 1, &need))
                goto fail;
        if (need <= s->cap)
                return true;
        cap = s->cap ? s->cap : 64;
        /* What is large grows without being copied (mremap(2)), and each page of it has to be made. */
        while (cap < need) {
                if (__builtin_add_overflow(cap, cap < LARGE ? cap : cap / 4, &cap))
                        goto fail;
        }
        p = realloc(s->p, cap);
        if (!p)
                goto fail;
        s->p = p;
        s->cap = cap;
        return true;
fail:
        s->failed = true;
        return false;
}

void str_add_n(struct str *s, const char *data, size_t n)
{
        if (!reserve(s, n))
                return;
        if (n > 0)
                memcpy(s->p + s->len, data, n);
        s->len += n;
        s->p[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
        str_add_n(s, text, strlen(text));
}

__attribute__((format(printf, 2, 0))) static void str_vaddf(struct str *s, const char *fmt, va_list ap)
{
        va_list again;
        int n;

        va_copy(again, ap);
        /* Most additions are short: the first attempt usually is the last. */
        if (reserve(s, 32)) {
                n = vsnprintf(s->p + s->len, s->cap - s->len, fmt, ap);
                if (n < 0)
                        s->failed = true;
                else if ((size_t)n < s->cap - s->len)
                        s->len += (size_t)n;
                else if (reserve(s, (size_t)n))
                        s->len += (size_t)vsnprintf(s->p + s->len, s->cap - s->len, fmt, again);
                /* The analyzer cannot see through __builtin_add_overflow() that reserve() made room.
                 * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
                s->p[s->len] = '\0';
        }
        va_end(again);
}

void str_addf(struct str *s, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        str_vaddf(s, fmt, ap);
        va_end(ap);
}

int str_take(struct str *s, char **ret, struct cfs_error *err)
{
        if (!s->failed && !s->p)
                (void)reserve(s, 0);
        if (s->failed) {
                str_free(s);
                return err_nomem(err);
        }
        s->p[s->len] = '\0';
        *ret = s->p;
        *s = (struct str){ 0 };
        return 0;
}

int str_printf(char **ret, struct cfs_error *err, const char *fmt, ...)
{
        struct str s = { 0 };
        va_list ap;

        va_start(ap, fmt);
        str_vaddf(&s, fmt, ap);
        va_end(ap);
        return str_take(&s, ret, err);
}

int str_dup(char **ret, const char *s, struct cfs_error *err)
{
        char *copy = strdup(s);

        if (!copy)
                return err_nomem(err);
        *ret = copy;
        return 0;
}

int str_to_u64(const char *s, uint64_t *ret)
{
        uint64_t v = 0;

        if (str_empty(s))
                return -EINVAL;
        for (; *s; s++) {
                if (*s < '0' || *s > '9') /* not isdigit(3): that is the locale's business */
                        return -EINVAL;
                if (__builtin_mul_overflow(v, 10, &v) ||
                    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v)) {
                        /* Too large, but is it a number at all? */
                        return s[strspn(s, "0123456789")] ? -EINVAL : -ERANGE;
                }
        }
        *ret = v;
        return 0;
}

int str_to_i64(const char *s, int64_t *ret)
{
        bool negative = s && *s == '-';
        uint64_t v;
        int r;

        r = str_to_u64(negative ? s + 1 : s, &v);
        if (r < 0)
                return r;
        if (v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
                return -ERANGE;
        *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
        return 0;
}

int str_to_id(const char *s, uint32_t *ret)
{
        uint64_t v;
        int r;

        r = str_to_u64(s, &v);
        if (r < 0)
                return r;
        if (v >= UINT32_MAX)
                return -ERANGE;
        *ret = (uint32_t)v;
        return 0;
}

bool str_eq(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}
