/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoding lists.
 */
#include "box/core/document.h"
#include "base/cleanup.h"
#include "json.h"

int document_list(struct str *s, const struct oci_type *type, void *const *documents, size_t n,
                  struct cfs_error *err)
{
        _cleanup_json_writer_ struct json_writer *w = json_writer_new(0);
        _cleanup_free_ char *text = NULL;
        int r = 0;

        json_write_array(w);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = oci_encode_into(w, type, documents[i], err);
        json_write_array_end(w);
        if (r >= 0)
                r = json_writer_take(TAKE_PTR(w), &text, NULL, err);
        if (r < 0)
                return r;
        str_add(s, text);
        str_add(s, "\n");
        return s->failed ? err_nomem(err) : 0;
}
