/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of capabilities(7), and the system calls on a thread's sets that libc does not wrap. */
#ifndef BASE_CAPS_H
#define BASE_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#define CAPS_BIT(cap) (UINT64_C(1) << (cap))

/* How many names there are: caps_name() of 0 to caps_count() - 1. */
unsigned caps_count(void);

/* "CAP_CHOWN", or NULL when the number has no name. */
const char *caps_name(unsigned cap);

/* The number of a capability, with or without "CAP_", in upper or lower case; or -1. */
int caps_number(const char *name);

/* Sets of one thread, bit n for capability n. */
struct caps {
        uint64_t effective, permitted, inheritable;
};

/* Of the calling thread. 0 or -errno. */
int caps_get(struct caps *ret);
int caps_set(const struct caps *caps);

/* Whether the calling thread has the capability in its effective set. False when that cannot be found out. */
bool caps_effective(unsigned cap);

#endif
