/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container is doing, the freezer included. */
#ifndef LIBCFS_STATUS_H
#define LIBCFS_STATUS_H

#include "libcfs/store/state.h"

/* state_status(), and STATUS_PAUSED when a running container's cgroup is frozen. */
enum container_status status_of(struct state *s);

#endif
