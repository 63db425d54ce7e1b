/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The documents that requests bring.
 */
#ifndef BOX_SERVE_REQUEST_H
#define BOX_SERVE_REQUEST_H

#include "base/str.h"
#include "oci.h"

/* Decodes it. Other than in documents of OCI a property that is not known is an error, for it is a mistake
 * of which its author wants to hear. Errors name the place: "body:1:18: pids_limit: expected ...". */
int request_decode(const char *text, size_t len, const struct oci_type *type, void **ret,
                   struct oci_arena **ret_arena, struct cfs_error *err);

/* Its `command`: a line, which is split as a shell does, or a list of words. None: *ret_n is 0. What it
 * consists of lives in `arena`. */
int request_command(const char *text, size_t len, struct oci_arena *arena, char ***ret, size_t *ret_n,
                    struct cfs_error *err);

/* Words with blanks between them; '...', "..." and \ as in sh(1), nothing is expanded. */
int request_split(const char *line, struct oci_arena *arena, char ***ret, size_t *ret_n,
                  struct cfs_error *err);

#endif
