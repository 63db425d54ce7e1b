/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container uses at the moment.
 */
#ifndef BOX_CONTAINER_STATS_H
#define BOX_CONTAINER_STATS_H

#include "box/core/box.h"

/* One sample. Strings live in the arena. */
int stats_sample(const struct box *box, const struct oci_box_container *c, struct oci_arena *arena,
                 struct oci_box_stats *ret, struct cfs_error *err);

#endif
