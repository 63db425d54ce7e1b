/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container uses at the moment.
 */
#ifndef BOX_CONTAINER_STATS_H
#define BOX_CONTAINER_STATS_H

#include "box/core/box.h"

/* What was seen of each container at one time, to tell how much it has used since. */
struct stats_round {
        struct {
                char id[BOX_ID_SIZE];
                uint64_t cpu, when;
        } list[1024];
        size_t n;
};

/* All that run, or `only` that one. `now` is filled; `before` may be empty. */
int stats_all(const struct box *box, const char *only, struct oci_arena *arena,
              const struct stats_round *before, struct stats_round *now, struct oci_box_stats ***ret,
              size_t *ret_n, struct cfs_error *err);

#endif
