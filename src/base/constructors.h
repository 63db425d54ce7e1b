/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Constructors of libraries, run late. Those of libcap and libselinux make fifteen system calls before
 * main(), to find out how many capabilities the kernel has and where SELinux is mounted. Few commands need
 * that.
 *
 * When cfs is linked with musl (src/musl), its start-up code does not run them. A file that uses one of these
 * libraries calls constructors_needed() first. With another C library they have run before main(), and
 * constructors_needed() does nothing.
 */
#ifndef BASE_CONSTRUCTORS_H
#define BASE_CONSTRUCTORS_H

void constructors_run(void) __attribute__((weak));

static inline void constructors_needed(void)
{
        if (constructors_run)
                constructors_run();
}

#endif
