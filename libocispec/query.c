/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions that several readers of a document ask. */
#include "oci.h"
#include <string.h>

bool oci_mount_has_option(const struct oci_mount *m, const char *option)
{
        for (size_t i = 0; i < m->n_options; i++)
                if (strcmp(m->options[i], option) == 0)
                        return true;
        return false;
}

const char *oci_find_string(const struct oci_string_map *m, const char *key)
{
        for (size_t i = 0; m && i < m->n; i++)
                if (m->entries[i].key[0] == key[0] && strcmp(m->entries[i].key, key) == 0)
                        return m->entries[i].value;
        return NULL;
}

const struct oci_namespace *oci_find_namespace(const struct oci_linux *l, const char *type)
{
        for (size_t i = 0; i < l->n_namespaces; i++)
                if (l->namespaces[i]->type && strcmp(l->namespaces[i]->type, type) == 0)
                        return l->namespaces[i];
        return NULL;
}

bool oci_is_mapped(struct oci_id_mapping *const *maps, size_t n, uint32_t id)
{
        for (size_t i = 0; i < n; i++)
                if (id >= maps[i]->container_id && id - maps[i]->container_id < maps[i]->size)
                        return true;
        return false;
}
