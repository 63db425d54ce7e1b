/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the server waits for: descriptors, each with the function to call when it is ready. One thread does
 * everything; what takes long is done by child processes (job.h).
 */
#ifndef BOX_SERVE_LOOP_H
#define BOX_SERVE_LOOP_H

#include "base/err.h"

struct watch {
        int fd; /* -1: none */
        void (*ready)(struct watch *w);
};

struct loop {
        int epoll;
};

int loop_init(struct loop *l, struct cfs_error *err);
void loop_release(struct loop *l);
/* Calls w->ready(w) whenever the descriptor can be read or has ended. */
int loop_add(struct loop *l, struct watch *w, struct cfs_error *err);
/* Stops watching the descriptor, and closes it. */
void loop_remove(struct loop *l, struct watch *w);
/* Waits for one, for at most so many milliseconds, and calls its function. */
void loop_once(struct loop *l, int timeout_ms);

#endif
