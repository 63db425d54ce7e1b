/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between libmicrohttpd and the routes: connections, the life of a request, answers.
 *
 * A request is read whole (its body is bounded), let in (admit.h), and given to its route's function, which
 * answers at once, starts a job (job.h) and answers when that is done, or opens a stream (stream.h). All in
 * one thread, by libmicrohttpd's epoll descriptor in the server's own loop.
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
