/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Named volumes, and the containers that use them.
 */
#ifndef BOX_STORE_VOLUMES_H
#define BOX_STORE_VOLUMES_H

#include "box/core/box.h"
#include "oci.h"

/* All of them by name, each with the containers that use it, in an arena. */
int volumes_list(const struct box *box, struct oci_arena *arena, struct oci_box_volume ***ret, size_t *ret_n,
                 struct cfs_error *err);

/* The one of this name, in a list. An error when there is none. */
int volumes_find(struct oci_box_volume *const *list, size_t n, const char *name, struct oci_box_volume **ret,
                 struct cfs_error *err);

/* Removes it with what is in it. An error while a container uses it. */
int volumes_remove(const struct box *box, const struct oci_box_volume *v, struct cfs_error *err);

#endif
