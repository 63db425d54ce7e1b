/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The content of a network namespace: devices, addresses, routes, the rules of a packet filter, parameters.
 * CRIU saves and restores them by a dozen runs of ip, iptables-save and iptables-restore, which is a third to
 * a half of the time of a whole checkpoint or restore. It is left out ("empty-ns") where that loses nothing:
 *
 *   devices             who made them                      in the images
 *   lo alone            the runtime: no process of the     no: restore raises lo, and sets linux.sysctl
 *                       container has CAP_NET_ADMIN
 *   lo alone            the container may have changed it  yes
 *   others              hooks of the runtime               no: the hooks of restore make them again
 *                       (prestart, createRuntime)
 *   others              another process                    yes: CRIU knows what it can do with them
 *
 * The images themselves tell restore which of them it was, so that those of runc, which never saves a
 * network, are understood, too.
 */
#include "libcfs/checkpoint/network.h"
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/io.h"
#include "base/str.h"
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TABLE (1 << 20)

static bool is_own(const struct oci_record *rec)
{
        for (size_t i = 0; i < rec->n_namespaces; i++)
                if (STREQ(rec->namespaces[i]->type, "network"))
                        return str_empty(rec->namespaces[i]->path);
        return false;
}

/* /proc/PID/net/dev: two lines of a head, then "  name: numbers" for each device. */
static bool has_lo_alone(int proc_fd, pid_t pid)
{
        _cleanup_free_ char *text = NULL;
        char path[64], *next, *line;
        size_t n = 0;

        (void)snprintf(path, sizeof(path), "%d/net/dev", (int)pid);
        if (io_read_file(proc_fd, path, MAX_TABLE, &text, NULL, NULL) < 0)
                return false;
        next = text;
        while ((line = strsep(&next, "\n"))) {
                char *colon = strchr(line, ':');

                if (n++ < 2 || !colon)
                        continue;
                line += strspn(line, " ");
                if (colon - line != 2 || memcmp(line, "lo", 2) != 0)
                        return false;
        }
        return n > 2;
}

/* Could a process of the container have changed its network? The bounding set is inherited by all. */
static bool may_configure(int proc_fd, pid_t pid)
{
        _cleanup_free_ char *text = NULL;
        char path[64];
        const char *at;

        (void)snprintf(path, sizeof(path), "%d/status", (int)pid);
        if (io_read_file(proc_fd, path, MAX_TABLE, &text, NULL, NULL) < 0 ||
            !(at = strstr(text, "\nCapBnd:")))
                return true;
        return (strtoull(at + strlen("\nCapBnd:"), NULL, 16) >> CAP_NET_ADMIN) & 1;
}

void checkpoint_network_declare(struct checkpoint_job *j, const struct oci_record *rec, int proc_fd,
                                pid_t pid)
{
        const struct oci_hooks *h = rec->hooks;
        bool hooks = h && h->n_prestart + h->n_create_runtime > 0;

        if (is_own(rec) && (has_lo_alone(proc_fd, pid) ? !may_configure(proc_fd, pid) : hooks))
                j->o.empty_ns |= CLONE_NEWNET;
}

bool checkpoint_network_is_saved(const struct checkpoint_job *j)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = dir_open(&d, j->images_fd, ".");

        while (r >= 0 && (r = dir_next(&d)) > 0)
                if (str_has_prefix(d.name, "netdev-"))
                        return true;
        return r < 0;
}
