/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Published ports. The plugin that publishes them makes rules of the firewall, and takes no socket: of a
 * port that two have the older one would silently get all.
 */
#include "box/container/ports.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/store/store.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

/* ---- sockets ------------------------------------------------------------------------------------------- */

/* A socket with that address and port, 0: any. Returns -1 and errno, also for what has no sockets here. */
static int open_port(const struct parse_port *p, unsigned port)
{
        bool v6 = strchr(p->address, ':');
        struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
        _cleanup_close_ int fd = -1;
        int on = 1;

        fd = socket(v6 ? AF_INET6 : AF_INET,
                    (STREQ(p->protocol, "udp") ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC,
                    STREQ(p->protocol, "sctp") ? IPPROTO_SCTP : 0);
        if (fd < 0)
                return -1;
        /* Connections that have ended do not keep a port; a socket that listens does. */
        if (!STREQ(p->protocol, "udp"))
                (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (v6)
                (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
        if (*p->address && inet_pton(v6 ? AF_INET6 : AF_INET, p->address,
                                     v6 ? (void *)&in6.sin6_addr : (void *)&in4.sin_addr) != 1) {
                errno = EINVAL;
                return -1;
        }
        if (bind(fd, v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in4, v6 ? sizeof(in6) : sizeof(in4)) <
            0)
                return -1;
        return TAKE_FD(fd);
}

static int free_port(const struct parse_port *p, unsigned *ret, struct cfs_error *err)
{
        _cleanup_close_ int fd = open_port(p, 0);
        struct sockaddr_in6 a = { 0 };
        socklen_t len = sizeof(a);

        if (fd < 0 || getsockname(fd, (struct sockaddr *)&a, &len) < 0)
                return err_sys(err, errno, "bind", "find a free port of the host for %u/%s", p->container,
                               p->protocol);
        *ret = ntohs(a.sin6_port); /* at the same place in both kinds of addresses */
        return 0;
}

/* ---- what is asked for --------------------------------------------------------------------------------- */

/* One without a port of the host gets free ones, as docker gives them. */
static int add(struct container *c, const char *text, struct cfs_error *err)
{
        struct config x = { .arena = c->arena, .err = err };
        struct parse_port p;
        int r = parse_port(text, &p, err);

        if (r < 0 || !p.any)
                return r < 0 ? r : config_append(&x, &c->ports, &c->n_ports, "%s", text);
        for (unsigned i = 0; r >= 0 && i < p.count; i++) {
                unsigned host = 0;

                r = free_port(&p, &host, err);
                if (r >= 0)
                        r = config_append(&x, &c->ports, &c->n_ports,
                                          strchr(p.address, ':') ? "[%s]%s%u:%u%s%s" : "%s%s%u:%u%s%s",
                                          p.address, *p.address ? ":" : "", host, p.container + i,
                                          STREQ(p.protocol, "tcp") ? "" : "/",
                                          STREQ(p.protocol, "tcp") ? "" : p.protocol);
        }
        return r;
}

int ports_collect(struct container *c, struct cfs_error *err)
{
        const struct oci_image_config *image = c->config->config;
        bool asked = (c->o->publish && *c->o->publish) ||
                     (c->o->publish_all && image && image->exposed_ports && image->exposed_ports->n > 0);
        int r = 0;

        if (asked && c->net != CONFIG_NET_CNI && c->net != CONFIG_NET_USER)
                return err_set(err, CFS_E_INVALID,
                               "--publish needs a network: --network %s has none of its own",
                               c->o->network ? c->o->network : "none");
        for (const char **p = c->o->publish; r >= 0 && p && *p; p++)
                r = add(c, *p, err);
        for (size_t i = 0;
             c->o->publish_all && image && image->exposed_ports && r >= 0 && i < image->exposed_ports->n; i++)
                r = add(c, image->exposed_ports->entries[i].key, err);
        return r;
}

/* ---- what is in use ------------------------------------------------------------------------------------ */

static bool is_any(const char *address)
{
        return !*address || STREQ(address, "0.0.0.0") || STREQ(address, "::");
}

static bool overlap(const struct parse_port *a, const struct parse_port *b)
{
        return STREQ(a->protocol, b->protocol) && a->host < b->host + b->count &&
               b->host < a->host + a->count &&
               (is_any(a->address) || is_any(b->address) || STREQ(a->address, b->address));
}

static int check_host(const struct parse_port *p, const char *text, struct cfs_error *err)
{
        for (unsigned i = 0; i < p->count; i++) {
                _cleanup_close_ int fd = open_port(p, p->host + i);

                if (fd < 0 && errno == EADDRINUSE)
                        return err_set(err, CFS_E_STATE, "--publish %s: a program of the host uses port %u",
                                       text, p->host + i);
        }
        return 0;
}

static int check_container(const struct parse_port *p, const char *text, const char *name, const char *ports,
                           struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct parse_port other;
        struct cfs_error ignored;
        char **list;
        size_t n;
        int r = arena ? store_split(ports, arena, &list, &n, err) : err_nomem(err);

        for (size_t i = 0; r >= 0 && i < n; i++)
                if (parse_port(list[i], &other, &ignored) >= 0 && overlap(p, &other))
                        return err_set(err, CFS_E_STATE, "--publish %s: container `%s` has %s", text, name,
                                       list[i]);
        return r;
}

int ports_check(const struct box *box, const char *id, char *const *ports, size_t n, struct cfs_error *err)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
                struct parse_port p;

                r = parse_port(ports[i], &p, err);
                if (r >= 0)
                        r = store_query(
                                box, &stmt, err,
                                "SELECT name, ports FROM containers WHERE state IN ('running', 'starting')"
                                " AND ports<>'' AND id<>?",
                                "s", id);
                while (r >= 0 && (r = store_step(box, stmt, err)) > 0)
                        r = check_container(&p, ports[i], store_column(stmt, 0), store_column(stmt, 1), err);
                if (r >= 0)
                        r = check_host(&p, ports[i], err);
        }
        return r;
}
