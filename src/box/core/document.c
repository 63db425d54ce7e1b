/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoding lists.
 */
#include "box/core/document.h"
#include "base/cleanup.h"

int document_list(struct str *s, const struct oci_type *type, void *const *documents, size_t n,
                  struct cfs_error *err)
{
        int r = 0;

        str_add(s, "[");
        for (size_t i = 0; r >= 0 && i < n; i++) {
                _cleanup_free_ char *text = NULL;
                size_t len = 0;

                r = oci_encode(type, documents[i], 0, &text, &len, err);
                str_add(s, i ? "," : "");
                if (r >= 0)
                        str_add_n(s, text, len);
        }
        str_add(s, "]\n");
        return r < 0 ? r : s->failed ? err_nomem(err) : 0;
}
