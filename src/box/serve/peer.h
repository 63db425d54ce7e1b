/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which user is at the other end of a connection.
 */
#ifndef BOX_SERVE_PEER_H
#define BOX_SERVE_PEER_H

#include <stdbool.h>
#include <sys/types.h>

/* The user of the peer: of a Unix socket by SO_PEERCRED (unix(7)), of a TCP connection from this machine by
 * sock_diag(7). False: the kernel does not say. The number is the one in this process's user
 * namespace. */
bool peer_uid(int fd, uid_t *ret);

#endif
