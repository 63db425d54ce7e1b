/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documents as JSON: for --format json and for the server.
 */
#ifndef BOX_CORE_DOCUMENT_H
#define BOX_CORE_DOCUMENT_H

#include "base/str.h"
#include "oci.h"

/* As oci_encode(). A container's command may hold any bytes, and JSON cannot: those that are not UTF-8 become
 * `?`, in the document too. */
int document_encode(const struct oci_type *type, void *document, int indent, char **ret, size_t *ret_len,
                    struct cfs_error *err);

/* Appends the array, and a newline. */
int document_list(struct str *s, const struct oci_type *type, void *const *documents, size_t n,
                  struct cfs_error *err);

/* Makes text UTF-8 without NUL. */
void document_clean(char *text, size_t len);

#endif
