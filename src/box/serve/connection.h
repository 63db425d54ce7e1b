/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections: which user each belongs to, and how long it may be idle.
 */
#ifndef BOX_SERVE_CONNECTION_H
#define BOX_SERVE_CONNECTION_H

#include "box/serve/server.h"

#define CONNECTION_MAX      768
#define CONNECTION_PATIENCE 30 /* seconds */

struct connection *connection_open(struct server *s, struct MHD_Connection *c, bool local);
void connection_close(struct connection *k);
/* Starts the time limit for the next request. */
void connection_begin(struct connection *k);
/* Closes the connections whose time limit has passed. */
void connection_tick(struct server *s);
/* Has the client gone? */
bool connection_gone(const struct connection *k);

#endif
