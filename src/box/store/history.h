/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The history of runs. store/container.c writes it.
 */
#ifndef BOX_STORE_HISTORY_H
#define BOX_STORE_HISTORY_H

#include "box/core/box.h"

/* Which runs to list. A field that is NULL or 0 does not restrict them. */
struct store_history_filter {
        const char *container;        /* a name, or the beginning of an ID */
        const char *image, *user;     /* as they are in the row            */
        int64_t since, until, before; /* started: since <= t < until; seq < before */
        const char *text, *end;       /* part of the name, image, command or ID; how it ended */
        int limit;
};

/* The newest first. Lives in `arena`. */
int store_history_list(const struct box *box, const struct store_history_filter *f, struct oci_arena *arena,
                       struct oci_box_history ***ret, size_t *ret_n, struct cfs_error *err);

#endif
