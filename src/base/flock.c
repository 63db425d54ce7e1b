/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flock(2) with an end of its waiting.
 *
 * Every process that can open a directory for reading can lock it, and keep the lock: any user of the host a
 * directory of cgroups, any program of a container the one that it sees. flock(2) has no timeout, and the
 * library has no signal to interrupt it: the process is its caller's. So the lock is asked for again and
 * again.
 */
#include "base/flock.h"
#include "base/clock.h"
#include <errno.h>
#include <stdint.h>
#include <sys/file.h>

#define FIRST_PAUSE_US 500
#define LAST_PAUSE_US  20000

int flock_wait(int fd, int lock, int timeout_ms)
{
        int64_t deadline = 0;
        unsigned us = FIRST_PAUSE_US;

        while (flock(fd, lock | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return -errno;
                if (deadline == 0)
                        deadline = clock_now_ms() + timeout_ms;
                else if (clock_now_ms() >= deadline)
                        return -ETIMEDOUT;
                clock_sleep_us(us);
                if (us < LAST_PAUSE_US)
                        us *= 2;
        }
        return 0;
}
