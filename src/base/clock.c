/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time that only goes forward.
 *
 * Deadlines use CLOCK_MONOTONIC, clock_gettime(2): an administrator who sets the host's clock neither
 * shortens nor lengthens a wait. A process that has entered a time namespace sees the clock shifted, but
 * always by the same offset.
 */
#include "base/clock.h"
#include <limits.h>
#include <time.h>

int64_t clock_now_ms(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int clock_left_ms(int64_t deadline_ms)
{
        int64_t left = deadline_ms - clock_now_ms();

        return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void clock_sleep_us(unsigned us)
{
        const struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000 };

        (void)nanosleep(&t, NULL);
}
