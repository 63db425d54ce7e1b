/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of documents as JSON: for --format json and for the server.
 */
#ifndef BOX_CORE_DOCUMENT_H
#define BOX_CORE_DOCUMENT_H

#include "base/str.h"
#include "oci.h"

/* Appends the array, and a newline. */
int document_list(struct str *s, const struct oci_type *type, void *const *documents, size_t n,
                  struct cfs_error *err);

#endif
