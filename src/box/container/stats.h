/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container uses at the moment.
 */
#ifndef BOX_CONTAINER_STATS_H
#define BOX_CONTAINER_STATS_H

#include "box/core/box.h"

/* The counters of each container at one time. The next look subtracts them. */
struct stats_round {
        struct {
                char id[BOX_ID_SIZE];
                uint64_t cpu, when;
        } list[1024];
        size_t n;
};

/* The statistics of all running containers, or of `only` that one, in the arena. Fills `now`; `before` is
 * the `now` of an earlier call, or empty. */
int stats_all(const struct box *box, const char *only, struct oci_arena *arena,
              const struct stats_round *before, struct stats_round *now, struct oci_box_stats ***ret,
              size_t *ret_n, struct cfs_error *err);

#endif
