/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is at the other end of a connection.
 */
#ifndef BOX_SERVE_PEER_H
#define BOX_SERVE_PEER_H

#include <stdbool.h>
#include <sys/types.h>

/* The user of the peer: of a Unix socket by SO_PEERCRED (unix(7)), of a TCP connection from this machine by
 * sock_diag(7). False: it cannot be told. The number is what it is in our user namespace. */
bool peer_uid(int fd, uid_t *ret);

#endif
