/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NOTIFY_SOCKET on the host's side: the socket behind the container's /run/notify, and what is handed on
 * from it. */
#ifndef LIBCFS_NOTIFY_H
#define LIBCFS_NOTIFY_H

#include "libcfs/store/state.h"
#include <sys/types.h>

struct notify {
        int fd;           /* of STATE/notify/notify.sock, or -1: the container has no NOTIFY_SOCKET */
        const char *host; /* the host's NOTIFY_SOCKET; belongs to the record                        */
        pid_t pid;        /* MAINPID= to report; 0: none                                            */
};

/* Before the container starts: makes the socket, when the record says that NOTIFY_SOCKET was set at
 * create. */
int notify_begin(struct notify *n, struct state *s, struct cfs_error *err);

/* When the socket is readable: forwards one message to the host. Returns 1 when the message was READY=1. */
int notify_relay(struct notify *n, struct cfs_error *err);

/* For start and a detached run: forwards messages until READY=1, or until the process behind pidfd ends.
 * Then it sends the main pid to the host's service manager, and waits at most 5 s until that has read it
 * (BARRIER=1, sd_notify_barrier(3)): the service manager looks up the sender by its pid, and this process
 * is about to end. When the service manager does not answer, it logs a warning: the container runs. */
void notify_wait_ready(struct notify *n, int pidfd);

void notify_end(struct notify *n);
#define _cleanup_notify_ __attribute__((cleanup(notify_end)))

#endif
