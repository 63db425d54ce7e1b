/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The volumes of a container that is made or removed.
 */
#ifndef BOX_CONTAINER_VOLUMES_H
#define BOX_CONTAINER_VOLUMES_H

#include "box/container/container.h"

/* Copies into each empty volume the files that the image has where the volume is mounted, with owners and
 * modes. */
int volumes_fill(const struct container *c, const struct config_fills *fills, int root_fd,
                 struct cfs_error *err);

/* Removes the container's volumes without a name, except those that another container uses. */
int volumes_remove_unnamed(const struct box *box, const char *id, struct cfs_error *err);

/* tree.c: copies everything below directory `from` into directory `to`, and the attributes of the
 * directory. An owner in the range of n_ids IDs from first_id on becomes the owner minus first_id. */
int tree_copy(const struct box *box, int from, int to, const char *what, uint32_t first_id, uint32_t n_ids,
              struct cfs_error *err);

#endif
