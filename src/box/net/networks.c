/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding, making and removing networks.
 *
 * A network of the box is a bridge with addresses by host-local, published ports by portmap, and
 * masquerading. Its subnet is one of 10.186.0.0/16, by /24; the first that no other network of the box has.
 */
#include "box/net/networks.h"
#include "base/cleanup.h"
#include "base/flock.h"
#include "base/io.h"
#include "base/str.h"
#include "box/core/directory.h"
#include "box/core/process.h"
#include "json.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#define MAX_FILE        (1U << 20)
#define LOCK_TIMEOUT_MS 30000
#define MAX_SUBNET      255

const char *networks_plugins(void)
{
        static const char *const places[] = { "/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni" };
        char path[64];

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                (void)snprintf(path, sizeof(path), "%s/bridge", places[i]);
                if (access(path, X_OK) == 0)
                        return places[i];
        }
        return NULL;
}

const char *networks_user_mode(void)
{
        static const char *const names[] = { "pasta", "slirp4netns" };

        for (size_t i = 0; access(NETWORKS_TUN, R_OK | W_OK) == 0 && i < ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *path = process_find(names[i]);

                if (path)
                        return names[i];
        }
        return NULL;
}

static bool is_name(const char *name)
{
        size_t len = strlen(name);

        return len > 0 && len < 64 && *name != '.' && *name != '-' &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static int check_name(const char *name, struct cfs_error *err)
{
        return is_name(name) ? 0
                             : err_set(err, CFS_E_INVALID,
                                       "network `%s`: a name has letters, digits, `.`, `_` and `-`", name);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* /etc/cni/net.d may be missing, or not for this user. */
static int open_host(struct dir *d, struct cfs_error *err)
{
        int r = dir_open(d, AT_FDCWD, NETWORKS_HOST);

        if (r < 0 && r != -ENOENT && r != -ENOTDIR && r != -EACCES)
                return err_path(err, -r, "openat", NETWORKS_HOST, "open directory `%s`", NETWORKS_HOST);
        return r >= 0;
}

/* The text of a configuration list: 1; 0 for a file that is gone, that this user may not read, or that is
 * too large: such a file is not taken for a network. What another error means is not known. */
static int read_list(int dir_fd, const char *directory, const char *name, char **ret, size_t *ret_len,
                     struct cfs_error *err)
{
        int r = io_read_file(dir_fd, name, MAX_FILE, ret, ret_len, err);

        if (r >= 0)
                return 1;
        return err->errnum == 0 || err->errnum == ENOENT || err->errnum == EACCES || err->errnum == EISDIR
                       ? 0
                       : err_prefix(err, r, "network list in %s", directory);
}

/* In /etc/cni/net.d the name is inside the file. */
static int search_host(const char *name, char **ret, char **ret_path, struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = open_host(&d, err);

        if (r <= 0)
                return r;
        while ((r = directory_next(&d, NETWORKS_HOST, err)) > 0) {
                _cleanup_oci_arena_ struct oci_arena *arena = NULL;
                _cleanup_free_ char *text = NULL;
                struct oci_cni_list *list;
                struct cfs_error ignored;
                size_t len;

                if (!strstr(d.name, ".conflist"))
                        continue;
                r = read_list(d.fd, NETWORKS_HOST, d.name, &text, &len, err);
                if (r < 0)
                        return r;
                if (r == 0 ||
                    oci_decode(&oci_cni_list_type, d.name, text, len, (void **)&list, &arena, &ignored) < 0 ||
                    !STREQ(list->name, name))
                        continue;
                if (ret_path && str_printf(ret_path, err, NETWORKS_HOST "/%s", d.name) < 0)
                        return -ENOMEM;
                *ret = TAKE_PTR(text);
                return 1;
        }
        return r;
}

int networks_read(const char *directory, const char *name, char **ret, char **ret_path, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL;
        int r = check_name(name, err);

        if (r >= 0)
                r = str_printf(&path, err, "%s/%s.conflist", directory, name);
        if (r < 0)
                return r;
        r = io_read_file(AT_FDCWD, path, MAX_FILE, ret, NULL, err);
        if (r >= 0 && ret_path)
                *ret_path = TAKE_PTR(path);
        if (r >= 0 || err->errnum != ENOENT)
                return r;
        r = search_host(name, ret, ret_path, err);
        if (r != 0)
                return r < 0 ? r : 0;
        return err_hint(err, err_set(err, CFS_E_NOT_FOUND, "network `%s` does not exist", name),
                        "`cfs-box network ls` lists networks, `cfs-box network create %s` makes one", name);
}

int networks_check(const struct box *box, const char *name, struct cfs_error *err)
{
        _cleanup_free_ char *directory = NULL, *text = NULL;
        int r = str_printf(&directory, err, "%s/networks", box->root);

        if (r >= 0 && !networks_plugins())
                return err_hint(
                        err,
                        err_set(err, CFS_E_UNSUPPORTED, "network `%s`: no CNI plugins are installed", name),
                        "apt-get install containernetworking-plugins iptables");
        if (r >= 0)
                r = networks_read(directory, name, &text, NULL, err);
        if (r < 0 && err->code == CFS_E_NOT_FOUND && STREQ(name, NETWORKS_DEFAULT)) {
                r = networks_create(box, name, NULL, false, err);
                if (r < 0 && err->code == CFS_E_EXISTS) /* another command was faster */
                        return 0;
        }
        return r;
}

/* ---- listing ------------------------------------------------------------------------------------------- */

static int add(const char *path, const char *text, struct oci_arena *arena, struct oci_box_network ***list,
               size_t *n, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *other = NULL;
        struct oci_box_network **grown, *net = oci_arena_alloc(arena, sizeof(*net));
        struct oci_cni_list *c;
        struct cfs_error ignored;

        if (oci_decode(&oci_cni_list_type, path, text, strlen(text), (void **)&c, &other, &ignored) < 0)
                return 0; /* `network inspect` tells what is wrong with it */
        grown = oci_arena_alloc(arena, (*n + 1) * sizeof(*grown));
        if (!net || !grown)
                return err_nomem(err);
        if (*n)
                memcpy(grown, *list, *n * sizeof(*grown));
        net->name = oci_arena_strdup(arena, c->name);
        net->driver = oci_arena_strdup(arena, c->plugins[0]->type);
        net->bridge = oci_arena_strdup(arena, c->plugins[0]->bridge);
        net->subnet = oci_arena_strdup(arena, c->plugins[0]->ipam ? c->plugins[0]->ipam->subnet : NULL);
        net->file = oci_arena_strdup(arena, path);
        grown[(*n)++] = net;
        *list = grown;
        return 0;
}

static int list_directory(struct dir *d, const char *directory, struct oci_arena *arena,
                          struct oci_box_network ***list, size_t *n, struct cfs_error *err)
{
        int r;

        while ((r = directory_next(d, directory, err)) > 0) {
                _cleanup_free_ char *path = NULL, *text = NULL;

                if (!strstr(d->name, ".conflist"))
                        continue;
                r = str_printf(&path, err, "%s/%s", directory, d->name);
                if (r >= 0)
                        r = read_list(d->fd, directory, d->name, &text, NULL, err);
                if (r > 0)
                        r = add(path, text, arena, list, n, err);
                if (r < 0)
                        return r;
        }
        return r;
}

int networks_list(const struct box *box, struct oci_arena *arena, struct oci_box_network ***ret,
                  size_t *ret_n, struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir own = DIR_INIT, host = DIR_INIT;
        _cleanup_free_ char *directory = NULL;
        int r = str_printf(&directory, err, "%s/networks", box->root);

        *ret = NULL;
        *ret_n = 0;
        if (r >= 0)
                r = directory_open(&own, AT_FDCWD, directory, directory, err);
        if (r >= 0)
                r = list_directory(&own, directory, arena, ret, ret_n, err);
        if (r >= 0)
                r = open_host(&host, err);
        return r <= 0 ? r : list_directory(&host, NETWORKS_HOST, arena, ret, ret_n, err);
}

/* ---- making and removing ------------------------------------------------------------------------------- */

static int choose_subnet(const struct box *box, char *buf, size_t size, unsigned *ret_number,
                         struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_network **list;
        size_t n;
        int r = arena ? networks_list(box, arena, &list, &n, err) : err_nomem(err);

        for (unsigned i = 0; r >= 0 && i <= MAX_SUBNET; i++) {
                bool taken = false;
                char bridge[16];

                (void)snprintf(buf, size, "10.186.%u.0/24", i);
                (void)snprintf(bridge, sizeof(bridge), "cfsbox%u", i);
                for (size_t k = 0; k < n; k++)
                        taken |= (list[k]->subnet && STREQ(list[k]->subnet, buf)) ||
                                 (list[k]->bridge && STREQ(list[k]->bridge, bridge));
                *ret_number = i;
                if (!taken)
                        return 0;
        }
        return r < 0 ? r : err_set(err, CFS_E_UNSUPPORTED, "all %d networks are taken", MAX_SUBNET + 1);
}

/* ADDRESS/PREFIX; host-local checks the rest. */
static bool is_subnet(const char *s)
{
        size_t len = strspn(s, "0123456789abcdef.:");
        uint64_t prefix;

        return len > 0 && s[len] == '/' && str_to_u64(s + len + 1, &prefix) == 0 && prefix <= 128;
}

struct network {
        const char *name, *subnet, *directory; /* directory: where host-local keeps the addresses in use */
        unsigned number;
        bool internal;
};

static void write_flag(struct json_writer *w, const char *key, bool value)
{
        json_write_key(w, key);
        json_write_raw(w, value ? "true" : "false");
}

static void write_ipam(struct json_writer *w, const struct network *n)
{
        json_write_key(w, "ipam");
        json_write_object(w);
        json_write_member(w, "type", "host-local");
        json_write_member(w, "subnet", n->subnet);
        json_write_member(w, "dataDir", n->directory);
        if (!n->internal) {
                json_write_key(w, "routes");
                json_write_array(w);
                json_write_object(w);
                json_write_member(w, "dst", strchr(n->subnet, ':') ? "::/0" : "0.0.0.0/0");
                json_write_object_end(w);
                json_write_array_end(w);
        }
        json_write_object_end(w);
}

static void write_bridge(struct json_writer *w, const struct network *n)
{
        char bridge[32];

        (void)snprintf(bridge, sizeof(bridge), "cfsbox%u", n->number);
        json_write_object(w);
        json_write_member(w, "type", "bridge");
        json_write_member(w, "bridge", bridge);
        write_flag(w, "isGateway", !n->internal);
        write_flag(w, "ipMasq", !n->internal);
        write_flag(w, "hairpinMode", true);
        write_ipam(w, n);
        json_write_object_end(w);
}

/* The configuration list of a network: a bridge, and ports of the host that lead into it. */
static int write_list(const struct network *n, char **ret, struct cfs_error *err)
{
        struct json_writer *w = json_write_new(2);

        json_write_object(w);
        json_write_member(w, "cniVersion", "0.4.0");
        json_write_member(w, "name", n->name);
        json_write_key(w, "plugins");
        json_write_array(w);
        write_bridge(w, n);
        json_write_object(w);
        json_write_member(w, "type", "portmap");
        json_write_key(w, "capabilities");
        json_write_object(w);
        write_flag(w, "portMappings", true);
        json_write_object_end(w);
        json_write_object_end(w);
        json_write_array_end(w);
        json_write_object_end(w);
        return json_write_take(w, ret, NULL, err);
}

/* A descriptor that keeps others from choosing until it is closed: two commands at once would take the same
 * name, or the same subnet and bridge for two names. */
static int lock_networks(const char *networks, struct cfs_error *err)
{
        _cleanup_close_ int fd = open(networks, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        int r = fd < 0 ? -errno : flock_wait(fd, LOCK_EX, LOCK_TIMEOUT_MS);

        if (r < 0)
                return err_path(err, -r, fd < 0 ? "open" : "flock", networks, "lock `%s`", networks);
        return TAKE_FD(fd);
}

static int check_free(const char *networks, const char *name, struct cfs_error *err)
{
        _cleanup_free_ char *old = NULL;
        int r = networks_read(networks, name, &old, NULL, err);

        if (r >= 0)
                return err_set(err, CFS_E_EXISTS, "network `%s` exists", name);
        return err->code == CFS_E_NOT_FOUND ? 0 : r;
}

/* What --network takes besides names. */
static const char *const meanings[] = { "none", "host", "bridge", "default", "user", "container" };

int networks_create(const struct box *box, const char *name, const char *subnet, bool internal,
                    struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL, *networks = NULL, *directory = NULL;
        _cleanup_close_ int lock = -1;
        char chosen[32], path[128];
        unsigned number = 0;
        int r = check_name(name, err);

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(meanings); i++)
                if (STREQ(meanings[i], name))
                        r = err_set(err, CFS_E_INVALID, "network `%s`: --network %s has a meaning already",
                                    name, name);
        if (r >= 0 && subnet && !is_subnet(subnet))
                r = err_set(err, CFS_E_INVALID, "--subnet %s: expected ADDRESS/PREFIX", subnet);
        if (r >= 0)
                r = str_printf(&networks, err, "%s/networks", box->root);
        if (r >= 0)
                r = str_printf(&directory, err, "%s/net/addresses", box->root);
        if (r >= 0)
                r = lock = lock_networks(networks, err);
        if (r >= 0)
                r = choose_subnet(box, chosen, sizeof(chosen), &number, err);
        if (r >= 0)
                r = check_free(networks, name, err);
        if (r < 0)
                return r;
        r = write_list(&(struct network){ name, subnet ? subnet : chosen, directory, number, internal },
                       &text, err);
        (void)snprintf(path, sizeof(path), "networks/%s.conflist", name);
        return r < 0 ? r : io_write_atomic(box->root_fd, path, text, strlen(text), 0644, err);
}

int networks_remove(const struct box *box, const char *name, struct cfs_error *err)
{
        char path[128];
        int r = check_name(name, err);

        if (r < 0)
                return r;
        (void)snprintf(path, sizeof(path), "networks/%s.conflist", name);
        if (unlinkat(box->root_fd, path, 0) < 0)
                return errno == ENOENT
                               ? err_set(err, CFS_E_NOT_FOUND, "network `%s` is not one of the box", name)
                               : err_sys(err, errno, "unlinkat", "remove %s/%s", box->root, path);
        return 0;
}
