/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.netDevices: network interfaces of the host that move into the container.
 *
 * rtnetlink(7) moves an interface: RTM_NEWLINK with IFLA_NET_NS_FD and its new name. The kernel takes it down
 * on the way and removes its addresses, which belong to the namespace. The specification wants it back as it
 * was: up, with its permanent global addresses. So:
 *
 *      in the host's namespace         read the addresses, move and rename
 *      in the container's namespace    raise it, then add the addresses: their routes need it up
 *
 * The runtime does all of it: the container cannot reach the host's namespace, and should not need to be
 * trusted with its own half. A socket belongs to the namespace that it was made in, so the runtime steps into
 * the container's namespace for one socket(2) and back.
 *
 * A name that is taken inside is an error, found before the move: the kernel would find it after, with the
 * interface in the container already, under its old name. "eth%d" asks for the first free number. Nothing is
 * moved back at the end: the kernel returns hardware to the host and destroys the rest
 * (network_namespaces(7)).
 *
 * A create that fails is as if it had never been attempted (runtime.md, "Errors"): there the interfaces come
 * back, under their names, with their addresses, up if they were. The runtime holds the namespace open until
 * the container is created, so that it does not end with the init. Routes that were added by hand are lost.
 * Of a runtime that was killed, undo brings them back from a namespace that was joined; with a new one they
 * have ended as above.
 *
 * An address that cannot be added again fails the container.
 */
#include "base/cleanup.h"
#include "base/netlink.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/steps/steps.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Flags of an address that say how it was made rather than what became of it. */
#define KEPT_FLAGS                                                                                           \
        (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

bool net_devices_wanted(const struct ctx *c)
{
        return c->linux_->net_devices && c->linux_->net_devices->n > 0;
}

/* ---- check --------------------------------------------------------------------------------------------- */

/* Is it a name that the kernel accepts (dev_valid_name())? NULL, or why not. */
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

/* The index of an interface in the socket's namespace, or -errno: -ENODEV when no interface has that name. */
static int index_of(int fd, const char *name)
{
        struct ifreq ifr = { 0 };

        (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        return ioctl(fd, SIOCGIFINDEX, &ifr) < 0 ? -errno : ifr.ifr_ifindex;
}

void net_devices_look(const struct ctx *c, struct problems *p)
{
        const struct oci_net_device_map *m = c->linux_->net_devices;
        _cleanup_close_ int fd = net_devices_wanted(c) && problem_wants_host(p) ? netlink_open(NULL) : -1;

        for (size_t i = 0; fd >= 0 && i < m->n; i++)
                if (!bad_name(m->entries[i].key) && index_of(fd, m->entries[i].key) == -ENODEV)
                        problem_host(p, PROP("linux.netDevices[\"%s\"]", m->entries[i].key),
                                     "there is no network interface of this name");
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

/* The permanent addresses of one interface, as requests that add them again. */
struct addresses {
        int ifindex;
        struct netlink_request *list;
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
        struct netlink_request rq = { 0 };
        uint32_t flags;

        if (h->nlmsg_type != RTM_NEWADDR || (int)m->ifa_index != all->ifindex)
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
                /* Leaves out the label, which begins with the old name, and the life times: a permanent
                 * address has none. */
                if (a->rta_type != IFA_LOCAL && a->rta_type != IFA_ADDRESS && a->rta_type != IFA_BROADCAST &&
                    a->rta_type != IFA_RT_PRIORITY)
                        continue;
                if (netlink_is_full(&rq, RTA_SPACE(RTA_PAYLOAD(a)) + RTA_SPACE(sizeof(flags))))
                        return -EMSGSIZE;
                (void)netlink_add(&rq, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
        }
        if (!(flags & IFA_F_PERMANENT))
                return 0;
        flags &= KEPT_FLAGS;
        (void)netlink_add(&rq, IFA_FLAGS, &flags, sizeof(flags));

        struct netlink_request *list = reallocarray(all->list, all->n + 1, sizeof(*list));

        if (!list)
                return -ENOMEM;
        all->list = list;
        all->list[all->n++] = rq;
        return 0;
}

static int read_addresses(int fd, struct addresses *all, struct cfs_error *err)
{
        struct netlink_request rq = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(rq.addr)),
                                                .nlmsg_type = RTM_GETADDR } };
        int r = netlink_dump(fd, &rq, collect, all);

        return r < 0 ? err_sys(err, -r, "netlink", "read the addresses") : 0;
}

/* ---- moving -------------------------------------------------------------------------------------------- */

/* One side of a move. */
struct side {
        int socket; /* netlink, in the namespace */
        int netns;  /* the namespace              */
};

/* 1: no interface has this name. 0: one has. */
static int is_free(int fd, const char *name, struct cfs_error *err)
{
        int r = index_of(fd, name);

        if (r < 0 && r != -ENODEV)
                return err_sys(err, -r, "ioctl", "look whether the container has an interface `%s`", name);
        return r < 0;
}

/* The name that the interface gets inside: for "eth%d" the first that is free. */
static int choose_name(int inside, const char *wanted, char name[IFNAMSIZ], struct cfs_error *err)
{
        const char *percent = strchr(wanted, '%');
        int r = 0;

        if (!percent) {
                (void)snprintf(name, IFNAMSIZ, "%s", wanted);
                r = is_free(inside, name, err);
                if (r != 0)
                        return r < 0 ? r : 0;
                return err_set(err, CFS_E_INVALID, "an interface named `%s` exists in the container already",
                               name);
        }
        for (unsigned i = 0; r == 0 && i < 32768; i++) {
                int n = snprintf(name, IFNAMSIZ, "%.*s%u%s", (int)(percent - wanted), wanted, i, percent + 2);

                if (n >= IFNAMSIZ)
                        break;
                r = is_free(inside, name, err);
        }
        if (r != 0)
                return r < 0 ? r : 0;
        return err_set(err, CFS_E_INVALID, "no name is free for `%s` in the container", wanted);
}

static int move(const struct side *from, const struct side *to, int ifindex, const char *name,
                struct cfs_error *err)
{
        struct netlink_request rq = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(rq.link)),
                                                .nlmsg_type = RTM_NEWLINK },
                                      .link = { .ifi_index = ifindex } };
        int r;

        (void)netlink_add(&rq, IFLA_NET_NS_FD, &to->netns, sizeof(to->netns));
        (void)netlink_add(&rq, IFLA_IFNAME, name, strlen(name) + 1);
        r = netlink_call(from->socket, &rq);
        if (r == 0)
                return 0;
        r = err_sys(err, -r, "netlink", "move it as `%s`", name);
        if (r == -EPERM)
                return err_hint(err, r, "this needs CAP_NET_ADMIN over both network namespaces");
        if (r == -EINVAL)
                return err_hint(
                        err, r,
                        "some interfaces are bound to their namespace: bridges, tunnels, wireless ones");
        return r;
}

static int read_flags(int fd, const char *name, short *ret, struct cfs_error *err)
{
        struct ifreq ifr = { 0 };

        (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        if (ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
                return err_sys(err, errno, "ioctl", "read the flags of `%s`", name);
        *ret = ifr.ifr_flags;
        return 0;
}

static int raise_up(int fd, const char *name, struct cfs_error *err)
{
        struct ifreq ifr = { 0 };
        int r = read_flags(fd, name, &ifr.ifr_flags, err);

        if (r < 0)
                return r;
        (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        ifr.ifr_flags |= IFF_UP;
        if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
                return err_sys(err, errno, "ioctl", "raise `%s`", name);
        return 0;
}

/* Moves the interface with its addresses: the global ones, or all. `up`: raises it there. */
static int transfer(const struct side *from, const struct side *to, const struct addresses *all,
                    const char *name, bool up, bool global, struct cfs_error *err)
{
        int r = move(from, to, all->ifindex, name, err), ifindex;

        if (r >= 0 && up)
                r = raise_up(to->socket, name, err);
        if (r < 0)
                return r;
        /* The index may have changed with the namespace. */
        ifindex = index_of(to->socket, name);
        if (ifindex < 0)
                return err_sys(err, -ifindex, "ioctl", "find `%s` where it was moved", name);
        for (size_t i = 0; i < all->n; i++) {
                struct netlink_request *rq = &all->list[i];

                if (global && rq->addr.ifa_scope != RT_SCOPE_UNIVERSE)
                        continue;
                rq->addr.ifa_index = (unsigned)ifindex;
                r = netlink_call(to->socket, rq);
                if (r < 0)
                        return err_sys(err, -r, "netlink", "restore an address of `%s`", name);
        }
        return 0;
}

/* Writes the move into the record before it is made: "eth1 eth0 up", and the addresses in hexadecimal, as
 * requests that the kernel takes. */
static int record_move(struct ctx *c, size_t i, const char *key, const char *name, bool up,
                       const struct addresses *all, struct cfs_error *err)
{
        struct oci_record *rec = c->state->record;
        _cleanup_str_ struct str s = { 0 };

        str_addf(&s, "%s %s %s", key, name, up ? "up" : "down");
        for (size_t j = 0; j < all->n; j++) {
                const unsigned char *bytes = (const unsigned char *)&all->list[j];

                str_add(&s, " ");
                for (size_t k = 0; k < all->list[j].head.nlmsg_len; k++)
                        str_addf(&s, "%02x", bytes[k]);
        }
        if (i == 0)
                rec->net_devices =
                        oci_arena_alloc(c->arena, c->linux_->net_devices->n * sizeof(*rec->net_devices));
        if (s.failed || !rec->net_devices || !(rec->net_devices[i] = oci_arena_strdup(c->arena, s.p)))
                return err_nomem(err);
        rec->n_net_devices = i + 1;
        return record_save(c->state, err);
}

static int move_one(struct ctx *c, const struct side *host, const struct side *inside, size_t i,
                    struct cfs_error *err)
{
        const struct oci_net_device_pair *d = &c->linux_->net_devices->entries[i];
        _cleanup_(addresses_free) struct addresses all = { 0 };
        char name[IFNAMSIZ];
        short flags = 0;
        int r;

        all.ifindex = index_of(host->socket, d->key);
        if (all.ifindex < 0 && all.ifindex != -ENODEV)
                return err_sys(err, -all.ifindex, "ioctl", "look for it on the host");
        if (all.ifindex < 0)
                return err_set(err, CFS_E_INVALID, "there is no interface of this name on the host: %s",
                               err_strerror(-all.ifindex));
        r = choose_name(inside->socket, name_inside(d), name, err);
        if (r >= 0)
                r = read_flags(host->socket, d->key, &flags, err);
        if (r >= 0)
                r = read_addresses(host->socket, &all, err);
        if (r >= 0)
                r = record_move(c, i, d->key, name, flags & IFF_UP, &all, err);
        return r < 0 ? r : transfer(host, inside, &all, name, true, true, err);
}

/* A netlink socket in another namespace. The runtime returns to its own namespace in any case; when that
 * fails, the command fails. */
static int open_inside(int ours, int netns, struct cfs_error *err)
{
        int fd, r;

        if (setns(netns, CLONE_NEWNET) < 0)
                return err_sys(err, errno, "setns", "enter the container's network namespace");
        fd = netlink_open(err);
        if (setns(ours, CLONE_NEWNET) == 0)
                return fd;
        r = errno;
        if (fd >= 0)
                (void)close(fd);
        return err_sys(err, r, "setns", "return to our network namespace");
}

/* Opens a socket in the runtime's namespace and one in the container's. */
static int open_sides(int proc_fd, int netns, struct side *host, struct side *inside, struct cfs_error *err)
{
        inside->netns = netns;
        host->netns = openat(proc_fd, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (host->netns < 0)
                return err_sys(err, errno, "openat", "open our network namespace");
        host->socket = netlink_open(err);
        if (host->socket < 0)
                return host->socket;
        inside->socket = open_inside(host->netns, netns, err);
        return inside->socket < 0 ? inside->socket : 0;
}

static void close_sides(const struct side *host, const struct side *inside)
{
        const int fds[] = { host->netns, host->socket, inside->socket };

        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                if (fds[i] >= 0)
                        (void)close(fds[i]);
}

/* The container's namespace. One that is to be joined is open already; the init may not have entered it
 * yet. */
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
        struct side host = { -1, -1 }, inside = { -1, -1 };
        int r;

        c->state->netns_fd = open_netns(c, err);
        if (c->state->netns_fd < 0)
                return c->state->netns_fd;
        r = open_sides(c->proc_fd, c->state->netns_fd, &host, &inside, err);
        for (size_t i = 0; r >= 0 && i < c->linux_->net_devices->n; i++) {
                r = move_one(c, &host, &inside, i, err);
                if (r < 0)
                        (void)err_property(err, r, "linux.netDevices[\"%s\"]",
                                           c->linux_->net_devices->entries[i].key);
        }
        close_sides(&host, &inside);
        return r;
}

/* The program runs: from now on the interfaces stay in its namespace. (A `create` that has succeeded ends,
 * and with it our descriptor.) */
int net_devices_keep_host(struct ctx *c, struct cfs_error *err)
{
        (void)err;
        if (c->state->netns_fd >= 0)
                (void)close(c->state->netns_fd);
        c->state->netns_fd = -1;
        return 0;
}

/* ---- undo ---------------------------------------------------------------------------------------------- */

static bool read_hex(const char *text, struct netlink_request *rq)
{
        size_t n = strcspn(text, " ") / 2;
        unsigned byte;

        *rq = (struct netlink_request){ 0 };
        if (n < NLMSG_LENGTH(sizeof(rq->addr)) || n > sizeof(*rq))
                return false;
        for (size_t i = 0; i < n; i++) {
                /* NOLINTNEXTLINE(cert-err34-c): two hexadecimal digits fit */
                if (sscanf(text + 2 * i, "%2x", &byte) != 1)
                        return false;
                ((unsigned char *)rq)[i] = (unsigned char)byte;
        }
        return rq->head.nlmsg_len == n;
}

static int move_back(const struct side *host, const struct side *inside, const char *entry,
                     struct cfs_error *err)
{
        _cleanup_(addresses_free) struct addresses all = { 0 };
        char key[IFNAMSIZ], name[IFNAMSIZ], state[8];
        int at = 0, r;

        if (sscanf(entry, "%15s %15s %7s%n", key, name, state, &at) != 3)
                return 0;
        all.ifindex = index_of(inside->socket, name);
        if (all.ifindex < 0) /* recorded, and not moved any more */
                return 0;
        all.list = calloc(strlen(entry) / NLMSG_LENGTH(sizeof(struct ifaddrmsg)) + 1, sizeof(*all.list));
        if (!all.list)
                return err_nomem(err);
        for (const char *p = entry + at; *p == ' '; p += strcspn(p, " "))
                all.n += read_hex(++p, &all.list[all.n]);
        r = transfer(inside, host, &all, key, STREQ(state, "up"), false, err);
        return r < 0 ? err_prefix(err, r, "interface `%s`", key) : 0;
}

/* The namespace to which a runtime that was killed has moved them: only a joined one still exists. */
static int reopen_joined(const struct state *s)
{
        for (size_t i = 0; i < s->record->n_namespaces; i++)
                if (STREQ(s->record->namespaces[i]->type, "network") &&
                    !str_empty(s->record->namespaces[i]->path))
                        return open(s->record->namespaces[i]->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        return -1;
}

/* After a create that failed. The interfaces of a created container stay in its namespace. */
int net_devices_undo(struct state *s, struct cfs_error *err)
{
        const struct oci_record *rec = s->record;
        struct side host = { -1, -1 }, inside = { -1, -1 };
        _cleanup_close_ int proc = -1, netns = -1;
        int r;

        if (rec->n_net_devices == 0 || (s->netns_fd < 0 && !str_eq(rec->phase, "creating")))
                return 0;
        netns = s->netns_fd >= 0 ? TAKE_FD(s->netns_fd) : reopen_joined(s);
        if (netns < 0)
                return 0; /* gone with the init: the kernel has returned or destroyed them */
        proc = path_open_host_proc(err);
        if (proc < 0)
                return proc;
        r = open_sides(proc, netns, &host, &inside, err);
        for (size_t i = rec->n_net_devices; r >= 0 && i-- > 0;)
                r = move_back(&host, &inside, rec->net_devices[i], err);
        close_sides(&host, &inside);
        return r;
}

void net_devices_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->linux_->net_devices->n; i++) {
                const struct oci_net_device_pair *d = &c->linux_->net_devices->entries[i];

                report_line(r, "move interface %s into the container as %s, raise it", d->key,
                            name_inside(d));
        }
}
