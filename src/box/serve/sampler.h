/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all containers use: looked at once a second, for all streams together, and only while there are any.
 */
#ifndef BOX_SERVE_SAMPLER_H
#define BOX_SERVE_SAMPLER_H

#include "box/core/box.h"

struct sampler;

/* Looks, when it is time again, or the last look is older than `wanted`. *ret_at is when it was looked last,
 * ms of the monotonic clock; 0: not often enough yet to tell how much has been used since. *ret lives until
 * the next call. */
int sampler_look(struct sampler **s, const struct box *box, int64_t wanted, int64_t *ret_at,
                 struct oci_box_stats ***ret, size_t *ret_n, struct cfs_error *err);
void sampler_free(struct sampler *s);

#endif
