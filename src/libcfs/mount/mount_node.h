/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One device node: made, or handed in as a mount. */
#ifndef LIBCFS_MOUNT_NODE_H
#define LIBCFS_MOUNT_NODE_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct mount_node {
        const char *path; /* inside the container                                        */
        mode_t type;      /* S_IFCHR, S_IFBLK, S_IFIFO                                   */
        mode_t mode;
        dev_t dev;
        uid_t uid, gid;  /* in the container; -1: as it comes                           */
        bool is_default; /* of the specification's list, not of linux.devices           */
        bool has_mode;   /* fileMode is given                                           */
        char made[12];   /* its name in the file system of mount_node_prepare(), or "" */
};

struct mount_node_maker {
        int root_fd;
        int dev_fd;  /* /dev, or -1 when nothing is to be made there                              */
        int made_fd; /* the runtime's file system of nodes, attached somewhere; or -1             */
        bool mknod_; /* the kernel lets us make devices: we are not in a user namespace           */
};

/* The runtime: makes the node in directory dir_fd (of a file system that it has made), as the host sees
 * its owner. */
int mount_node_prepare(int dir_fd, const struct mount_node *n, uid_t uid, gid_t gid, struct cfs_error *err);

/* The init: the node, in its place. */
int mount_node_make(const struct mount_node_maker *k, const struct mount_node *n, struct cfs_error *err);

/* Is what is there the node? */
bool mount_node_is_same(const struct mount_node *n, const struct stat *st);

/* What the look and the init have to say, with the node's path. */
#define MOUNT_NODE_NOT_MADE    "`%s` is not made: /dev is not the container's own"
#define MOUNT_NODE_OTHER_THING "`%s` exists and is another thing than the device asked for"

/* Is something mounted exactly there? */
bool mount_node_is_mount(int dir, const char *name);

#endif
