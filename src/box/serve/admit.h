/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which requests are let in. The server can do what root can, so a request is let in only when the peer's
 * user is root or the server's own, or when it has the token. A browser's requests are made by whatever page
 * it shows, so the user behind them proves nothing: they need the token, from a page of this server.
 */
#ifndef BOX_SERVE_ADMIT_H
#define BOX_SERVE_ADMIT_H

#include "base/err.h"
#include "box/serve/token.h"
#include <stdint.h>
#include <sys/types.h>

/* What a request says of itself. */
struct admit_request {
        const char *method;
        bool open;      /* the route needs no token: the page's files, and where a token is given */
        bool page;      /* the route is the page itself                                           */
        bool local;     /* by the Unix socket, where no browser comes from                        */
        bool uid_known; /* peer.h                                                                 */
        uid_t uid;
        unsigned hosts; /* how many Host headers */
        const char *host, *origin, *authorization, *cookie;
        bool fetch; /* any Sec-Fetch-* header (w3.org/TR/fetch-metadata) */
        const char *fetch_site, *fetch_mode, *fetch_dest;
};

struct admit_rules {
        const struct token *token;
        uint16_t port;
        bool any_address; /* --insecure-listen: Host may be any address, but not a name */
};

/* Zero, or the HTTP status with *err filled. */
unsigned admit(const struct admit_rules *rules, const struct admit_request *q, struct cfs_error *err);

/* Is it `Host: NAME[:PORT]` of this server? */
bool admit_host(const struct admit_rules *rules, const char *host);

#endif
