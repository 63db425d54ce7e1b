/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The history of runs. store/container.c writes it.
 */
#ifndef BOX_STORE_HISTORY_H
#define BOX_STORE_HISTORY_H

#include "box/core/box.h"

/* The newest first; of one container (a name or the beginning of an ID) unless ref is NULL; at most
 * `limit` unless that is 0. */
int store_history_list(const struct box *box, const char *ref, int limit, struct oci_arena *arena,
                       struct oci_box_history ***ret, size_t *ret_n, struct cfs_error *err);

#endif
