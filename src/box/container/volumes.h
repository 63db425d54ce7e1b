/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The volumes of a container that is made or removed.
 */
#ifndef BOX_CONTAINER_VOLUMES_H
#define BOX_CONTAINER_VOLUMES_H

#include "box/container/container.h"

/* Those that are empty get what the image has where they are mounted, with owners and modes. */
int volumes_fill(const struct container *c, const struct config_fills *fills, int root_fd,
                 struct cfs_error *err);

/* Removes those without a name, except one that another container has come to use. */
int volumes_remove_unnamed(const struct box *box, const char *id, struct cfs_error *err);

/* tree.c: copies all below `from`, with that directory's own attributes, into `to`. Owners inside the range
 * of `n_ids` from `first_id` are moved down to zero. */
int tree_copy(const struct box *box, int from, int to, const char *what, uint32_t first_id, uint32_t n_ids,
              struct cfs_error *err);

#endif
