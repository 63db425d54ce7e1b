/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams. */
#include "box/serve/stream.h"

void stream_tick(struct server *s)
{
}

void stream_free(struct request *q)
{
}
