/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to rtnetlink(7): network interfaces and their addresses.
 *
 * A socket belongs to the network namespace in which it was made, and asks about that one for ever. Functions
 * return 0 or -errno, without a message, unless they take an error.
 */
#ifndef BASE_NETLINK_H
#define BASE_NETLINK_H

#include "base/err.h"
#include <linux/rtnetlink.h>
#include <stddef.h>

/* A request is zeroed, and has nlmsg_type, nlmsg_len = NLMSG_LENGTH(sizeof(link or addr)), and flags. */
struct netlink_request {
        struct nlmsghdr head;
        union {
                struct ifinfomsg link; /* RTM_NEWLINK ... */
                struct ifaddrmsg addr; /* RTM_NEWADDR ... */
        };
        char attributes[512];
};

/* A close-on-exec socket of this process's network namespace. */
int netlink_open(struct cfs_error *err);

/* Is there no room in the request for attributes with `len` bytes in all, their heads included? */
static inline int netlink_is_full(const struct netlink_request *rq, size_t len)
{
        return NLMSG_ALIGN(rq->head.nlmsg_len) + len > sizeof(*rq);
}

/* Appends an attribute, for which there is room; `data` may be NULL when len is 0. An attribute that holds
 * others is added with a length of 0, the others after it, and then netlink_end(). */
struct rtattr *netlink_add(struct netlink_request *rq, unsigned short type, const void *data, size_t len);
void netlink_end(struct netlink_request *rq, struct rtattr *outer);

/* Sends a request for a dump (NLM_F_DUMP), and gives fn each message of the answer. A negative result of
 * fn ends it. */
int netlink_dump(int fd, struct netlink_request *rq, int (*fn)(void *data, const struct nlmsghdr *h),
                 void *data);

/* Sends a request and waits for the kernel's acknowledgement. */
int netlink_call(int fd, struct netlink_request *rq);

#endif
