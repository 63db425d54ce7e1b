/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time that only goes forward, and the time of day.
 *
 * Deadlines use CLOCK_MONOTONIC, clock_gettime(2): an administrator who sets the host's clock neither
 * shortens nor lengthens a wait. A process that has entered a time namespace sees the clock shifted, but
 * always by the same offset.
 */
#include "base/clock.h"
#include <limits.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
        struct timespec t;

        (void)clock_gettime(clock, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_now_ns(void)
{
        return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_now_ms(void)
{
        return clock_now_ns() / 1000000;
}

int64_t clock_wall_ns(void)
{
        return read_clock(CLOCK_REALTIME);
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
