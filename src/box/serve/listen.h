/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listening sockets.
 */
#ifndef BOX_SERVE_LISTEN_H
#define BOX_SERVE_LISTEN_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* "ADDRESS:PORT", "[ADDRESS]:PORT". An address that is not of this machine alone needs `insecure`. Returns
 * the socket, and the port, which the kernel chooses for 0. */
int listen_tcp(const char *where, bool insecure, uint16_t *ret_port, struct cfs_error *err);

/* A Unix socket that its user alone can connect to. One that no process listens on any more is replaced. */
int listen_local(const char *path, struct cfs_error *err);

#endif
