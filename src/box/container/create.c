/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making a container: a name and an ID, a row in the store, a directory.
 */
#include "base/cleanup.h"
#include "base/rmtree.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/container/container.h"
#include "box/container/ports.h"
#include "box/store/container.h"
#include "box/store/image.h"
#include "box/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

/* Names that people can say. */
static const char *const adjectives[] = { "amber",  "brave", "calm",  "dusty", "eager", "fair",
                                          "gentle", "happy", "icy",   "jolly", "keen",  "lucky",
                                          "mild",   "noble", "proud", "quiet", "rapid", "silent",
                                          "tidy",   "urban", "vivid", "warm",  "young", "zesty" };
static const char *const nouns[] = { "anchor", "beacon", "canal", "dock",  "ferry",  "galley",
                                     "harbor", "island", "jetty", "keel",  "lagoon", "mast",
                                     "navy",   "oar",    "pier",  "quay",  "rudder", "sail",
                                     "tide",   "vessel", "wharf", "yacht", "crane",  "cargo" };

static int random_bytes(void *buf, size_t len, struct cfs_error *err)
{
        if (getrandom(buf, len, 0) != (ssize_t)len)
                return err_sys(err, errno, "getrandom", "get random bytes");
        return 0;
}

static int choose_id(struct container *c, struct cfs_error *err)
{
        unsigned char bytes[(BOX_ID_SIZE - 1) / 2];
        int r = random_bytes(bytes, sizeof(bytes), err);

        for (size_t i = 0; r >= 0 && i < sizeof(bytes); i++)
                (void)snprintf(c->id + 2 * i, 3, "%02x", bytes[i]);
        return r;
}

int create_check_name(const char *name, struct cfs_error *err)
{
        const size_t max = sizeof(((struct container *)0)->name) - 1;
        size_t len = strlen(name);

        if (len >= 1 && len <= max && *name != '-' && *name != '.' && *name != '_' &&
            strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len)
                return 0;
        return err_set(err, CFS_E_INVALID,
                       "--name %s: a name has letters, digits, `-`, `_` and `.`, at most %zu of them", name,
                       max);
}

static int choose_name(struct container *c, struct cfs_error *err)
{
        const char *name = c->o->name;
        unsigned char b[3];
        int r;

        if (name) {
                r = create_check_name(name, err);
                if (r < 0)
                        return r;
                (void)snprintf(c->name, sizeof(c->name), "%s", name);
                return 0;
        }
        r = random_bytes(b, sizeof(b), err);
        if (r >= 0)
                (void)snprintf(c->name, sizeof(c->name), "%s-%s-%02x",
                               adjectives[b[0] % ARRAY_SIZE(adjectives)], nouns[b[1] % ARRAY_SIZE(nouns)],
                               b[2]);
        return r;
}

static int choose_hostname(struct container *c, struct cfs_error *err)
{
        const char *name = c->o->hostname;

        if (name && !*name) /* as docker: none is the usual one */
                name = NULL;
        if (name && (strlen(name) >= sizeof(c->hostname) || strpbrk(name, " \t\n")))
                return err_set(err, CFS_E_INVALID, "--hostname %s: at most 64 characters, no blanks", name);
        (void)snprintf(c->hostname, sizeof(c->hostname), "%.64s", name ? name : c->id);
        if (!name)
                c->hostname[BOX_SHORT] = '\0';
        return 0;
}

/* An ordinary user's container stays in the cgroup of its caller. What limits that limits the container. */
static int check_limits(const struct container *c, struct cfs_error *err)
{
        const struct run_options *o = c->o;
        const struct {
                const char *option;
                bool asked;
        } limits[] = {
                { "--memory", o->memory },           { "--memory-reservation", o->memory_reservation },
                { "--memory-swap", o->memory_swap }, { "--cpus", o->cpus },
                { "--cpu-percent", o->cpu_percent }, { "--cpu-shares", o->cpu_shares },
                { "--cpuset-cpus", o->cpuset },      { "--cpuset-mems", o->cpuset_mems },
                { "--cpu-quota", o->cpu_quota },     { "--cpu-period", o->cpu_period },
                { "--pids-limit", o->pids_limit },   { "--blkio-weight", o->blkio_weight },
                { "--limits", o->limits },
        };
        char text[256] = "";

        if (!c->box->rootless || o->print_bundle)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
                if (limits[i].asked)
                        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                                       *text ? ", " : "", limits[i].option);
        if (!*text)
                return 0;
        return err_hint(
                err,
                err_set(err, CFS_E_UNSUPPORTED,
                        "%s: cannot be applied to an ordinary user's container, which has no cgroup "
                        "of its own",
                        text),
                "where systemd gives users cgroups, limit it from outside: systemd-run --user --scope "
                "-p MemoryMax=512M -p TasksMax=512 -p CPUQuota=100%% cfs-box run ...; or run it as "
                "root");
}

/* --userns auto: 65536 IDs that no other container has; --userns FIRST:COUNT: those. */
static int choose_ids(struct container *c, struct cfs_error *err)
{
        const char *userns = c->o->userns, *colon;
        bool automatic = c->o->shift || c->o->all_namespaces;
        uint64_t first, count;
        unsigned char b[2];
        char number[16];

        if (userns && STREQ(userns, "host"))
                return 0;
        if (userns && !STREQ(userns, "auto")) {
                colon = strchr(userns, ':');
                (void)snprintf(number, sizeof(number), "%.*s", colon ? (int)(colon - userns) : 15, userns);
                if (str_to_u64(number, &first) < 0 || str_to_u64(colon ? colon + 1 : "65536", &count) < 0 ||
                    first < 1 || count < 1 || first + count > UINT32_MAX)
                        return err_set(err, CFS_E_INVALID,
                                       "--userns %s: expected host, auto or FIRST[:COUNT]", userns);
                c->host_id = (uint32_t)first;
                c->n_ids = (uint32_t)count;
                return 0;
        }
        if (!userns && !automatic)
                return 0;
        if (c->box->rootless) /* it is in a user namespace already */
                return 0;
        if (random_bytes(b, sizeof(b), err) < 0)
                return -EIO;
        /* Above the ranges that useradd(8) gives to users. */
        c->host_id = 0x40000000U + ((uint32_t)(b[0] << 8 | b[1]) % 0x3000U) * 65536U;
        c->n_ids = 65536;
        return 0;
}

static int row(struct container *c, const char *image, struct cfs_error *err)
{
        const struct run_options *o = c->o;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container b = { .id = c->id,
                                       .name = c->name,
                                       .image = (char *)image,
                                       .image_id = c->image,
                                       .restart = (char *)(o->restart ? o->restart : "no"),
                                       .terminal = o->tty,
                                       .detached = o->detach,
                                       .auto_remove = o->remove,
                                       .network = c->net_name,
                                       .ports = c->ports,
                                       .n_ports = c->n_ports };
        char userns[32] = "";
        int r = arena ? config_command(o, c->config->config, arena, &b.command, &b.n_command, err)
                      : err_nomem(err);
        const char *stop = o->stop_signal      ? o->stop_signal
                           : c->config->config ? c->config->config->stop_signal
                                               : NULL;

        if (r >= 0)
                r = config_labels(o, c->config->config, arena, &b.labels, err);
        if (stop && *stop && cfs_signal_number(stop) < 0)
                r = err_set(err, CFS_E_INVALID, "stop signal `%s` is not a signal", stop);
        if (c->n_ids)
                (void)snprintf(userns, sizeof(userns), "%u:%u", c->host_id, c->n_ids);
        return r < 0 ? r : store_container_insert(c->box, &b, stop ? stop : "", userns, c->in_memory, err);
}

static int create_fill(struct container *c, const char *image, struct cfs_error *err)
{
        enum parse_restart policy;
        unsigned max;
        int r = store_image_find(c->box, image, c->image, err);

        if (r >= 0)
                r = store_image_config(c->box, c->image, &c->config, &c->config_arena, NULL, err);
        if (r >= 0 && c->o->restart)
                r = parse_restart(c->o->restart, &policy, &max, err);
        if (r >= 0 && c->o->restart && !STREQ(c->o->restart, "no") && (c->o->remove || !c->o->detach))
                r = err_set(err, CFS_E_INVALID, "--restart %s needs --detach, and excludes --rm",
                            c->o->restart);
        if (r >= 0)
                r = log_options_check(c->o, err);
        if (r >= 0)
                r = from_containers(c, err);
        if (r >= 0)
                r = choose_id(c, err);
        if (r >= 0)
                r = choose_name(c, err);
        if (r >= 0)
                r = choose_hostname(c, err);
        if (r >= 0)
                r = choose_ids(c, err);
        if (r >= 0)
                r = check_limits(c, err);
        if (r >= 0)
                r = network_resolve(c, c->o->network, err);
        if (r >= 0)
                r = ports_collect(c, err);
        return r;
}

static int set_places(struct container *c, bool in_memory, struct cfs_error *err)
{
        c->in_memory = in_memory;
        (void)snprintf(c->own, sizeof(c->own), "containers/%s%s", c->id,
                       in_memory && !c->n_ids
                               ? ""
                               : "/own"); /* whose owners are shifted: a directory with nothing else */
        return store_container_bundle(c->box, c->id, in_memory, c->dir, err);
}

static int make_directories(const struct container *c, struct cfs_error *err)
{
        mode_t mode = c->n_ids ? 0711 : 0700;
        char path[64];

        (void)snprintf(path, sizeof(path), "containers/%s", c->id);
        if (mkdirat(c->box->root_fd, path, mode) < 0)
                return err_sys(err, errno, "mkdirat", "make directory `%s/%s`", c->box->root, path);
        if (c->in_memory && mkdir(c->dir, mode) < 0)
                return err_sys(err, errno, "mkdir", "make directory `%s`", c->dir);
        if (c->o->detach) {
                int r = log_options_write(c, err);

                if (r < 0)
                        return r;
        }
        return network_files(c, err);
}

void create_undo(const struct container *c)
{
        struct cfs_error ignored;

        if (c->in_memory)
                (void)store_container_not_started(c->box, c->id, &ignored);
        (void)remove_container(c->box, c->id, REMOVE_FORCE | REMOVE_VOLUMES, &ignored);
}

int create_container(struct container *c, const struct box *box, const char *image,
                     const struct run_options *o, struct cfs_error *err)
{
        int r;

        *c = (struct container){ .box = box, .o = o, .arena = oci_arena_new(), .throwaway = o->remove };
        r = c->arena ? create_fill(c, image, err) : err_nomem(err);
        if (r >= 0)
                r = set_places(c, o->remove && !o->detach && !o->print_bundle, err);
        if (r >= 0)
                r = row(c, image, err);
        if (r >= 0) {
                r = make_directories(c, err);
                if (r < 0)
                        create_undo(c);
        }
        if (r < 0)
                create_release(c);
        return r;
}

int create_reopen(struct container *c, const struct box *box, const char *id, struct cfs_error *err)
{
        _cleanup_free_ char *userns = NULL;
        struct oci_box_container *row_now;
        int r;

        *c = (struct container){ .box = box, .arena = oci_arena_new() };
        r = c->arena ? store_container_get(box, id, c->arena, &row_now, err) : err_nomem(err);
        if (r >= 0)
                r = store_text(box, &userns, err, "SELECT userns FROM containers WHERE id=?", "s", id);
        if (r < 0) {
                create_release(c);
                return r;
        }
        (void)snprintf(c->id, sizeof(c->id), "%s", row_now->id);
        (void)snprintf(c->name, sizeof(c->name), "%s", row_now->name);
        (void)snprintf(c->image, sizeof(c->image), "%s", row_now->image_id);
        /* NOLINTNEXTLINE(cert-err34-c): we wrote it, and the count of fields is checked */
        if (userns && sscanf(userns, "%u:%u", &c->host_id, &c->n_ids) != 2)
                c->host_id = c->n_ids = 0;
        r = set_places(c, store_container_in_memory(row_now), err);
        if (r < 0)
                create_release(c);
        return r;
}

void create_release(struct container *c)
{
        oci_arena_free(c->config_arena);
        oci_arena_free(c->arena);
        c->config_arena = c->arena = NULL;
}
