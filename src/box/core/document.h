/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documents as JSON: for --format json and for the server.
 */
#ifndef BOX_CORE_DOCUMENT_H
#define BOX_CORE_DOCUMENT_H

#include "base/str.h"
#include "oci.h"

/* As oci_encode(). JSON is UTF-8, but the command of a container may have any bytes: those that are not UTF-8
 * become `?`, also in the document itself. */
int document_encode(const struct oci_type *type, void *document, int indent, char **ret, size_t *ret_len,
                    struct cfs_error *err);

/* Appends the array, and a newline. */
int document_list(struct str *s, const struct oci_type *type, void *const *documents, size_t n,
                  struct cfs_error *err);

/* Makes text UTF-8 without NUL. */
void document_clean(char *text, size_t len);

#endif
