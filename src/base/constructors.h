/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libcap and libselinux do before main(): fifteen system calls, to find out how many capabilities the
 * kernel has and where SELinux is. Few commands need to know. Where cfs has its own C library (src/musl),
 * constructors of libraries wait, and the files that need what one finds out call constructors_needed()
 * before. Elsewhere they have run, and this does nothing.
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
