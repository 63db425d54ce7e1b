/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network without privilege: pasta(1) or slirp4netns(1) forwards the container's traffic through ordinary
 * sockets of the user.
 */
#ifndef BOX_NET_USER_MODE_H
#define BOX_NET_USER_MODE_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* For the network namespace of a process. `file`: a name for the namespace's file, which this makes where
 * one is needed. *ret_pid is to be stopped. *ret_address: the container's, or NULL when it is the host's. */
int user_mode_start(int pid, const char *file, char *const *ports, size_t n_ports, int32_t *ret_pid,
                    const char **ret_address, struct cfs_error *err);
void user_mode_stop(int32_t pid, const char *file);

#endif
