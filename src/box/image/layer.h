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

/* Unpacks the archive that comes from fd beside its place and renames it. When `diff_id` is given and the
 * archive's is another, or `digest` (of the archive as it is) is another, the layer is refused. A layer
 * that is there already is used instead. */
int layer_add(const struct box *box, int fd, const char *name, const char *digest, const char *diff_id,
              uint64_t size, struct layer *ret, struct cfs_error *err);

/* The same from a directory, which is packed as an archive on the way. `overlay`: it is the upper layer of
 * a container. */
int layer_add_directory(const struct box *box, int dir_fd, const char *name, bool overlay, struct layer *ret,
                        struct cfs_error *err);

/* The directory of a layer, opened. */
int layer_open(const struct box *box, int64_t id, struct cfs_error *err);

/* Below ROOT: a directory for a tree that this process makes, to be a layer. It is gone after the next
 * layer_collect() when this process is. */
#define LAYER_TREE_SIZE 128
void layer_tree_path(char ret[LAYER_TREE_SIZE]);

/* Makes such a directory, for its owner alone: its path, ROOT included, is in *ret, for free(). */
int layer_tree_make(const struct box *box, char **ret, struct cfs_error *err);

/* Removes layers that no image has; and what unfinished imports left. Returns how many layers. */
int layer_collect(const struct box *box, struct cfs_error *err);

/* An archive of anything (an OCI layout, a docker archive, a root file system) is unpacked here first, as
 * a layer would be. */
int layer_unpack_aside(const struct box *box, int fd, const char *name, uint64_t size, struct layer *ret,
                       int *ret_dir_fd, struct cfs_error *err);
/* Makes a layer of it, or forgets it. */
int layer_keep(const struct box *box, struct layer *layer, struct cfs_error *err);
void layer_forget(const struct box *box, const struct layer *layer);

#endif
