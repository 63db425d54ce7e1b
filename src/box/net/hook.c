/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One program for both hooks: whether the network is made or taken down is seen from the state's status. What
 * has to be taken down is in STATE/ID.json, written before anything is made: the configuration list as it was
 * then, and the ports; after ADD also its result. A file that is there when a network is to be made is from a
 * run that was killed: it is taken down first.
 */
#include "box/net/hook.h"
#include "base/ask.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/str.h"
#include "box/net/cni.h"
#include "box/net/names.h"
#include "box/net/networks.h"
#include "box/net/stand_in.h"
#include "box/net/user_mode.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define MAX_FILE      (1U << 20)
#define MAX_ADDRESSES 16

struct hook {
        const struct hook_options *o;
        const struct oci_hook_state *state;
        char file[512], ns_file[520];
        char netns[48];
};

static int check_id(const char *id, struct cfs_error *err)
{
        if (strchr(id, '/') || *id == '.' || strlen(id) > 255)
                return err_set(err, CFS_E_INVALID, "the ID `%s` cannot be part of a file name", id);
        return 0;
}

static int save(const struct hook *h, struct oci_hook_record *record, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r = oci_encode(&oci_hook_record_type, record, 0, &text, &len, err);

        return r < 0 ? r : io_write_atomic(AT_FDCWD, h->file, text, len, 0600, err);
}

/* ---- taking down --------------------------------------------------------------------------------------- */

/* DEL, with a namespace that has the addresses: see stand_in.c. */
static int del_cni(const struct hook *h, const struct oci_hook_record *record, struct cfs_error *err)
{
        const char *plugins = h->o->plugins ? h->o->plugins : networks_plugins(), *addresses[MAX_ADDRESSES];
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct cni c = { .plugins = plugins ? plugins : "/usr/lib/cni",
                         .list = record->list,
                         .name = "network configuration",
                         .id = h->state->id,
                         .ports = (const char *const *)record->ports,
                         .n_ports = record->n_ports };
        struct oci_cni *result;
        struct cfs_error ignored;
        char netns[48];
        pid_t pid = 0;
        size_t n = 0;
        int r;

        if (record->result && oci_decode(&oci_cni_type, "result", record->result, strlen(record->result),
                                         (void **)&result, &arena, &ignored) >= 0)
                for (size_t i = 0; i < result->n_ips && n < MAX_ADDRESSES; i++)
                        addresses[n++] = result->ips[i]->address;
        if (n > 0 && stand_in_begin(CNI_INTERFACE, addresses, n, &pid, &ignored) >= 0) {
                (void)snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)pid);
                c.netns = netns;
        }
        r = cni_del(&c, record->result, err);
        if (pid > 0)
                ask_end(pid);
        return r;
}

static int take_down(const struct hook *h, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *text = NULL;
        struct oci_hook_record *record;
        size_t len;
        int r;

        r = io_read_file(AT_FDCWD, h->file, MAX_FILE, &text, &len, err);
        if (r < 0 && err->errnum == ENOENT) /* it has no network, or none any more */
                return 0;
        if (r >= 0)
                r = oci_decode(&oci_hook_record_type, h->file, text, len, (void **)&record, &arena, err);
        if (r < 0)
                return r;
        if (record->pid > 0)
                user_mode_stop(record->pid, h->ns_file);
        if (record->list)
                r = del_cni(h, record, err);
        if (r >= 0 && unlink(h->file) < 0 && errno != ENOENT)
                r = err_sys(err, errno, "unlink", "remove `%s`", h->file);
        if (r >= 0 && record->network)
                r = names_update(h->o->state, record->network, err);
        return r;
}

/* ---- making -------------------------------------------------------------------------------------------- */

/* The loopback interface is up in every network; a child does it, so that this process stays where it is. */
static int raise_loopback(void *netns)
{
        struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
        int ns = open(netns, O_RDONLY | O_CLOEXEC), sock;

        if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
                return -errno;
        sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        return sock < 0 || ioctl(sock, SIOCSIFFLAGS, &ifr) < 0 ? -errno : 0;
}

/* In place: the file may be mounted in the container already. */
static int add_to_hosts(const struct hook *h, const char *address, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        char line[320];
        int n;

        if (!h->o->hosts || !h->o->hostname)
                return 0;
        fd = open(h->o->hosts, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return err_path(err, errno, "open", h->o->hosts, "open `%s`", h->o->hosts);
        n = snprintf(line, sizeof(line), "%.*s\t%.64s\n", (int)strcspn(address, "/"), address,
                     h->o->hostname);
        n = io_write_all(fd, line, (size_t)n);
        return n < 0 ? err_sys(err, -n, "write", "write to `%s`", h->o->hosts) : 0;
}

static int add_cni(const struct hook *h, struct oci_hook_record *record, struct cfs_error *err)
{
        const char *plugins = h->o->plugins ? h->o->plugins : networks_plugins();
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *list = NULL, *result = NULL;
        struct cni c = { .plugins = plugins, .name = h->o->network, .id = h->state->id, .netns = h->netns };
        struct oci_cni *parsed;
        int r;

        if (!plugins)
                return err_hint(err, err_set(err, CFS_E_UNSUPPORTED, "no CNI plugins are installed"),
                                "apt-get install containernetworking-plugins");
        r = networks_read(h->o->networks ? h->o->networks : NETWORKS_HOST, h->o->network, &list, NULL, err);
        if (r < 0)
                return r;
        c.list = record->list = list;
        c.ports = (const char *const *)record->ports;
        c.n_ports = record->n_ports;
        r = save(h, record, err);
        if (r >= 0)
                r = cni_add(&c, &result, err);
        if (r < 0) {
                (void)unlink(h->file);
                return r;
        }
        record->result = result;
        r = save(h, record, err);
        if (r >= 0)
                r = oci_decode(&oci_cni_type, "the plugins' result", result, strlen(result), (void **)&parsed,
                               &arena, err);
        for (size_t i = 0; r >= 0 && i < parsed->n_ips; i++)
                r = add_to_hosts(h, parsed->ips[i]->address, err);
        return r < 0 || !record->network ? r : names_update(h->o->state, record->network, err);
}

static int add_user_mode(const struct hook *h, struct oci_hook_record *record, struct cfs_error *err)
{
        const char *address;
        int r = user_mode_start(h->state->pid, h->ns_file, record->ports, record->n_ports, &record->pid,
                                &address, err);

        if (r < 0)
                return r;
        record->has_pid = true;
        r = save(h, record, err);
        return r < 0 || !address ? r : add_to_hosts(h, address, err);
}

static int make(const struct hook *h, struct cfs_error *err)
{
        struct oci_hook_record record = { 0 };
        struct cfs_error ignored;
        int r;

        while (h->o->ports && h->o->ports[record.n_ports])
                record.n_ports++;
        record.ports = (char **)h->o->ports;
        while (h->o->names && h->o->names[record.n_names])
                record.n_names++;
        record.names = (char **)h->o->names;
        if (record.n_names > 0) {
                record.network = (char *)h->o->network;
                record.hosts = (char *)h->o->hosts;
        }
        (void)take_down(h, &ignored);
        (void)proc_try(raise_loopback, (void *)h->netns);
        r = h->o->user_mode ? add_user_mode(h, &record, err) : add_cni(h, &record, err);
        if (r < 0)
                (void)take_down(h, &ignored);
        return r;
}

int hook_run(const struct hook_options *o, const char *text, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_hook_state *state;
        struct hook h = { .o = o };
        int r = oci_decode(&oci_hook_state_type, "the state on standard input", text, strlen(text),
                           (void **)&state, &arena, err);

        if (r >= 0)
                r = check_id(state->id, err);
        if (r >= 0 && mkdir(o->state, 0700) < 0 && errno != EEXIST)
                r = err_path(err, errno, "mkdir", o->state, "make directory `%s`", o->state);
        if (r < 0)
                return r;
        h.state = state;
        (void)snprintf(h.ns_file, sizeof(h.ns_file), "%s/%s.netns", o->state, state->id);
        if ((size_t)snprintf(h.file, sizeof(h.file), "%s/%s.json", o->state, state->id) >= sizeof(h.file))
                return err_set(err, CFS_E_INVALID, "--state is too long");
        if (STREQ(state->status, "stopped"))
                return take_down(&h, err);
        if (state->pid <= 0)
                return err_set(err, CFS_E_INVALID,
                               "the state has no pid: cfs-cni is a createRuntime and a poststop hook");
        if (!o->network && !o->user_mode)
                return err_set(err, CFS_E_INVALID, "--network is missing");
        (void)snprintf(h.netns, sizeof(h.netns), "/proc/%d/ns/net", state->pid);
        return make(&h, err);
}
