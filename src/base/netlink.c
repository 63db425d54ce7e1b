/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rtnetlink(7) without a library: see netlink.h. All messages of the kernel are short; a buffer that holds a
 * part of a dump has 32 KiB, as netlink(7) advises.
 */
#include "base/netlink.h"
#include "base/cleanup.h"
#include <errno.h>
#include <sys/socket.h>

#define DUMP_SIZE 32768

int netlink_open(struct cfs_error *err)
{
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

        return fd < 0 ? err_sys(err, errno, "socket", "open a netlink socket") : fd;
}

static struct rtattr *tail(struct netlink_request *rq)
{
        return (struct rtattr *)(void *)((char *)rq + NLMSG_ALIGN(rq->head.nlmsg_len));
}

struct rtattr *netlink_add(struct netlink_request *rq, unsigned short type, const void *data, size_t len)
{
        struct rtattr *a = tail(rq);

        a->rta_type = type;
        a->rta_len = (unsigned short)RTA_LENGTH(len);
        if (len > 0)
                memcpy(RTA_DATA(a), data, len);
        rq->head.nlmsg_len = NLMSG_ALIGN(rq->head.nlmsg_len) + (unsigned)RTA_ALIGN(a->rta_len);
        return a;
}

void netlink_end(struct netlink_request *rq, struct rtattr *outer)
{
        outer->rta_len = (unsigned short)((char *)tail(rq) - (char *)outer);
}

static int send_request(int fd, struct netlink_request *rq, unsigned short flags)
{
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        ssize_t n;

        rq->head.nlmsg_flags |= NLM_F_REQUEST | flags;
        rq->head.nlmsg_seq = 1;
        n = sendto(fd, rq, rq->head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
        return n < 0 ? -errno : 0;
}

/* Receives answers until an acknowledgement or the end of a dump; fn gets each other message. */
static int receive(int fd, int (*fn)(void *data, const struct nlmsghdr *h), void *data)
{
        _cleanup_free_ char *buf = malloc(DUMP_SIZE);

        if (!buf)
                return -ENOMEM;
        for (;;) {
                ssize_t n = recv(fd, buf, DUMP_SIZE, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                unsigned len = (unsigned)n;

                for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
                        int r = 0;

                        if (h->nlmsg_type == NLMSG_DONE)
                                return 0;
                        if (h->nlmsg_type == NLMSG_ERROR)
                                return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
                        if (fn)
                                r = fn(data, h);
                        if (r < 0)
                                return r;
                }
        }
}

int netlink_dump(int fd, struct netlink_request *rq, int (*fn)(void *data, const struct nlmsghdr *h),
                 void *data)
{
        int r = send_request(fd, rq, NLM_F_DUMP);

        return r < 0 ? r : receive(fd, fn, data);
}

int netlink_call(int fd, struct netlink_request *rq)
{
        int r = send_request(fd, rq, NLM_F_ACK);

        return r < 0 ? r : receive(fd, NULL, NULL);
}
