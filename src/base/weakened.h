/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds without one defence, which show that the tests of tests/security can fail.
 *
 * When a test of an attack passes, the attack may have failed for another reason than the defence. So each of
 * these tests is also run without the defence, and must fail then. In a build with `configure
 * --enable-weakened` the environment variable CFS_WEAKEN names one defence, and the runtime leaves that one
 * out:
 *
 *      if (r >= 0 && !WEAKENED("stacked-root"))
 *              r = detach_what_is_stacked(c, err);
 *
 * In every other build WEAKENED() is the constant false, and the compiler drops it: the variable has no
 * effect. A weakened build cannot be installed, and `cfs --version` says what it is. `make check-weakened`
 * makes one and runs the tests whose title ends in the name of a defence, [stacked-root], with it
 * (tests/security/weakened).
 */
#ifndef BASE_WEAKENED_H
#define BASE_WEAKENED_H

#include <stdbool.h>

#ifdef CFS_WEAKENED
#include <stdlib.h>
#include <string.h>

static inline bool weakened_is(const char *defence)
{
        const char *named = getenv("CFS_WEAKEN");

        return named && strcmp(named, defence) == 0;
}

#define WEAKENED(defence) weakened_is(defence)
#else
#define WEAKENED(defence) false
#endif

#endif
