/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What --network means, and the files in /etc that go with it.
 *
 *   (nothing), bridge   the network "box": the CNI plugins bridge, host-local, portmap; none where they are not installed
 *   none                a network namespace with the loopback interface alone
 *   host                the host's namespace
 *   container:NAME      that container's namespace
 *   NAME                the network of that name: `network create`, or a file in /etc/cni/net.d
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/net/networks.h"
#include "box/store/container.h"
#include <fcntl.h>
#include <stdio.h>

static int join(struct container *c, const char *ref, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *json = NULL;
        struct oci_state *state;
        char id[BOX_ID_SIZE];
        int r = store_container_find(c->box, ref, id, err);

        if (r >= 0)
                r = cfs_state(&c->box->rt, id, &json, err);
        if (r >= 0)
                r = oci_decode(&oci_state_type, "state", json, strlen(json), (void **)&state, &arena, err);
        if (r < 0)
                return err_prefix(err, r, "--network container:%s", ref);
        if (state->pid <= 0)
                return err_set(err, CFS_E_STATE, "--network container:%s: it does not run", ref);
        c->net = CONFIG_NET_JOIN;
        (void)snprintf(c->net_name, sizeof(c->net_name), "/proc/%d/ns/net", state->pid);
        return 0;
}

int network_resolve(struct container *c, const char *network, struct cfs_error *err)
{
        bool usual = !network || STREQ(network, "bridge") || STREQ(network, "default");

        if (network && STREQ(network, "none")) {
                c->net = CONFIG_NET_NONE;
        } else if (network && STREQ(network, "host")) {
                c->net = CONFIG_NET_HOST;
        } else if (network && str_has_prefix(network, "container:")) {
                return join(c, network + strlen("container:"), err);
        } else if (c->box->rootless && (usual || STREQ(network, "user"))) {
                c->net = networks_user_mode() ? CONFIG_NET_USER : CONFIG_NET_NONE;
                if (c->net == CONFIG_NET_NONE && !c->box->quiet)
                        fprintf(stderr, "cfs-box: the container has no network (see `cfs-box doctor`)\n");
        } else if (usual && !network && !networks_plugins()) {
                if (!c->box->quiet)
                        fprintf(stderr,
                                "cfs-box: no CNI plugins are installed: the container has no network (see `cfs-box doctor`)\n");
                c->net = CONFIG_NET_NONE;
        } else {
                c->net = CONFIG_NET_CNI;
                (void)snprintf(c->net_name, sizeof(c->net_name), "%s", usual ? NETWORKS_DEFAULT : network);
                return networks_check(c->box, c->net_name, err);
        }
        (void)snprintf(c->net_name, sizeof(c->net_name), "%s",
                       c->net == CONFIG_NET_HOST   ? "host"
                       : c->net == CONFIG_NET_USER ? "user"
                                                   : "none");
        return 0;
}

bool network_has_names(const struct container *c)
{
        return c->net == CONFIG_NET_CNI && !STREQ(c->net_name, NETWORKS_DEFAULT);
}

static int check_aliases(const struct container *c, struct cfs_error *err)
{
        const char **a = c->o->aliases;

        if (a && *a && !network_has_names(c))
                return err_hint(
                        err, err_set(err, CFS_E_INVALID, "--network-alias %s needs a network with names", *a),
                        "`cfs-box network create NAME`, then `cfs-box run --network NAME`");
        for (; a && *a; a++)
                if (!**a || strlen(*a) > 253 ||
                    strspn(*a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
                            strlen(*a))
                        return err_set(err, CFS_E_INVALID, "--network-alias %s: expected a host name", *a);
        return 0;
}

/* ---- files --------------------------------------------------------------------------------------------- */

static int write_file(const struct container *c, const char *name, const char *text, struct cfs_error *err)
{
        char path[PATH_MAX];

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", c->dir, name) >= sizeof(path))
                return err_set(err, CFS_E_INVALID, "--root is too long");
        return io_write_new(AT_FDCWD, path, text, strlen(text), 0644, err);
}

static void add_words(struct str *s, const char *what, const char **words)
{
        if (!words || !*words)
                return;
        str_add(s, what);
        for (; *words; words++)
                str_addf(s, " %.*s", (int)strcspn(*words, "\n"), *words);
        str_add(s, "\n");
}

/* Name servers on the host's loopback interface do not exist in another network namespace.
 * systemd-resolved keeps the real ones in a file of its own. */
static int resolv_conf(const struct container *c, struct cfs_error *err)
{
        static const char *const sources[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };
        _cleanup_str_ struct str s = { 0 };
        struct cfs_error ignored;
        bool any = false;

        for (const char **d = c->o->dns; d && *d; d++) {
                if (strspn(*d, "0123456789abcdefABCDEF.:") != strlen(*d))
                        return err_set(err, CFS_E_INVALID, "--dns %s: expected an address", *d);
                str_addf(&s, "nameserver %s\n", *d);
                any = true;
        }
        for (size_t i = 0; !any && i < ARRAY_SIZE(sources); i++) {
                _cleanup_free_ char *text = NULL;

                if (io_read_file(AT_FDCWD, sources[i], 1U << 20, &text, NULL, &ignored) < 0)
                        continue;
                str_free(&s);
                for (const char *line = text; *line;) {
                        size_t n = strcspn(line, "\n") + 1;
                        bool server = str_has_prefix(line, "nameserver");
                        bool local = c->net != CONFIG_NET_HOST && server &&
                                     (strstr(line, "127.") == line + 11 || strstr(line, "::1") == line + 11);

                        n -= !line[n - 1];
                        if (!local)
                                str_add_n(&s, line, n);
                        any |= server && !local;
                        line += n;
                }
        }
        add_words(&s, "search", c->o->dns_search);
        add_words(&s, "options", c->o->dns_options);
        return s.failed ? err_nomem(err) : write_file(c, "resolv.conf", s.p ? s.p : "", err);
}

static int hosts(const struct container *c, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        str_add(&s, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
        if (c->net != CONFIG_NET_CNI && c->net != CONFIG_NET_USER)
                str_addf(&s, "127.0.1.1\t%s\n", c->hostname);
        for (const char **h = c->o->hosts; h && *h; h++) {
                const char *colon = strchr(*h, ':');

                if (!colon || colon == *h || !colon[1])
                        return err_set(err, CFS_E_INVALID, "--add-host %s: expected NAME:ADDRESS", *h);
                str_addf(&s, "%s\t%.*s\n", colon + 1, (int)(colon - *h), *h);
        }
        return s.failed ? err_nomem(err) : write_file(c, "hosts", s.p, err);
}

int network_files(const struct container *c, struct cfs_error *err)
{
        char name[72];
        int r = check_aliases(c, err);

        if (r >= 0)
                r = hosts(c, err);
        (void)snprintf(name, sizeof(name), "%s\n", c->hostname);
        if (r >= 0)
                r = write_file(c, "hostname", name, err);
        return r < 0 ? r : resolv_conf(c, err);
}

char *network_address(const struct box *box, const char *id, struct oci_arena *arena)
{
        _cleanup_oci_arena_ struct oci_arena *outer = NULL, *inner = NULL;
        _cleanup_free_ char *text = NULL;
        struct oci_hook_record *record;
        struct oci_cni *result;
        struct cfs_error ignored;
        char path[64];

        (void)snprintf(path, sizeof(path), "net/%s.json", id);
        if (io_read_file(box->root_fd, path, 1U << 20, &text, NULL, &ignored) < 0 ||
            oci_decode(&oci_hook_record_type, path, text, strlen(text), (void **)&record, &outer, &ignored) <
                    0 ||
            !record->result ||
            oci_decode(&oci_cni_type, path, record->result, strlen(record->result), (void **)&result, &inner,
                       &ignored) < 0 ||
            result->n_ips == 0)
                return NULL;
        return oci_arena_strndup(arena, result->ips[0]->address, strcspn(result->ips[0]->address, "/"));
}
