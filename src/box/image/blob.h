/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads files of an image that is unpacked in a directory. The files are not trusted.
 */
#ifndef BOX_IMAGE_BLOB_H
#define BOX_IMAGE_BLOB_H

#include "base/err.h"
#include "oci.h"
#include <stdint.h>

#define BLOB_MAX_JSON (4U << 20) /* of one document: what registries allow for a manifest */

/* Opens a regular file; links are followed inside the directory only. `source` names the directory in
 * messages. */
int blob_open(int dir_fd, const char *source, const char *path, uint64_t *ret_size, struct cfs_error *err);

/* All of a document. The caller frees. */
int blob_text(int dir_fd, const char *source, const char *path, char **ret, size_t *ret_len,
              struct cfs_error *err);

/* The same for blobs/sha256/DIGEST of an OCI layout, whose digest and size are verified. */
int blob_digest_text(int dir_fd, const char *source, const struct oci_descriptor *d, char **ret,
                     size_t *ret_len, struct cfs_error *err);
/* An error when the descriptor has another size (image specification, descriptor.md). */
int blob_check_size(const char *source, const struct oci_descriptor *d, uint64_t size, struct cfs_error *err);

/* An error when it is not a complete digest. Only a digest may become part of a path. */
int blob_check(const char *source, const char *digest, struct cfs_error *err);

/* "blobs/sha256/..." */
const char *blob_path(char *buf, size_t size, const char *digest);

#endif
