/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Slow clients: a connection has PATIENCE seconds to send a request whole, and after an answer as many to
 * begin and end the next one; each user has a share of the connections, of which the server's own is the
 * larger, so that no other user can take all of them.
 */
#include "box/serve/connection.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "box/serve/peer.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define OWN_SHARE    512 /* of the server's user and root    */
#define OTHER_SHARE  16  /* of each other, or not known user */
#define OTHERS_SHARE 128 /* of all of those together         */
#define PATIENCE     CONNECTION_PATIENCE

static int64_t now(void)
{
        return clock_now_ms() / 1000;
}

static bool is_own(const struct connection *k)
{
        return k->uid_known && (k->uid == 0 || k->uid == geteuid());
}

static bool has_share(const struct server *s, const struct connection *k)
{
        unsigned same = 0, others = 0;

        for (const struct connection *o = s->connections; o; o = o->next) {
                same += is_own(k) ? is_own(o) : o->uid_known == k->uid_known && o->uid == k->uid;
                others += !is_own(o);
        }
        return is_own(k) ? same < OWN_SHARE : same < OTHER_SHARE && others < OTHERS_SHARE;
}

struct connection *connection_open(struct server *s, struct MHD_Connection *c, bool local)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct connection *k = calloc(1, sizeof(*k));

        if (!k || !info) {
                free(k);
                return NULL;
        }
        *k = (struct connection){
                .server = s, .fd = info->connect_fd, .local = local, .deadline = now() + PATIENCE
        };
        k->uid_known = peer_uid(k->fd, &k->uid);
        if (!has_share(s, k))
                (void)shutdown(k->fd, SHUT_RDWR);
        k->next = s->connections;
        s->connections = k;
        return k;
}

void connection_close(struct connection *k)
{
        struct connection **at = &k->server->connections;

        while (*at && *at != k)
                at = &(*at)->next;
        if (*at)
                *at = k->next;
        free(k);
}

void connection_begin(struct connection *k)
{
        k->deadline = now() + PATIENCE;
}

void connection_tick(struct server *s)
{
        int64_t t = now();

        for (struct connection *k = s->connections; k; k = k->next)
                if (k->deadline && k->deadline <= t)
                        (void)shutdown(k->fd, SHUT_RDWR);
}

/* The socket's other end says so before anything is written to it. */
bool connection_gone(const struct connection *k)
{
        struct pollfd p = { .fd = k->fd, .events = POLLRDHUP };

        return poll(&p, 1, 0) == 1 && p.revents;
}
