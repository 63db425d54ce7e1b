/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ports of the host that lead to containers.
 */
#ifndef BOX_CONTAINER_PORTS_H
#define BOX_CONTAINER_PORTS_H

#include "box/container/container.h"

/* Fills c->ports from --publish and --publish-all, with free ports of the host where the user names none. */
int ports_collect(struct container *c, struct cfs_error *err);

/* An error when one is in use: by another container, or by a program of the host. */
int ports_check(const struct box *box, const char *id, char *const *ports, size_t n, struct cfs_error *err);

#endif
