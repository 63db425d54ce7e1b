/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns -v, --mount and the Volumes of an image into mounts of the configuration.
 */
#ifndef BOX_BUNDLE_VOLUMES_H
#define BOX_BUNDLE_VOLUMES_H

#include "box/bundle/config.h"

/* -v SOURCE:DEST[:OPTIONS] and -v DEST; --mount WORDS; then what the image has. */
int volumes_add_option(struct config *x, const char *text);
int volumes_add_mount(struct config *x, const char *text);
int volumes_add_image(struct config *x);
/* --volumes-from: where nothing else is mounted. */
int volumes_add_from(struct config *x);

/* mounts.c: adds a mount at `destination`, after removing "//", "." and ".." from it. An error when the
 * user has asked for another mount there. `option` is for the message. */
int mounts_add(struct config *x, const char *option, const char *destination, const char *type,
               const char *source, struct oci_mount **ret);
int mounts_add_tmpfs(struct config *x, const char *option, const char *destination, const char *options);
bool mounts_has(struct config *x, const char *destination);
int mounts_word(struct config *x, struct oci_mount *m, const char *text);

#endif
