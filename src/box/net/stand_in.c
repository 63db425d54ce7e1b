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
#include "base/netlink.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

static int add_link(int sock, const char *name)
{
        struct netlink_request rq = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(rq.link)),
                                                .nlmsg_type = RTM_NEWLINK,
                                                .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL } };
        struct rtattr *info;

        (void)netlink_add(&rq, IFLA_IFNAME, name, strlen(name) + 1);
        info = netlink_add(&rq, IFLA_LINKINFO, NULL, 0);
        (void)netlink_add(&rq, IFLA_INFO_KIND, "veth", 5);
        netlink_end(&rq, info);
        return netlink_call(sock, &rq);
}

static int add_address(int sock, const char *name, const char *text)
{
        struct netlink_request rq = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(rq.addr)),
                                                .nlmsg_type = RTM_NEWADDR,
                                                .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL } };
        struct ifaddrmsg *a = &rq.addr;
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
        (void)netlink_add(&rq, IFA_LOCAL, bytes, a->ifa_family == AF_INET ? 4 : 16);
        (void)netlink_add(&rq, IFA_ADDRESS, bytes, a->ifa_family == AF_INET ? 4 : 16);
        return netlink_call(sock, &rq);
}

struct looks {
        const char *interface;
        const char *const *addresses;
        size_t n;
};

static int64_t make_namespace(const void *data)
{
        const struct looks *l = data;
        struct cfs_error ignored;
        int sock, r;

        if (unshare(CLONE_NEWNET) < 0)
                return -errno;
        sock = netlink_open(&ignored);
        r = sock < 0 ? sock : add_link(sock, l->interface);
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
