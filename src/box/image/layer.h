/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layers in the store: unpacked once, shared by all images that have them.
 */
#ifndef BOX_IMAGE_LAYER_H
#define BOX_IMAGE_LAYER_H

#include "box/core/box.h"
#include "box/core/digest.h"
#include "box/image/unpack.h"

struct layer {
        int64_t id; /* its directory is ROOT/layers/ID */
        char digest[DIGEST_SIZE], diff_id[DIGEST_SIZE];
};

/* The ready layer of that digest: 1, or 0 when there is none. */
int layer_find(const struct box *box, const char *diff_id, struct layer *ret, struct cfs_error *err);

/* Unpacks the archive from fd into a temporary directory, then renames that to ROOT/layers/ID. Fails when
 * the digest of the archive differs from `digest`, or that of the uncompressed archive from `diff_id`;
 * both may be NULL. When the store has this layer, *ret is that one. */
int layer_add(const struct box *box, int fd, const char *name, const char *digest, const char *diff_id,
              uint64_t size, struct layer *ret, struct cfs_error *err);

/* The same from a directory, which is packed as an archive on the way. `overlay`: it is the upper layer of
 * a container. */
int layer_add_directory(const struct box *box, int dir_fd, const char *name, bool overlay, struct layer *ret,
                        struct cfs_error *err);

/* The directory of a layer, opened. */
int layer_open(const struct box *box, int64_t id, struct cfs_error *err);

/* A path, below ROOT, for a directory that this process will turn into a layer. layer_collect() removes it
 * when this process has ended. */
#define LAYER_TREE_SIZE 128
void layer_tree_path(char ret[LAYER_TREE_SIZE]);

/* Makes such a directory with mode 0700. *ret is its absolute path; the caller frees it. */
int layer_tree_make(const struct box *box, char **ret, struct cfs_error *err);

/* Removes layers that no image uses, and what unfinished imports have left. Returns how many layers it
 * removed. */
int layer_collect(const struct box *box, struct cfs_error *err);

/* Unpacks an archive (an OCI layout, a docker archive or a root file system) as a layer, before its kind
 * is known. *ret_dir_fd is the directory. The caller then calls layer_keep() or layer_forget(). */
int layer_unpack_aside(const struct box *box, int fd, const char *name, uint64_t size, struct layer *ret,
                       int *ret_dir_fd, struct cfs_error *err);
/* Makes it a layer of the store; or removes it. */
int layer_keep(const struct box *box, struct layer *layer, struct cfs_error *err);
void layer_forget(const struct box *box, const struct layer *layer);

#endif
