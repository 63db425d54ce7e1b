/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Networks: configuration lists of CNI, those of the box in ROOT/networks, those of the host in
 * /etc/cni/net.d.
 */
#ifndef BOX_NET_NETWORKS_H
#define BOX_NET_NETWORKS_H

#include "box/core/box.h"

#define NETWORKS_DEFAULT "box"
#define NETWORKS_HOST    "/etc/cni/net.d"
#define NETWORKS_TUN     "/dev/net/tun"

/* The directory of the CNI plugins, which has at least the one called bridge; NULL: none is installed. */
const char *networks_plugins(void);

/* The program for a network without privilege: "pasta" or "slirp4netns". NULL: neither is installed, or
 * the user may not open NETWORKS_TUN, which both need. */
const char *networks_user_mode(void);

/* Does the network exist? The default one is made when it does not. */
int networks_check(const struct box *box, const char *name, struct cfs_error *err);

/* Makes one with a bridge of its own. subnet: NULL chooses one. */
int networks_create(const struct box *box, const char *name, const char *subnet, bool internal,
                    struct cfs_error *err);
int networks_remove(const struct box *box, const char *name, struct cfs_error *err);

/* All of them, in an arena. */
int networks_list(const struct box *box, struct oci_arena *arena, struct oci_box_network ***ret,
                  size_t *ret_n, struct cfs_error *err);

/* The text of the configuration list of that name, from `directory` or the host's. *ret_path (may be NULL)
 * is the file. */
int networks_read(const char *directory, const char *name, char **ret, char **ret_path,
                  struct cfs_error *err);

#endif
