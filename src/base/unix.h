/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets of the family AF_UNIX: addresses longer than the kernel's structure, and descriptors in
 * messages. */
#ifndef BASE_UNIX_H
#define BASE_UNIX_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* A close-on-exec socket of `type` (SOCK_STREAM ...) that is connected to the socket file at `path`, which
 * may be of any length. -errno. */
int unix_connect(const char *path, int type);

/* Two connected sockets of type SOCK_SEQPACKET, close-on-exec. -errno, and the places are as they were. */
int unix_pair(int *ret_ours, int *ret_theirs);

/* The address of `name` in an open directory, for bind(2) and connect(2): a path below /proc/self/fd, so
 * it is valid as long as dir_fd is open. */
struct sockaddr_un unix_address_at(int dir_fd, const char *name);

/* One message, with a copy of the descriptor `fd` unless that is -1; to a connected socket, or to `to`.
 * Never raises SIGPIPE. The number of bytes sent or -errno. */
ssize_t unix_send(int sock, const void *data, size_t len, int fd);
ssize_t unix_send_to(int sock, const struct sockaddr_un *to, socklen_t to_len, const void *data, size_t len,
                     int fd);

/* Receives one message. *ret_fd is the descriptor that came with it, close-on-exec, or -1; when there were
 * several it is the first, and the kernel closes the others. flags: 0 or MSG_DONTWAIT. Returns the number of
 * bytes or -errno. */
ssize_t unix_receive(int sock, void *buf, size_t size, int flags, int *ret_fd);

#endif
