/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers on the command line.
 *
 * strtoll(3) accepts blanks and stops where it likes; sizes and durations follow the forms that users of the
 * established runtime know ("50M", "1.5g", "100ms"). Everything is computed in integers and every overflow is
 * an error.
 */
#include "cli/number.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Digits, at least one, from *s on, which is moved behind them. */
static int digits(const char **s, uint64_t *ret)
{
        uint64_t v = 0;

        if (!isdigit((unsigned char)**s))
                return -EINVAL;
        for (; isdigit((unsigned char)**s); (*s)++)
                if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(**s - '0'), &v))
                        return -ERANGE;
        *ret = v;
        return 0;
}

int number_int(const char *s, int64_t *ret)
{
        bool minus = *s == '-';
        uint64_t v;
        int r;

        s += *s == '-' || *s == '+';
        r = digits(&s, &v);
        if (r < 0 || *s)
                return r < 0 ? r : -EINVAL;
        if (v > (uint64_t)INT64_MAX + minus)
                return -ERANGE;
        *ret = minus ? (int64_t)(0 - v) : (int64_t)v;
        return 0;
}

/* "12" or "12.5": the whole part, and the fraction in units of 1e-9 (more digits are dropped). */
static int decimal(const char **s, uint64_t *whole, uint64_t *nano)
{
        int r = digits(s, whole);

        *nano = 0;
        if (r < 0 || **s != '.')
                return r;
        (*s)++;
        if (!isdigit((unsigned char)**s))
                return -EINVAL;
        for (uint64_t unit = 100000000; isdigit((unsigned char)**s); unit /= 10, (*s)++)
                *nano += unit * (uint64_t)(**s - '0');
        return 0;
}

/* unit * nano / 10^9, where the product may not fit: a processor of 32 bits has no type of 128. */
static uint64_t fraction_of(uint64_t unit, uint64_t nano)
{
        const uint64_t billion = 1000000000;

        return unit / billion * nano + unit % billion * nano / billion;
}

int number_size(const char *s, int64_t *ret)
{
        static const char suffixes[] = "kmgtp";
        uint64_t whole, nano, v, part;
        unsigned shift = 0;
        int r;

        if (strcmp(s, "-1") == 0) {
                *ret = -1;
                return 0;
        }
        r = decimal(&s, &whole, &nano);
        if (r < 0)
                return r;
        if (*s) {
                const char *p = strchr(suffixes, tolower((unsigned char)*s));

                if (p) {
                        shift = 10 * (unsigned)(p - suffixes + 1);
                        s++;
                        if (*s == 'i' && (s[1] == 'b' || s[1] == 'B'))
                                s++;
                }
                if (*s == 'b' || *s == 'B')
                        s++;
                if (*s)
                        return -EINVAL;
        }
        part = fraction_of((uint64_t)1 << shift, nano);
        if (__builtin_mul_overflow(whole, (uint64_t)1 << shift, &v) || __builtin_add_overflow(v, part, &v) ||
            v > INT64_MAX)
                return -ERANGE;
        *ret = (int64_t)v;
        return 0;
}

/* The unit at *s, in nanoseconds; 0: none. */
static uint64_t duration_unit(const char **s)
{
        static const struct {
                const char *name;
                uint64_t ns;
        } units[] = { /* longer names first: "ms" begins with "m" */
                      { "ns", 1 },         { "us", 1000 },       { "\302\265s", 1000 }, { "ms", 1000000 },
                      { "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 }
        };

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                size_t len = strlen(units[i].name);

                if (strncmp(*s, units[i].name, len) == 0) {
                        *s += len;
                        return units[i].ns;
                }
        }
        return 0;
}

int number_duration(const char *s, uint64_t *ret_ms)
{
        uint64_t total = 0;

        if (!*s)
                return -EINVAL;
        while (*s) {
                uint64_t whole, nano, unit, ns, part;
                int r = decimal(&s, &whole, &nano);

                if (r < 0)
                        return r;
                unit = duration_unit(&s);
                if (!unit)
                        return -EINVAL;
                part = fraction_of(unit, nano);
                if (__builtin_mul_overflow(whole, unit, &ns) || __builtin_add_overflow(total, ns, &total) ||
                    __builtin_add_overflow(total, part, &total))
                        return -ERANGE;
        }
        *ret_ms = total / 1000000;
        return 0;
}
