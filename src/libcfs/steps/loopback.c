/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loopback interface of a new network namespace is there, but down: nothing answers on 127.0.0.1 until it
 * is set up. The specification says nothing about it; every runtime does it, and programs rely on it.
 *
 * SIOCSIFFLAGS changes only the flags that a user may change (netdevice(7)), so there is no need to read them
 * first. A namespace that is joined is configured by its owner.
 */
#include "base/cleanup.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include "base/sys.h"
#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

bool loopback_wanted(const struct ctx *c)
{
        return (c->ns_new & CLONE_NEWNET) && !c->enters_late;
}

static int raise_lo(void *data, struct cfs_error *err)
{
        struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        _cleanup_close_ int fd = -1;

        (void)data;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return err_sys(err, errno, "socket", "open a socket to raise the loopback interface");
        if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
                return err_needs(err, err_sys(err, errno, "ioctl", "raise the loopback interface"), "that",
                                 CAP_NET_ADMIN);
        return 0;
}

int loopback_init(struct ctx *c, struct cfs_error *err)
{
        (void)c;
        return raise_lo(NULL, err);
}

/* The namespace is one that CRIU made, and the processes in it are not running yet. */
int loopback_restore_host(struct ctx *c, struct cfs_error *err)
{
        if (!restore_network_is_new(c))
                return 0;
        return namespaces_in_network(c->proc_fd, c->pid, raise_lo, NULL, err);
}

void loopback_restore_explain(const struct ctx *c, struct report *r)
{
        (void)c;
        report_line(r, "raise lo, if the images have no network");
}
