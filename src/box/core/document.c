/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoding documents. Text that is not UTF-8 is rare, and is looked for only when encoding has failed.
 */
#include "box/core/document.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "json.h"

void document_clean(char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                i += utf8_length(text + i, len - i);
                if (i < len)
                        text[i] = '?';
        }
        for (char *nul = len ? memchr(text, '\0', len) : NULL; nul;
             nul = memchr(nul, '\0', len - (size_t)(nul - text)))
                *nul = '?';
}

static void clean_string(char *s)
{
        document_clean(s, strlen(s));
}

static int clean_property(void *data, const char *path, const struct oci_property *p, const void *object)
{
        const char *field = (const char *)object + p->offset;
        struct oci_string_map *map;
        char **list, *text;
        size_t n;

        if (p->kind != OCI_STRING)
                return 0;
        if (p->shape == OCI_ONE) {
                memcpy(&text, field, sizeof(text));
                clean_string(text);
        } else if (p->shape == OCI_ARRAY) {
                memcpy(&list, field, sizeof(list));
                memcpy(&n, (const char *)object + p->count_offset, sizeof(n));
                for (size_t i = 0; i < n; i++)
                        clean_string(list[i]);
        } else {
                memcpy(&map, field, sizeof(map));
                for (size_t i = 0; i < map->n; i++) {
                        clean_string(map->entries[i].key);
                        clean_string(map->entries[i].value);
                }
        }
        return 0;
}

int document_encode(const struct oci_type *type, void *document, int indent, char **ret, size_t *ret_len,
                    struct cfs_error *err)
{
        struct cfs_error first;
        int r = oci_encode(type, document, indent, ret, ret_len, &first);

        if (r >= 0)
                return r;
        (void)oci_walk_present(type, document, clean_property, NULL);
        return oci_encode(type, document, indent, ret, ret_len, err);
}

static int list_text(const struct oci_type *type, void *const *documents, size_t n, char **ret,
                     struct cfs_error *err)
{
        _cleanup_json_writer_ struct json_writer *w = json_write_new(0);
        int r = 0;

        json_write_array(w);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = oci_encode_into(w, type, documents[i], err);
        json_write_array_end(w);
        return r < 0 ? r : json_write_take(TAKE_PTR(w), ret, NULL, err);
}

int document_list(struct str *s, const struct oci_type *type, void *const *documents, size_t n,
                  struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        struct cfs_error first;
        int r = list_text(type, documents, n, &text, &first);

        if (r < 0) {
                for (size_t i = 0; i < n; i++)
                        (void)oci_walk_present(type, documents[i], clean_property, NULL);
                r = list_text(type, documents, n, &text, err);
        }
        if (r < 0)
                return r;
        str_add(s, text);
        str_add(s, "\n");
        return s->failed ? err_nomem(err) : 0;
}
