/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be wrong with a map of IDs. */
#ifndef LIBCFS_ID_LINES_H
#define LIBCFS_ID_LINES_H

#include "libcfs/walk/step.h"
#include "ocispec.h"
#include <stddef.h>

#define ID_LINES_MAX 340 /* of a map, user_namespaces(7) */

/* `property` is the array's, as a path in config.json. */
void id_lines_check(const char *property, struct oci_id_mapping *const *lines, size_t n, struct problems *p);

/* Is an ID of either side in two lines? Of a map that has no properties of its own to name. */
bool id_lines_overlap(struct oci_id_mapping *const *lines, size_t n);

#endif
