/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of linux.uidMappings, linux.gidMappings and the mappings of mounts. */
#ifndef LIBCFS_ID_LINES_H
#define LIBCFS_ID_LINES_H

#include "libcfs/walk/step.h"
#include "ocispec.h"
#include <stddef.h>

#define ID_LINES_MAX 340 /* of a map, user_namespaces(7) */

/* `property` is the array's, as a path in config.json. */
void id_lines_check(const char *property, struct oci_id_mapping *const *lines, size_t n, struct problems *p);

/* Is an ID, of either side, in two lines? For maps that are not a property of their own. */
bool id_lines_overlap(struct oci_id_mapping *const *lines, size_t n);

#endif
