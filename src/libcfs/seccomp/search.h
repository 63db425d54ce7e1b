/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the number of a system call to what happens to it, in few comparisons: see search.c. */
#ifndef LIBCFS_SECCOMP_SEARCH_H
#define LIBCFS_SECCOMP_SEARCH_H

#include "libcfs/seccomp/program.h"

/* Numbers from `first` to the next one's `first` - 1 go to `target`. */
struct search_segment {
        uint32_t first;
        place target;
};

#define SEARCH_MAX 2560 /* segments */

/* A holds the number. segments[0].first is 0, neighbours have different targets. */
place search_write(struct program *p, const struct search_segment *segments, unsigned n);

#endif
