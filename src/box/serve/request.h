/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The JSON documents in the bodies of requests.
 */
#ifndef BOX_SERVE_REQUEST_H
#define BOX_SERVE_REQUEST_H

#include "base/err.h"
#include "oci.h"

/* Decodes a document. Unlike in documents of OCI, an unknown property is an error: it is probably
 * misspelt. Errors name the place: "body:1:18: pids_limit: expected ...". */
int request_decode(const char *text, size_t len, const struct oci_type *type, void **ret,
                   struct oci_arena **ret_arena, struct cfs_error *err);

/* The property `command` of a document: a line, which is split as a shell does, or a list of words. *ret_n
 * is 0 when it is missing. The words live in `arena`. */
int request_command(const char *text, size_t len, struct oci_arena *arena, char ***ret, size_t *ret_n,
                    struct cfs_error *err);

/* Words with blanks between them; '...', "..." and \ as in sh(1), nothing is expanded. */
int request_split(const char *line, struct oci_arena *arena, char ***ret, size_t *ret_n,
                  struct cfs_error *err);

#endif
