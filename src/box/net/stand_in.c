/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The specification of CNI wants DEL to clean up without a network namespace; the bridge plugin (1.x) then
 * leaves its rules for masquerading behind, because it reads the addresses that they are for from the
 * interface that it deletes. A poststop hook comes when the namespace is gone. So DEL gets another one, with
 * an interface that has the name and the addresses of the old.
 */
#include "box/net/stand_in.h"
#include "base/ask.h"
#include "base/err.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_SIZE 512

struct message {
        struct nlmsghdr h;
        char rest[MESSAGE_SIZE];
};

static struct rtattr *tail(struct message *m)
{
        return (struct rtattr *)(void *)((char *)m + NLMSG_ALIGN(m->h.nlmsg_len));
}

static struct rtattr *attribute(struct message *m, unsigned short type, const void *data, size_t len)
{
        struct rtattr *a = tail(m);

        a->rta_type = type;
        a->rta_len = (unsigned short)RTA_LENGTH(len);
        if (len)
                memcpy(RTA_DATA(a), data, len);
        m->h.nlmsg_len = NLMSG_ALIGN(m->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
        return a;
}

static void close_nest(struct message *m, struct rtattr *a)
{
        a->rta_len = (unsigned short)((char *)tail(m) - (char *)a);
}

/* Sends it, and waits for the kernel's answer: 0 or -errno. */
static int ask(int sock, struct message *m)
{
        char buf[1024];
        const struct nlmsghdr *h = (const struct nlmsghdr *)(void *)buf;
        ssize_t n;

        m->h.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
        if (send(sock, m, m->h.nlmsg_len, 0) < 0)
                return -errno;
        n = recv(sock, buf, sizeof(buf), 0);
        if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || h->nlmsg_type != NLMSG_ERROR)
                return n < 0 ? -errno : -EPROTO;
        return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
}

static int add_link(int sock, const char *name)
{
        struct message m = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                                    .nlmsg_type = RTM_NEWLINK,
                                    .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL } };
        struct rtattr *info;

        (void)attribute(&m, IFLA_IFNAME, name, strlen(name) + 1);
        info = attribute(&m, IFLA_LINKINFO, NULL, 0);
        (void)attribute(&m, IFLA_INFO_KIND, "veth", 5);
        close_nest(&m, info);
        return ask(sock, &m);
}

static int add_address(int sock, const char *name, const char *text)
{
        struct message m = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                                    .nlmsg_type = RTM_NEWADDR,
                                    .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL } };
        struct ifaddrmsg *a = NLMSG_DATA(&m.h);
        const char *slash = strchr(text, '/');
        unsigned char bytes[16];
        char host[64];
        uint64_t prefix;

        if (!slash || (size_t)(slash - text) >= sizeof(host) || str_to_u64(slash + 1, &prefix) < 0 ||
            prefix > 128)
                return -EINVAL;
        (void)snprintf(host, sizeof(host), "%.*s", (int)(slash - text), text);
        a->ifa_family = strchr(host, ':') ? AF_INET6 : AF_INET;
        if (inet_pton(a->ifa_family, host, bytes) != 1)
                return -EINVAL;
        a->ifa_prefixlen = (unsigned char)prefix;
        a->ifa_index = if_nametoindex(name);
        (void)attribute(&m, IFA_LOCAL, bytes, a->ifa_family == AF_INET ? 4 : 16);
        (void)attribute(&m, IFA_ADDRESS, bytes, a->ifa_family == AF_INET ? 4 : 16);
        return ask(sock, &m);
}

struct looks {
        const char *interface;
        const char *const *addresses;
        size_t n;
};

static int64_t make_namespace(const void *data)
{
        const struct looks *l = data;
        int sock, r;

        if (unshare(CLONE_NEWNET) < 0)
                return -errno;
        sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        r = sock < 0 ? -errno : add_link(sock, l->interface);
        for (size_t i = 0; r >= 0 && i < l->n; i++)
                r = add_address(sock, l->interface, l->addresses[i]);
        return r;
}

int stand_in_begin(const char *interface, const char *const *addresses, size_t n, pid_t *ret_pid,
                   struct cfs_error *err)
{
        const struct looks looks = { interface, addresses, n };
        int64_t made;
        int r = ask_child(make_namespace, &looks, "a network namespace in place of the container's", &made,
                          ret_pid, err);

        if (r >= 0 && made < 0) {
                ask_end(*ret_pid);
                r = err_sys(err, (int)-made, NULL, "make a network namespace in place of the container's");
        }
        return r;
}
