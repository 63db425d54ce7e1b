/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A loopback connection has two sockets, both in this kernel: sock_diag(7) finds the client's by the
 * addresses and says who made it.
 *
 * It says 0, root, of a socket that no process holds any more: one in TIME_WAIT, or closed with data still
 * under way. A client could send a request, close and be taken for root; so the answer counts only for a
 * socket that still has an inode, which means that a process holds it.
 */
#include "box/serve/peer.h"
#include "base/cleanup.h"
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

static bool is_loopback(const struct sockaddr_storage *a)
{
        if (a->ss_family == AF_INET)
                return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        return a->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void address(const struct sockaddr_storage *a, __be32 *ret_address, __be16 *ret_port)
{
        if (a->ss_family == AF_INET) {
                memcpy(ret_address, &((const struct sockaddr_in *)a)->sin_addr, sizeof(struct in_addr));
                *ret_port = ((const struct sockaddr_in *)a)->sin_port;
        } else {
                memcpy(ret_address, &((const struct sockaddr_in6 *)a)->sin6_addr, sizeof(struct in6_addr));
                *ret_port = ((const struct sockaddr_in6 *)a)->sin6_port;
        }
}

static bool ask(const struct inet_diag_req_v2 *q, struct inet_diag_msg *ret)
{
        struct {
                struct nlmsghdr head;
                struct inet_diag_req_v2 q;
        } m = { .head = { .nlmsg_len = sizeof(m),
                          .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                          .nlmsg_flags = NLM_F_REQUEST },
                .q = *q };
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        struct timeval patience = { .tv_sec = 1 };
        union {
                struct nlmsghdr head;
                char bytes[8192];
        } answer;
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        ssize_t n;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
            sendto(fd, &m, sizeof(m), 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
                return false;
        n = recv(fd, &answer, sizeof(answer), 0);
        if (n < (ssize_t)NLMSG_LENGTH(sizeof(*ret)) || answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            answer.head.nlmsg_len < NLMSG_LENGTH(sizeof(*ret)))
                return false;
        memcpy(ret, NLMSG_DATA(&answer.head), sizeof(*ret));
        return true;
}

static bool by_diag(const struct sockaddr_storage *peer, const struct sockaddr_storage *own, uid_t *ret)
{
        struct inet_diag_req_v2 q = { .sdiag_family = (__u8)peer->ss_family,
                                      .sdiag_protocol = IPPROTO_TCP,
                                      .idiag_states = ~0U,
                                      .id = { .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } };
        struct inet_diag_msg m;

        address(peer, q.id.idiag_src, &q.id.idiag_sport);
        address(own, q.id.idiag_dst, &q.id.idiag_dport);
        /* The kernel may answer with a listening socket of the client's port: only the very one counts. */
        if (!ask(&q, &m) || m.id.idiag_sport != q.id.idiag_sport || m.id.idiag_dport != q.id.idiag_dport ||
            memcmp(m.id.idiag_src, q.id.idiag_src, sizeof(m.id.idiag_src)) != 0 ||
            memcmp(m.id.idiag_dst, q.id.idiag_dst, sizeof(m.id.idiag_dst)) != 0)
                return false;
        if (m.idiag_inode == 0 || m.idiag_state == TCP_TIME_WAIT || m.idiag_state == TCP_LISTEN)
                return false;
        *ret = m.idiag_uid;
        return true;
}

bool peer_uid(int fd, uid_t *ret)
{
        struct sockaddr_storage peer = { 0 }, own = { 0 };
        socklen_t peer_len = sizeof(peer), own_len = sizeof(own);
        struct ucred cred;
        socklen_t cred_len = sizeof(cred);

        if (getsockname(fd, (struct sockaddr *)&own, &own_len) < 0)
                return false;
        if (own.ss_family == AF_UNIX) {
                if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) < 0)
                        return false;
                *ret = cred.uid;
                return true;
        }
        return getpeername(fd, (struct sockaddr *)&peer, &peer_len) >= 0 && is_loopback(&peer) &&
               by_diag(&peer, &own, ret);
}
