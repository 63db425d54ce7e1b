/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images in the store: a configuration, a list of layers, names.
 */
#ifndef BOX_STORE_IMAGE_H
#define BOX_STORE_IMAGE_H

#include "box/core/box.h"
#include "box/core/digest.h"

/* Adds an image, or finds that it is there; with `name` (may be NULL) it gets that name, which leaves any
 * other image. The ID is the digest of the configuration. Durable when it returns. */
int store_image_add(const struct box *box, const char *config, const int64_t *layers, size_t n_layers,
                    const char *name, char ret_id[DIGEST_SIZE], struct cfs_error *err);

/* The image that `ref` means: a name (":latest" is implied, and "docker.io/library/"), or the beginning of
 * an ID. */
int store_image_find(const struct box *box, const char *ref, char ret_id[DIGEST_SIZE], struct cfs_error *err);

/* Its configuration, decoded; what it consists of lives in *ret_arena. `ret_text` (may be NULL) is freed
 * by the caller. */
int store_image_config(const struct box *box, const char *id, struct oci_image **ret,
                       struct oci_arena **ret_arena, char **ret_text, struct cfs_error *err);

/* The layers' numbers, the lowest first; freed by the caller. */
int store_image_layers(const struct box *box, const char *id, int64_t **ret, size_t *ret_n,
                       struct cfs_error *err);

/* One image (id), or all of them, the newest first. Lives in `arena`. */
int store_image_list(const struct box *box, const char *id, struct oci_arena *arena,
                     struct oci_box_image ***ret, size_t *ret_n, struct cfs_error *err);

/* All that is known of the one that `ref` means; what it consists of lives in the two arenas. */
int store_image_inspect(const struct box *box, const char *ref, struct oci_arena *arena,
                        struct oci_box_image **ret, struct oci_arena **ret_config_arena,
                        struct cfs_error *err);

int store_image_tag(const struct box *box, const char *id, const char *name, struct cfs_error *err);

/* Takes the name away; with the last name, or when `ref` is an ID, the image goes too, unless a container
 * needs it. Returns 1 when the image is gone, 0 when only a name is. */
int store_image_remove(const struct box *box, const char *ref, bool force, struct cfs_error *err);

/* "busybox" -> "busybox:latest"; refuses what is not a name. The caller frees. */
int store_image_name(const char *ref, char **ret, struct cfs_error *err);
/* The same of a reference that has led to image `id`; *ret is NULL when it was the beginning of that. */
int store_image_ref(const char *ref, const char *id, char **ret, struct cfs_error *err);

#endif
