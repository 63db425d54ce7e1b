/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times as docker's --since has them: seconds since 1970, a duration before now in Go's form (1h30m,
 * 2.5s), a date, a date and a time (RFC 3339), in local time where no zone is said.
 */
#include "box/core/time.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"
#include <ctype.h>
#include <time.h>

#define SECOND 1000000000LL

/* Digits and maybe a fraction, times `unit`. What follows, or NULL. */
static const char *decimal(const char *s, int64_t unit, int64_t *ret)
{
        int64_t part = unit;
        int64_t whole = 0;

        if (!isdigit((unsigned char)*s))
                return NULL;
        for (; isdigit((unsigned char)*s); s++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, *s - '0', &whole))
                        return NULL;
        if (__builtin_mul_overflow(whole, unit, &whole))
                return NULL;
        if (*s == '.')
                for (s++; isdigit((unsigned char)*s); s++) {
                        part /= 10;
                        if (__builtin_add_overflow(whole, part * (*s - '0'), &whole))
                                return NULL;
                }
        *ret = whole;
        return s;
}

/* "1h30m": a number and a unit, again and again. */
static bool duration(const char *s, int64_t *ret)
{
        static const struct {
                const char *name;
                int64_t ns;
        } units[] = { { "ms", 1000000 }, { "us", 1000 },       { "ns", 1 },
                      { "s", SECOND },   { "m", 60 * SECOND }, { "h", 3600 * SECOND } };
        int64_t sum = 0;

        while (*s) {
                size_t number = strspn(s, "0123456789."), i = 0;
                int64_t part;

                while (i < ARRAY_SIZE(units) && !str_has_prefix(s + number, units[i].name))
                        i++;
                if (i == ARRAY_SIZE(units) || decimal(s, units[i].ns, &part) != s + number ||
                    __builtin_add_overflow(sum, part, &sum))
                        return false;
                s += number + strlen(units[i].name);
        }
        *ret = sum;
        return true;
}

/* "Z", "+01:00", "-0530", or nothing. *ret: seconds east of Greenwich; returns 0, 1 without a zone, -1. */
static int zone(const char *s, int64_t *ret)
{
        int64_t n = 0;
        unsigned digits = 0;

        *ret = 0;
        if (!*s)
                return 1;
        if (STREQ(s, "Z") || STREQ(s, "z"))
                return 0;
        if (*s != '+' && *s != '-')
                return -1;
        for (const char *p = s + 1; *p; p++) {
                if (*p == ':' && digits == 2)
                        continue;
                if (!isdigit((unsigned char)*p) || ++digits > 4)
                        return -1;
                n = n * 10 + *p - '0';
        }
        if (digits != 4)
                return -1;
        *ret = (n / 100 * 60 + n % 100) * 60 * (*s == '-' ? -1 : 1);
        return 0;
}

static bool date(const char *text, int64_t *ret)
{
        static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                             "%Y-%m-%d" };
        struct tm tm = { 0 };
        const char *rest = NULL;
        int64_t offset, fraction = 0, seconds;
        int zoned;

        for (size_t i = 0; !rest && i < ARRAY_SIZE(forms); i++) {
                tm = (struct tm){ .tm_isdst = -1 };
                rest = strptime(text, forms[i], &tm);
                if (rest && *rest == '.') {
                        _cleanup_free_ char *number = NULL;
                        struct cfs_error ignored;

                        if (i > 1 ||
                            str_printf(&number, &ignored, "0%.*s", (int)(1 + strspn(rest + 1, "0123456789")),
                                       rest) < 0 ||
                            !decimal(number, SECOND, &fraction))
                                return false;
                        rest += 1 + strspn(rest + 1, "0123456789");
                }
                if (rest && zone(rest, &offset) < 0)
                        rest = NULL;
        }
        if (!rest)
                return false;
        zoned = zone(rest, &offset) == 0;
        seconds = zoned ? (int64_t)timegm(&tm) - offset : (int64_t)mktime(&tm);
        return !__builtin_mul_overflow(seconds, SECOND, &seconds) &&
               !__builtin_add_overflow(seconds, fraction, ret);
}

bool time_parse_ns(const char *text, int64_t *ret)
{
        bool before = *text == '-';
        const char *rest = decimal(text + before, SECOND, ret);
        int64_t ago;

        if (rest && !*rest) {
                *ret = before ? -*ret : *ret;
                return true;
        }
        if (!before && *text && duration(text, &ago)) {
                *ret = clock_wall_ns() - ago;
                return true;
        }
        return date(text, ret);
}

bool time_parse(const char *text, int64_t *ret)
{
        int64_t ns;

        if (!time_parse_ns(text, &ns))
                return false;
        *ret = ns >= 0 ? ns / SECOND : -((-ns + SECOND - 1) / SECOND);
        return true;
}
