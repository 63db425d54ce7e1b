/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which requests the server accepts. A client can do through the server what the server's user can do. So a
 * request is accepted when the user of the peer is root or the server's own, or when it has the token. A
 * browser sends requests for any page that it shows, so its user proves nothing: such a request always needs
 * the token, and must come from a page of this server.
 */
#ifndef BOX_SERVE_ADMIT_H
#define BOX_SERVE_ADMIT_H

#include "base/err.h"
#include "box/serve/token.h"
#include <stdint.h>
#include <sys/types.h>

/* What the decision depends on. */
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
