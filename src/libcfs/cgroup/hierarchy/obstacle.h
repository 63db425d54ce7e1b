/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why an ordinary user may not use a cgroup. */
#ifndef LIBCFS_CGROUP_OBSTACLE_H
#define LIBCFS_CGROUP_OBSTACLE_H

#include "libcfs/cgroup/hierarchy/handle.h"

/* Writes into ret why this process may not make h->path or move into it: "this user may not make the cgroup
 * `PATH`: `DIRECTORY` belongs to user 0". False: it may. */
bool obstacle_say(const struct hierarchy *h, char *ret, size_t size);

#define OBSTACLE_HINT                                                                                        \
        "have a subtree delegated to the user and call cfs from inside it (systemd: Delegate=yes), or use --systemd-cgroup"

#endif
