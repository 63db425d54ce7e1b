/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container's root file system: the image's layers below, a directory of its own above.
 */
#ifndef BOX_ROOTFS_OVERLAY_H
#define BOX_ROOTFS_OVERLAY_H

#include "box/core/box.h"

/* Moves this process into a new mount namespace. Mounts of the host still propagate into it, its own
 * mounts do not propagate to the host. The kernel unmounts them when the last process in it ends, so kill
 * -9 leaves no mount behind. */
int overlay_private(const struct box *box, struct cfs_error *err);

struct overlay {
        const int64_t *layers; /* the lowest first                                                       */
        size_t n_layers;
        const char *id;     /* of the container, for messages                                            */
        const char *bundle; /* it is mounted on rootfs in that directory                                 */
        const char *own;    /* below ROOT: the directory of upper and work                               */
        uint32_t host_id;   /* with a user namespace: the host's ID of user 0 inside; 0: none         */
        uint32_t n_ids;
        bool throwaway; /* what is written need not survive a power cut                           */
};

/* Mounts it. Returns a descriptor of its root. */
int overlay_mount(const struct box *box, const struct overlay *o, struct cfs_error *err);

/* Takes it away from this process's mount namespace, so that the container's directory can be removed. */
void overlay_unmount(const struct box *box, const char *bundle, const char *own);

/* A descriptor of a user namespace that maps n IDs from 0 on to those from host_id on. */
int overlay_userns(uint32_t host_id, uint32_t n, struct cfs_error *err);

#endif
