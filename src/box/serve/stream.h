/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers without an end: logs that are followed, statistics of containers, events.
 */
#ifndef BOX_SERVE_STREAM_H
#define BOX_SERVE_STREAM_H

#include "box/serve/server.h"

/* Sends what is new to the streams. The server calls it often. */
void stream_tick(struct server *s);
void stream_free(struct request *q);

#endif
