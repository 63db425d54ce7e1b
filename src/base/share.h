/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at many things, shared among the processors. */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include <stddef.h>
#include <sys/types.h>

struct share;

/* Looks at the i-th thing in another process, and stores at ret what is to be known of it; its size, or
 * negative: the caller of share_take() has to look. It must change nothing that outlives its process. */
typedef ssize_t share_fn(void *data, size_t i, void *ret, size_t size);

/* Makes processes that look at n things from the last one on. NULL when there are none: too few things, one
 * processor, or the kernel refused. The functions below take NULL. */
struct share *share_begin(size_t n, share_fn *fn, void *data);

/* For each thing, from the first one on: what another process has found, valid until share_end(), and aligned
 * for any type; or NULL when the caller has to look: from then on no other process will begin to. Never
 * waits. */
void *share_take(struct share *s, size_t i, size_t *ret_size);

/* Ends the processes. At any time. */
void share_end(struct share *s);

static inline void share_end_p(struct share **s)
{
        share_end(*s);
}
#define _cleanup_share_ __attribute__((cleanup(share_end_p)))

#endif
