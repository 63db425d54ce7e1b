/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between libmicrohttpd and the routes: connections, the life of a request, answers.
 *
 * The server reads the whole request (its body is limited), checks that it may be answered (admit.h), and
 * calls the function of its route. The function answers at once, starts a job (job.h) and answers when the
 * job has ended, or opens a stream (stream.h). All this happens in one thread: the server's loop waits for
 * libmicrohttpd's epoll descriptor.
 */
#ifndef BOX_SERVE_HTTP_H
#define BOX_SERVE_HTTP_H

#include "box/serve/server.h"

/* Starts listening on a socket. */
int http_listen(struct server *s, struct listener *l, int fd, struct cfs_error *err);
/* Lets libmicrohttpd work; returns for how many ms the server may then wait. */
int http_run(struct server *s);
/* Once a second: ends connections that have taken too long, and execs whose client has gone. */
void http_tick(struct server *s);
/* No new connections. */
void http_quiesce(struct server *s);
void http_stop(struct server *s);

#endif
