/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.netDevices: network interfaces of the host that move into the container.
 *
 * rtnetlink(7) moves an interface: RTM_NEWLINK with IFLA_NET_NS_FD and its new name. The kernel takes it down on the
 * way and removes its addresses, which belong to the namespace. The specification wants it back as it was: up, with
 * its permanent global addresses. So:
 *
 *      in the host's namespace         read the addresses, move and rename
 *      in the container's namespace    raise it, then add the addresses: their routes need it up
 *
 * The runtime does all of it: the container cannot reach the host's namespace, and should not need to be trusted with
 * its own half. A socket belongs to the namespace that it was made in, so the runtime steps into the container's
 * namespace for one socket(2) and back.
 *
 * A name that is taken inside is an error, found before the move: the kernel would find it after, with the interface
 * in the container already, under its old name. "eth%d" asks for the first free number. Nothing is moved back at the
 * end: the kernel returns hardware to the host and destroys the rest (network_namespaces(7)).
 *
 * An address that cannot be added again fails the container. All messages of the kernel are short; a buffer that holds
 * a part of a dump is 32 KiB, as libraries have it.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define DUMP_SIZE 32768
/* Flags of an address that say how it was made rather than what became of it. */
#define KEPT_FLAGS                                                                                           \
        (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

bool net_devices_wanted(const struct ctx *c)
{
        return c->linux_->net_devices && c->linux_->net_devices->n > 0;
}

/* ---- check ------------------------------------------------------------------------------------------------------ */

/* What the kernel takes for a name, dev_valid_name(); NULL when it is one, else why not. */
static const char *bad_name(const char *name)
{
        if (!*name || STREQ(name, ".") || STREQ(name, ".."))
                return "is not the name of an interface";
        if (strlen(name) >= IFNAMSIZ)
                return "is longer than 15 bytes";
        if (strpbrk(name, "/: \t\n\v\f\r"))
                return "has a character that names of interfaces do not have";
        return NULL;
}

/* "eth%d": at most one %, and that with a d. */
static const char *bad_template(const char *name)
{
        const char *percent = strchr(name, '%');

        if (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))
                return "may have one %d, and no other %";
        return bad_name(name);
}

static const char *name_inside(const struct oci_net_device_pair *d)
{
        return d->value && d->value->name ? d->value->name : d->key;
}

void net_devices_check(const struct ctx *c, struct problems *p)
{
        const struct oci_net_device_map *m = c->linux_->net_devices;

        if (!ctx_find_ns(c, "network")) {
                problem(p, "linux.netDevices", "needs a network namespace to move interfaces into");
                problem_hint(p,
                             "add {\"type\": \"network\"} to linux.namespaces, or remove linux.netDevices");
        }
        for (size_t i = 0; i < m->n; i++) {
                const char *key = m->entries[i].key, *inside = name_inside(&m->entries[i]);
                const char *why = bad_name(key);

                if (why || strchr(key, '%'))
                        problem(p, PROP("linux.netDevices[\"%s\"]", key), "%s",
                                why ? why : "is the name of an interface of the host and has no %");
                why = inside != key ? bad_template(inside) : NULL;
                if (why)
                        problem(p, PROP("linux.netDevices[\"%s\"].name", key), "\"%.32s\" %s", inside, why);
                for (size_t j = 0; j < i && !strchr(inside, '%'); j++)
                        if (STREQ(name_inside(&m->entries[j]), inside))
                                problem(p, PROP("linux.netDevices[\"%s\"].name", key),
                                        "\"%.32s\" is the name of another interface, too", inside);
        }
}

/* ---- netlink ------------------------------------------------------------------------------------------------------ */

struct request {
        struct nlmsghdr head;
        union {
                struct ifinfomsg link;
                struct ifaddrmsg addr;
        };
        char attributes[512];
};

static void add(struct request *rq, unsigned short type, const void *data, size_t len)
{
        struct rtattr *a = (struct rtattr *)((char *)rq + NLMSG_ALIGN(rq->head.nlmsg_len));

        a->rta_type = type;
        a->rta_len = (unsigned short)RTA_LENGTH(len);
        memcpy(RTA_DATA(a), data, len);
        rq->head.nlmsg_len = NLMSG_ALIGN(rq->head.nlmsg_len) + (unsigned)RTA_ALIGN(a->rta_len);
}

static int nl_send(int fd, struct request *rq)
{
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        ssize_t n;

        rq->head.nlmsg_seq = 1;
        n = sendto(fd, rq, rq->head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
        return n < 0 ? -errno : 0;
}

/* Receives answers until an acknowledgement or the end of a dump; fn gets each other message. 0 or -errno. */
static int nl_receive(int fd, int (*fn)(void *data, const struct nlmsghdr *h), void *data)
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

static int nl_call(int fd, struct request *rq)
{
        int r;

        rq->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
        r = nl_send(fd, rq);
        return r < 0 ? r : nl_receive(fd, NULL, NULL);
}

static int nl_open(struct cfs_error *err)
{
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

        return fd < 0 ? err_sys(err, errno, "socket", "open a netlink socket") : fd;
}

/* The index of an interface in the socket's namespace, or -errno: -ENODEV when there is none of that name. */
static int index_of(int fd, const char *name)
{
        struct ifreq ifr = { 0 };

        (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        return ioctl(fd, SIOCGIFINDEX, &ifr) < 0 ? -errno : ifr.ifr_ifindex;
}

void net_devices_look(const struct ctx *c, struct problems *p)
{
        const struct oci_net_device_map *m = c->linux_->net_devices;
        _cleanup_close_ int fd = net_devices_wanted(c) && problems_host(p) ? nl_open(NULL) : -1;

        for (size_t i = 0; fd >= 0 && i < m->n; i++)
                if (!bad_name(m->entries[i].key) && index_of(fd, m->entries[i].key) == -ENODEV)
                        problem_host(p, PROP("linux.netDevices[\"%s\"]", m->entries[i].key),
                                     "there is no network interface of this name");
}

/* ---- addresses ------------------------------------------------------------------------------------------------------ */

/* The permanent global addresses of one interface, as requests that add them again. */
struct addresses {
        int ifindex;
        struct request *list;
        size_t n;
};

static void addresses_free(struct addresses *a)
{
        free(a->list);
}

static int collect(void *data, const struct nlmsghdr *h)
{
        const struct ifaddrmsg *m = NLMSG_DATA(h);
        struct addresses *all = data;
        struct request rq = { 0 };
        uint32_t flags;

        if (h->nlmsg_type != RTM_NEWADDR || (int)m->ifa_index != all->ifindex ||
            m->ifa_scope != RT_SCOPE_UNIVERSE)
                return 0;
        flags = m->ifa_flags;
        rq.head.nlmsg_len = NLMSG_LENGTH(sizeof(rq.addr));
        rq.head.nlmsg_type = RTM_NEWADDR;
        rq.head.nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
        rq.addr = *m;
        rq.addr.ifa_flags = 0;
        unsigned len = (unsigned)IFA_PAYLOAD(h);

        for (const struct rtattr *a = IFA_RTA(m); RTA_OK(a, len); a = RTA_NEXT(a, len)) {
                if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) == sizeof(flags))
                        memcpy(&flags, RTA_DATA(a), sizeof(flags));
                /* Not the label, which starts with the old name, nor the life times, which for ever has not. */
                if (a->rta_type != IFA_LOCAL && a->rta_type != IFA_ADDRESS && a->rta_type != IFA_BROADCAST &&
                    a->rta_type != IFA_RT_PRIORITY)
                        continue;
                if (rq.head.nlmsg_len + a->rta_len + sizeof(flags) + 64 > sizeof(rq))
                        return -EMSGSIZE;
                add(&rq, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
        }
        if (!(flags & IFA_F_PERMANENT))
                return 0;
        flags &= KEPT_FLAGS;
        add(&rq, IFA_FLAGS, &flags, sizeof(flags));

        struct request *list = reallocarray(all->list, all->n + 1, sizeof(*list));

        if (!list)
                return -ENOMEM;
        all->list = list;
        all->list[all->n++] = rq;
        return 0;
}

static int read_addresses(int fd, struct addresses *all, struct cfs_error *err)
{
        struct request rq = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(rq.addr)),
                                        .nlmsg_type = RTM_GETADDR,
                                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
        int r;

        r = nl_send(fd, &rq);
        if (r == 0)
                r = nl_receive(fd, collect, all);
        return r < 0 ? err_sys(err, -r, "netlink", "read the addresses") : 0;
}

/* ---- moving ----------------------------------------------------------------------------------------------------------- */

/* Both sides of the move. */
struct sides {
        int host;   /* netlink socket in our namespace                 */
        int inside; /* netlink socket in the container's               */
        int netns;  /* the container's namespace                       */
};

/* The name that the interface gets inside: for "eth%d" the first that is free. */
static int choose_name(int inside, const char *wanted, char name[IFNAMSIZ], struct cfs_error *err)
{
        const char *percent = strchr(wanted, '%');

        if (!percent) {
                (void)snprintf(name, IFNAMSIZ, "%s", wanted);
                if (index_of(inside, name) == -ENODEV)
                        return 0;
                return err_set(err, CFS_E_INVALID, "an interface named `%s` exists in the container already",
                               name);
        }
        for (unsigned i = 0; i < 32768; i++) {
                int n = snprintf(name, IFNAMSIZ, "%.*s%u%s", (int)(percent - wanted), wanted, i, percent + 2);

                if (n >= IFNAMSIZ)
                        break;
                if (index_of(inside, name) == -ENODEV)
                        return 0;
        }
        return err_set(err, CFS_E_INVALID, "no name is free for `%s` in the container", wanted);
}

static int move(const struct sides *s, int ifindex, const char *name, struct cfs_error *err)
{
        struct request rq = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(rq.link)),
                                        .nlmsg_type = RTM_NEWLINK },
                              .link = { .ifi_index = ifindex } };
        int r;

        add(&rq, IFLA_NET_NS_FD, &s->netns, sizeof(s->netns));
        add(&rq, IFLA_IFNAME, name, strlen(name) + 1);
        r = nl_call(s->host, &rq);
        if (r == 0)
                return 0;
        r = err_sys(err, -r, "netlink", "move it into the container as `%s`", name);
        if (r == -EPERM)
                return err_hint(err, r, "this needs CAP_NET_ADMIN over the host's network namespace");
        if (r == -EINVAL)
                return err_hint(
                        err, r,
                        "some interfaces are bound to their namespace: bridges, tunnels, wireless ones");
        return r;
}

static int raise_up(int fd, const char *name, struct cfs_error *err)
{
        struct ifreq ifr = { 0 };

        (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        if (ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
                return err_sys(err, errno, "ioctl", "read the flags of `%s` in the container", name);
        ifr.ifr_flags |= IFF_UP;
        if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
                return err_sys(err, errno, "ioctl", "raise `%s` in the container", name);
        return 0;
}

static int move_one(const struct sides *s, const struct oci_net_device_pair *d, struct cfs_error *err)
{
        _cleanup_(addresses_free) struct addresses all = { 0 };
        char name[IFNAMSIZ];
        int r;

        r = index_of(s->host, d->key);
        if (r < 0)
                return err_set(err, CFS_E_INVALID, "there is no interface of this name on the host: %s",
                               err_strerror(-r));
        all.ifindex = r;
        r = choose_name(s->inside, name_inside(d), name, err);
        if (r < 0)
                return r;
        r = read_addresses(s->host, &all, err);
        if (r < 0)
                return r;
        r = move(s, all.ifindex, name, err);
        if (r < 0)
                return r;
        r = raise_up(s->inside, name, err);
        if (r < 0)
                return r;
        /* It may have got another index. */
        r = index_of(s->inside, name);
        if (r < 0)
                return err_sys(err, -r, "ioctl", "find `%s` in the container", name);
        for (size_t i = 0; i < all.n; i++) {
                int e;

                all.list[i].addr.ifa_index = (unsigned)r;
                e = nl_call(s->inside, &all.list[i]);
                if (e < 0)
                        return err_sys(err, -e, "netlink", "restore an address of `%s`", name);
        }
        return 0;
}

/* A netlink socket in another namespace. We are back in our own in any case, or fail for good. */
static int open_inside(const struct ctx *c, int netns, struct cfs_error *err)
{
        _cleanup_close_ int ours = -1;
        int fd, r;

        ours = openat(c->proc_fd, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (ours < 0)
                return err_sys(err, errno, "openat", "open our network namespace");
        if (setns(netns, CLONE_NEWNET) < 0)
                return err_sys(err, errno, "setns", "enter the container's network namespace");
        fd = nl_open(err);
        if (setns(ours, CLONE_NEWNET) == 0)
                return fd;
        r = errno;
        if (fd >= 0)
                (void)close(fd);
        return err_sys(err, r, "setns", "return to our network namespace");
}

/* The container's namespace: one that is joined is known; the init has not entered it yet. */
static int open_netns(const struct ctx *c, struct cfs_error *err)
{
        char path[48];
        int fd;

        if (c->namespaces && c->namespaces->join_fd[NS_NETWORK] >= 0)
                fd = fcntl(c->namespaces->join_fd[NS_NETWORK], F_DUPFD_CLOEXEC, 3);
        else {
                (void)snprintf(path, sizeof(path), "%d/ns/net", (int)c->pid);
                fd = openat(c->proc_fd, path, O_RDONLY | O_CLOEXEC);
        }
        return fd < 0 ? err_sys(err, errno, "openat", "open the container's network namespace") : fd;
}

int net_devices_host(struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int netns = -1, host = -1, inside = -1;

        netns = open_netns(c, err);
        if (netns < 0)
                return netns;
        host = nl_open(err);
        if (host < 0)
                return host;
        inside = open_inside(c, netns, err);
        if (inside < 0)
                return inside;
        for (size_t i = 0; i < c->linux_->net_devices->n; i++) {
                const struct oci_net_device_pair *d = &c->linux_->net_devices->entries[i];
                int r = move_one(&(struct sides){ host, inside, netns }, d, err);

                if (r < 0)
                        return err_property(err, r, "linux.netDevices[\"%s\"]", d->key);
        }
        return 0;
}

void net_devices_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->linux_->net_devices->n; i++) {
                const struct oci_net_device_pair *d = &c->linux_->net_devices->entries[i];

                report_line(r, "move interface %s into the container as %s, raise it", d->key,
                            name_inside(d));
        }
}
