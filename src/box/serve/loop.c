/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event loop, by epoll(7). It takes one event at a time, because the function that handles one may free
 * the watch of another.
 */
#include "box/serve/loop.h"
#include "base/cleanup.h"
#include <errno.h>
#include <sys/epoll.h>

int loop_init(struct loop *l, struct cfs_error *err)
{
        l->epoll = epoll_create1(EPOLL_CLOEXEC);
        return l->epoll < 0 ? err_sys(err, errno, "epoll_create1", "make an epoll descriptor") : 0;
}

void loop_release(struct loop *l)
{
        cleanup_close_p(&l->epoll);
        l->epoll = -1;
}

int loop_add(struct loop *l, struct watch *w, struct cfs_error *err)
{
        struct epoll_event e = { .events = EPOLLIN, .data = { .ptr = w } };

        if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &e) < 0)
                return err_sys(err, errno, "epoll_ctl", "wait for a descriptor");
        return 0;
}

void loop_remove(struct loop *l, struct watch *w)
{
        if (w->fd < 0)
                return;
        (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
        (void)close(w->fd);
        w->fd = -1;
}

void loop_once(struct loop *l, int timeout_ms)
{
        struct epoll_event e;

        if (epoll_wait(l->epoll, &e, 1, timeout_ms) == 1) {
                struct watch *w = e.data.ptr;

                w->ready(w);
        }
}
