/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of a map of IDs, wherever config.json has one: linux.uidMappings, and uidMappings of a mount. Of
 * each mistake the kernel would only say EINVAL when the map is written, user_namespaces(7).
 */
#include "libcfs/walk/id_lines.h"
#include <stdint.h>

static bool overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
        return (uint64_t)a < (uint64_t)b + b_size && (uint64_t)b < (uint64_t)a + a_size;
}

static bool share_ids(const struct oci_id_mapping *a, const struct oci_id_mapping *b)
{
        return overlap(a->container_id, b->container_id, a->size, b->size) ||
               overlap(a->host_id, b->host_id, a->size, b->size);
}

bool id_lines_overlap(struct oci_id_mapping *const *lines, size_t n)
{
        for (size_t i = 1; i < n; i++)
                for (size_t j = 0; j < i; j++)
                        if (share_ids(lines[i], lines[j]))
                                return true;
        return false;
}

static void check_line(struct problems *p, const char *property, struct oci_id_mapping *const *lines,
                       size_t i)
{
        const struct oci_id_mapping *a = lines[i];

        if (a->size == 0)
                problem(p, PROP("%s[%zu].size", property, i), "must be at least 1");
        /* 4294967295 means "no ID". */
        if ((uint64_t)a->container_id + a->size > UINT32_MAX || (uint64_t)a->host_id + a->size > UINT32_MAX)
                problem(p, PROP("%s[%zu].size", property, i), "leads beyond 4294967294, the last ID");
        for (size_t j = 0; j < i; j++) {
                const struct oci_id_mapping *b = lines[j];

                if (overlap(a->container_id, b->container_id, a->size, b->size))
                        problem(p, PROP("%s[%zu].containerID", property, i),
                                "maps IDs that %s[%zu] maps already", property, j);
                if (overlap(a->host_id, b->host_id, a->size, b->size))
                        problem(p, PROP("%s[%zu].hostID", property, i), "uses IDs that %s[%zu] uses already",
                                property, j);
        }
}

void id_lines_check(const char *property, struct oci_id_mapping *const *lines, size_t n, struct problems *p)
{
        if (n > ID_LINES_MAX)
                problem(p, property, "has %zu entries, the kernel takes %d", n, ID_LINES_MAX);
        for (size_t i = 0; i < n && i < ID_LINES_MAX; i++)
                check_line(p, property, lines, i);
}
