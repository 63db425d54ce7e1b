/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libselinux does before main(): nine system calls, to find out where SELinux is. Few commands need to
 * know. Where cfs has its own C library (src/musl), constructors of libraries wait, and the files that use
 * such a library call constructors_needed() before. Elsewhere they have run, and this does nothing.
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
