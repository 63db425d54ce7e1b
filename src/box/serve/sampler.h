/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resources that all containers use. The server reads them once a second for all streams together, and
 * only while a client reads such a stream.
 */
#ifndef BOX_SERVE_SAMPLER_H
#define BOX_SERVE_SAMPLER_H

#include "box/core/box.h"

struct sampler;

/* Reads them when a second has passed, or when the last reading is older than `wanted`. *ret_at is the
 * time of the last reading, in ms of the monotonic clock; 0: there was only one reading, so usage per time
 * is not known. *ret is valid until the next call. */
int sampler_look(struct sampler **s, const struct box *box, int64_t wanted, int64_t *ret_at,
                 struct oci_box_stats ***ret, size_t *ret_n, struct cfs_error *err);
void sampler_free(struct sampler *s);

#endif
