/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets that the server listens on: bind(2) and listen(2).
 */
#include "box/serve/listen.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/unix.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 511

union address {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
};

static int listen_parse(const char *where, union address *a, struct cfs_error *err)
{
        const char *colon = strrchr(where, ':');
        char host[64];
        uint64_t port;
        size_t len;

        if (!colon || str_to_u64(colon + 1, &port) < 0 || port > UINT16_MAX ||
            (size_t)(colon - where) >= sizeof(host))
                return err_set(err, CFS_E_INVALID, "--listen %s: expected ADDRESS:PORT", where);
        len = (size_t)(colon - where);
        *a = (union address){ 0 };
        if (len > 2 && *where == '[' && colon[-1] == ']') {
                (void)snprintf(host, sizeof(host), "%.*s", (int)len - 2, where + 1);
                a->v6.sin6_family = AF_INET6;
                a->v6.sin6_port = htons((uint16_t)port);
                if (inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1)
                        return 0;
        }
        (void)snprintf(host, sizeof(host), "%.*s", (int)len, where);
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons((uint16_t)port);
        if (inet_pton(AF_INET, STREQ(host, "localhost") ? "127.0.0.1" : host, &a->v4.sin_addr) == 1)
                return 0;
        return err_set(err, CFS_E_INVALID, "--listen %s: `%s` is not an address", where, host);
}

static bool of_this_machine(const union address *a)
{
        return a->any.sa_family == AF_INET ? ntohl(a->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
                                           : IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

int listen_tcp(const char *where, bool insecure, uint16_t *ret_port, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        union address a;
        socklen_t len = sizeof(a);
        int yes = 1, r = listen_parse(where, &a, err);

        if (r < 0)
                return r;
        if (!insecure && !of_this_machine(&a))
                return err_hint(
                        err,
                        err_set(err, CFS_E_INVALID,
                                "--listen %s: other machines reach this address, and nothing is encrypted",
                                where),
                        "forward the port instead (`ssh -L`), or add --insecure-listen");
        fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return err_sys(err, errno, "socket", "make a socket for %s", where);
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        if (a.any.sa_family == AF_INET6)
                (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
        if (bind(fd, &a.any, a.any.sa_family == AF_INET ? sizeof(a.v4) : sizeof(a.v6)) < 0)
                return err_sys(err, errno, "bind", "listen on %s", where);
        if (listen(fd, BACKLOG) < 0 || getsockname(fd, &a.any, &len) < 0)
                return err_sys(err, errno, "listen", "listen on %s", where);
        *ret_port = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
        return TAKE_FD(fd);
}

/* A socket's file stays when its server is killed; then no process answers there. */
static int remove_stale(const char *path, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (lstat(path, &st) < 0)
                return errno == ENOENT ? 0 : err_path(err, errno, "lstat", path, "look at `%s`", path);
        if (!S_ISSOCK(st.st_mode))
                return err_set(err, CFS_E_EXISTS, "--socket %s: the file exists, and is not a socket", path);
        fd = unix_connect(path, SOCK_STREAM);
        if (fd >= 0)
                return err_set(err, CFS_E_EXISTS, "--socket %s: another server listens there", path);
        if (unlink(path) < 0)
                return err_path(err, errno, "unlink", path, "remove `%s`", path);
        return 0;
}

int listen_local(const char *path, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        mode_t mask;
        int r;

        if (strlen(path) >= sizeof(a.sun_path))
                return err_set(err, CFS_E_INVALID, "--socket %s: longer than %zu bytes", path,
                               sizeof(a.sun_path) - 1);
        r = remove_stale(path, err);
        if (r < 0)
                return r;
        memcpy(a.sun_path, path, strlen(path) + 1);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return err_sys(err, errno, "socket", "make a socket");
        mask = umask(0177);
        r = bind(fd, (const struct sockaddr *)&a, sizeof(a));
        (void)umask(mask);
        if (r < 0)
                return err_path(err, errno, "bind", path, "make the socket `%s`", path);
        if (listen(fd, BACKLOG) < 0)
                return err_sys(err, errno, "listen", "listen on `%s`", path);
        return TAKE_FD(fd);
}
