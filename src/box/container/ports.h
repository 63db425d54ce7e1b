/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ports of the host that lead to containers.
 */
#ifndef BOX_CONTAINER_PORTS_H
#define BOX_CONTAINER_PORTS_H

#include "box/container/container.h"

/* What --publish and --publish-all ask for, in c->ports, with free ports of the host where none is said. */
int ports_collect(struct container *c, struct cfs_error *err);

/* An error when one is in use: by another container, or by a program of the host. */
int ports_check(const struct box *box, const char *id, char *const *ports, size_t n, struct cfs_error *err);

#endif
