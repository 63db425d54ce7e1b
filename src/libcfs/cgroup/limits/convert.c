/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the units of cgroup v1 to those of v2.
 *
 * CPU shares. The specification's "shares" go from 2 to 262144 with 1024 as the default, v2's weights from 1
 * to 10000 with 100. A straight line through both ends gives the default container a weight of 39, less than
 * half of that of the system's own services. The curve that the container world has agreed on (Kubernetes KEP
 * 2254 and its successors) goes through all three points: with l = log2(shares),
 *
 *         weight = ceil(10 ^ ((l*l + 125*l) / 612 - 7/34))
 *
 * It is computed here in floating point, but without libm, which a static executable would carry around for
 * this one line: log2 by squaring, 10^x by its series. Both are exact to far more digits than the result has,
 * except at the points where the curve meets an integer (1024 -> 100), which is why the ceiling forgives
 * 1e-9.
 *
 * I/O weights. 10 to 1000 on v1, 1 to 10000 on v2: a straight line.
 */
#include "libcfs/cgroup/limits/convert.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/numlist.h"
#include "base/str.h"
#include <errno.h>

static double log2_of(double x)
{
        double r = 0, bit = 0.5;

        while (x >= 2) {
                x /= 2;
                r += 1;
        }
        for (unsigned i = 0; i < 52; i++, bit /= 2) {
                x *= x;
                if (x >= 2) {
                        x /= 2;
                        r += bit;
                }
        }
        return r;
}

static double exp10_of(double x)
{
        double term = 1, sum = 1, r = 1;

        while (x >= 1) {
                x -= 1;
                r *= 10;
        }
        x *= 2.302585092994045684; /* ln 10 */
        for (unsigned i = 1; i < 40; i++) {
                term *= x / i;
                sum += term;
        }
        return r * sum;
}

uint64_t convert_shares(uint64_t shares)
{
        double l, w;
        uint64_t whole;

        if (shares == 0)
                return 0;
        if (shares <= 2)
                return 1;
        if (shares >= 262144)
                return 10000;
        l = log2_of((double)shares);
        w = exp10_of((l * l + 125 * l) / 612.0 - 7.0 / 34.0);
        whole = (uint64_t)w;
        return w - (double)whole > 1e-9 ? whole + 1 : whole;
}

uint64_t convert_io_weight(uint64_t weight)
{
        if (weight == 0)
                return 0;
        if (weight < 10)
                return 1;
        return 1 + (weight - 10) * 9999 / 990;
}

uint64_t convert_quota_per_second(uint64_t quota, uint64_t period)
{
        uint64_t us;

        if (period == 0)
                period = 100000;
        us = quota > UINT64_MAX / 1000000 ? UINT64_MAX - 10000 : quota * 1000000 / period;
        /* Rounded up: a limit a little too high is harmless, and the file says the exact one. */
        return (us + 9999) / 10000 * 10000;
}

/* As the kernel's bitmap_parselist(): blanks separate as commas do. "0 - 1" is none then. */
int convert_list(const char *list, uint8_t *buf, size_t size)
{
        _cleanup_numlist_ struct numlist numbers = { 0 };
        _cleanup_free_ char *commas = strdup(list);
        struct cfs_error ignored;
        size_t used = 0;

        if (!commas)
                return -ENOMEM;
        for (char *p = commas; *p; p++)
                if (*p == ' ')
                        *p = ',';
        if (numlist_parse(commas, &numbers, &ignored) < 0)
                return -EINVAL;
        memset(buf, 0, size);
        for (unsigned i = 0; i < numbers.n_words * 8 * sizeof(*numbers.words); i++) {
                if (!numlist_has(&numbers, i))
                        continue;
                if (i / 8 >= size)
                        return -EINVAL;
                buf[i / 8] |= (uint8_t)(1U << (i % 8));
                used = i / 8 + 1;
        }
        return (int)used;
}
