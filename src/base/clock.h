/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clocks: one that only goes forward, for deadlines and pauses, and the time of day. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary moment (CLOCK_MONOTONIC): setting the host's time does not change them. */
int64_t clock_now_ms(void);
int64_t clock_now_ns(void);

/* The time of day: nanoseconds since 1970 (CLOCK_REALTIME). An administrator may set it back. */
int64_t clock_wall_ns(void);

/* How long poll(2) may wait until the deadline: 0 when it has passed, at most INT_MAX. */
int clock_left_ms(int64_t deadline_ms);

/* Sleeps that long, or until a signal handler has run. */
void clock_sleep_us(unsigned us);

#endif
