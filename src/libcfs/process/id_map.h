/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the IDs of the container's user namespace are on the host. */
#ifndef LIBCFS_ID_MAP_H
#define LIBCFS_ID_MAP_H

#include "base/err.h"
#include "libcfs/process/namespaces.h"
#include "ocispec.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct oci_arena;

struct id_map {
        const struct oci_id_mapping *const *lines;
        size_t n;
};

/* The maps of the container's user namespace: of one that is new, the configuration's (or our own IDs as
 * 0); of one that is joined, what the kernel says. In the arena. */
int id_map_get(const struct namespaces_plan *plan, const struct oci_linux *l, int proc_fd,
               struct oci_arena *arena, struct id_map *ret_uids, struct id_map *ret_gids,
               struct cfs_error *err);

/* The ID of the host; false when it is not mapped. */
bool id_map_host(const struct id_map *map, uint32_t id, uint32_t *ret);

/* The ID inside that the root user of the container has: 0, or the first that is mapped when that is not. */
uint32_t id_map_root(const struct id_map *map);

/* Reads the text of a file uid_map or gid_map, user_namespaces(7). In the arena. */
int id_map_parse(const char *text, struct oci_arena *arena, struct id_map *ret, struct cfs_error *err);

#endif
