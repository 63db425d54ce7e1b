/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box pause, unpause, rename, port.
 */
#include "base/cleanup.h"
#include "box/bundle/parse.h"
#include "box/cmd/cmd.h"
#include "box/cmd/each.h"
#include "box/container/container.h"
#include "box/store/container.h"
#include "box/store/event.h"
#include "box/store/store.h"
#include <stdio.h>

/* ---- pause, unpause ------------------------------------------------------------------------------------ */

struct change {
        const char *action; /* as events and the history call it */
        int (*fn)(const struct cfs_runtime *rt, const char *id, struct cfs_error *err);
};

static int change_one(struct box *box, const char *name, const void *data, struct cfs_error *err)
{
        const struct change *change = data;
        char id[BOX_ID_SIZE];
        int r = store_container_find(box, name, id, err);

        if (r >= 0)
                r = change->fn(&box->rt, id, err);
        if (r >= 0)
                r = store_event_add(box, "container", change->action, id, name, "", err);
        if (r >= 0)
                printf("%s\n", name);
        return r;
}

static int run_pause(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        (void)values;
        return each_word(box, args, &(struct change){ "pause", cfs_pause }, change_one, err);
}

static int run_unpause(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        (void)values;
        return each_word(box, args, &(struct change){ "unpause", cfs_resume }, change_one, err);
}

const struct command cmd_pause_command = {
        .name = "pause",
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "freeze the processes of containers",
        .description =
                "Freezes the cgroups of the containers. `unpause` lets the processes go on; `stop` and `kill`\n"
                "also work on a paused container.",
        .options = options_none,
        .run = run_pause,
};

const struct command cmd_unpause_command = {
        .name = "unpause",
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "let paused containers go on",
        .description = "The processes continue where `pause` has stopped them.",
        .options = options_none,
        .run = run_unpause,
};

/* ---- rename -------------------------------------------------------------------------------------------- */

/* In one transaction: the name is free until the end, and the event is there with it or neither. */
static int rename_to(const struct box *box, const char *id, const char *old, const char *name,
                     struct cfs_error *err)
{
        int64_t taken = 0;
        int r = store_begin(box, err);

        if (r < 0)
                return r;
        r = store_number(box, &taken, err, "SELECT count(*) FROM containers WHERE name=?", "s", name);
        if (r >= 0 && taken > 0)
                r = err_set(err, CFS_E_EXISTS, "a container named `%s` exists", name);
        if (r >= 0)
                r = store_exec(box, err, "UPDATE containers SET name=? WHERE id=?", "ss", name, id);
        if (r >= 0)
                r = store_event_add(box, "container", "rename", id, name, old, err);
        return store_end(box, r, false, err);
}

static int run_rename(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        char id[BOX_ID_SIZE];
        int r = create_check_name(args[1], err);

        (void)values;
        if (r >= 0)
                r = store_container_find(box, args[0], id, err);
        return r < 0 ? r : rename_to(box, id, args[0], args[1], err);
}

const struct command cmd_rename_command = {
        .name = "rename",
        .args = "CONTAINER NAME",
        .min_args = 2,
        .max_args = 2,
        .summary = "give a container another name",
        .description = "Works whether the container runs or not. Entries of the history keep the old name.",
        .options = options_none,
        .run = run_rename,
};

/* ---- port ---------------------------------------------------------------------------------------------- */

/* Each port alone: `8000-8001:80-81` is two lines. Returns how many there were. */
static int print_ports(const struct oci_box_container *c, const struct parse_port *wanted,
                       struct cfs_error *err)
{
        int n = 0;

        for (size_t i = 0; i < c->n_ports; i++) {
                struct parse_port p;
                int r = parse_port(c->ports[i], &p, err);

                if (r < 0)
                        return r;
                for (unsigned k = 0; k < p.count; k++) {
                        const char *address = *p.address ? p.address : "0.0.0.0";

                        if (wanted &&
                            (p.container + k != wanted->container || !STREQ(p.protocol, wanted->protocol)))
                                continue;
                        if (!wanted)
                                printf("%u/%s -> ", p.container + k, p.protocol);
                        printf(strchr(address, ':') ? "[%s]:%u\n" : "%s:%u\n", address, p.host + k);
                        n++;
                }
        }
        return n;
}

static int run_port(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container *c;
        struct parse_port wanted;
        char id[BOX_ID_SIZE];
        int r = arena ? store_container_find(box, args[0], id, err) : err_nomem(err);

        (void)values;
        if (r >= 0)
                r = store_container_get(box, id, arena, &c, err);
        if (r >= 0 && args[1])
                r = parse_port(args[1], &wanted, err);
        if (r >= 0)
                r = print_ports(c, args[1] ? &wanted : NULL, err);
        if (r == 0 && args[1])
                return err_set(err, CFS_E_NOT_FOUND, "container `%s` does not publish port %s", args[0],
                               args[1]);
        return r < 0 ? r : 0;
}

const struct command cmd_port_command = {
        .name = "port",
        .args = "CONTAINER [PORT[/PROTO]]",
        .min_args = 1,
        .max_args = 2,
        .summary = "show where a container's ports are published",
        .description = "Lists all published ports of the container, or only that of PORT.",
        .options = options_none,
        .run = run_port,
};
