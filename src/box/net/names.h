/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of the containers in a network, in the file /etc/hosts of each.
 */
#ifndef BOX_NET_NAMES_H
#define BOX_NET_NAMES_H

#include "base/err.h"

/* Writes into the hosts file of each container that the records in the directory `state` have in `network`
 * the addresses of the others. */
int names_update(const char *state, const char *network, struct cfs_error *err);

#endif
