/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers that go on: logs that are followed, samples of what a container uses, events.
 */
#ifndef BOX_SERVE_STREAM_H
#define BOX_SERVE_STREAM_H

#include "box/serve/server.h"

/* Looks whether there is more for those that wait; often. */
void stream_tick(struct server *s);
void stream_free(struct request *q);

#endif
