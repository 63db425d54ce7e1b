/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box network ls, create, inspect, rm, prune.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/cmd/each.h"
#include "box/cmd/output.h"
#include "box/cmd/rows.h"
#include "box/net/networks.h"
#include "box/store/event.h"
#include "box/store/store.h"
#include <stddef.h>
#include <stdio.h>

struct values {
        struct output_options out;
        const char *subnet;
        bool internal;
};

#define AT(field) offsetof(struct values, field)

static int network_row(struct output_table *t, const void *document, const struct output_options *o,
                       struct cfs_error *err)
{
        const struct oci_box_network *n = document;

        output_cell(t, "%s", n->name);
        output_cell(t, "%s", n->driver);
        output_cell(t, "%s", n->bridge ? n->bridge : "");
        output_cell(t, "%s", n->subnet ? n->subnet : "");
        return 0;
}

static void network_name(const void *document, const struct output_options *o)
{
        printf("%s\n", ((const struct oci_box_network *)document)->name);
}

static int network_run_ls(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        static const char *const heads[] = { "NAME", "PLUGIN", "BRIDGE", "SUBNET" };
        static const struct output_list list = { &oci_box_network_type, heads,        ARRAY_SIZE(heads),
                                                 network_row,           network_name, rows_network };
        const struct values *v = values;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_network **networks = NULL;
        size_t n = 0;
        int r = arena ? networks_list(box, arena, &networks, &n, err) : err_nomem(err);

        return r < 0 ? r : output_list(&list, &v->out, (void *const *)networks, n, err);
}

static const struct option_def ls_options[] = {
        OUTPUT_FORMAT_OPTION(AT(out.format)),
        { "quiet", 'q', OPTION_FLAG, AT(out.quiet), NULL, NULL, "names only" },
        { 0 },
};

const struct command cmd_network_ls_command = {
        .name = "network ls",
        .args = "",
        .summary = "list networks",
        .description = "Lists the networks of cfs-box, and the CNI configuration lists in " NETWORKS_HOST
                       ". Besides these, --network\n"
                       "takes none, host and container:NAME.",
        .options = ls_options,
        .values_size = sizeof(struct values),
        .run = network_run_ls,
};

static int run_create(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        struct cfs_error ignored;
        bool made;
        int r = store_begin(box, err);

        if (r < 0)
                return r;
        /* The event first: where it cannot be written, no network is made. */
        r = store_event_add(box, "network", "create", args[0], args[0], "", err);
        if (r >= 0)
                r = networks_create(box, args[0], v->subnet, v->internal, err);
        made = r >= 0;
        r = store_end(box, r, false, err);
        if (made && r < 0)
                (void)networks_remove(box, args[0], &ignored);
        if (r >= 0)
                printf("%s\n", args[0]);
        return r;
}

static const struct option_def create_options[] = {
        { "subnet", 0, OPTION_TEXT, AT(subnet), "ADDRESS/PREFIX", NULL,
          "its addresses; one of 10.186.0.0/16 by default" },
        { "driver", 'd', OPTION_TEXT, OPTION_IGNORED, "DRIVER", "bridge",
          "accepted for compatibility; other kinds of networks are files in " NETWORKS_HOST },
        { "internal", 0, OPTION_FLAG, AT(internal), NULL, NULL, "without a route to the outside" },
        { 0 },
};

const struct command cmd_network_create_command = {
        .name = "network create",
        .args = "NAME",
        .min_args = 1,
        .max_args = 1,
        .summary = "make a network",
        .description =
                "The network is a bridge of its own, which the first container that joins it makes, by the\n"
                "CNI plugins bridge, host-local and portmap. Its configuration list is a file that can be\n"
                "edited.",
        .options = create_options,
        .values_size = sizeof(struct values),
        .run = run_create,
};

static int network_inspect_one(struct box *box, const char *name, const void *values, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *directory = NULL, *text = NULL, *path = NULL;
        struct oci_cni_list *list;
        int r = str_printf(&directory, err, "%s/networks", box->root);

        (void)values;
        if (r >= 0)
                r = networks_read(directory, name, &text, &path, err);
        if (r >= 0) /* decoded only to find mistakes: the error names their line */
                r = oci_decode(&oci_cni_list_type, path, text, strlen(text), (void **)&list, &arena, err);
        if (r >= 0)
                printf("%s", text);
        return r;
}

static int network_run_inspect(struct box *box, const void *values, const char *const *args,
                               struct cfs_error *err)
{
        return each_word(box, args, values, network_inspect_one, err);
}

const struct command cmd_network_inspect_command = {
        .name = "network inspect",
        .args = "NAME...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "show the configuration lists of networks",
        .description = "Prints the text that the CNI plugins get.",
        .options = options_none,
        .run = network_run_inspect,
};

static int network_remove(struct box *box, const char *name, struct cfs_error *err)
{
        _cleanup_free_ char *user = NULL;
        int r = store_text(
                box, &user, err,
                "SELECT name FROM containers WHERE network=? AND state IN ('running', 'starting') LIMIT 1",
                "s", name);

        if (r > 0)
                return err_set(err, CFS_E_STATE, "network `%s` is in use by container `%s`", name, user);
        if (r >= 0)
                r = store_begin(box, err);
        if (r < 0)
                return r;
        r = store_event_add(box, "network", "remove", name, name, "", err);
        if (r >= 0)
                r = networks_remove(box, name, err);
        r = store_end(box, r, false, err);
        if (r >= 0)
                printf("%s\n", name);
        return r;
}

static int remove_network(struct box *box, const char *name, const void *data, struct cfs_error *err)
{
        (void)data;
        return network_remove(box, name, err);
}

static int network_run_rm(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return each_word(box, args, values, remove_network, err);
}

const struct command cmd_network_rm_command = {
        .name = "network rm",
        .args = "NAME...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "remove networks",
        .description =
                "Removes networks that `network create` has made and that no running container is in. Prints\n"
                "their names.",
        .options = options_none,
        .run = network_run_rm,
};

static int network_run_prune(struct box *box, const void *values, const char *const *args,
                             struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        _cleanup_free_ char *directory = NULL;
        struct oci_box_network **list;
        size_t n = 0;
        int r = arena ? str_printf(&directory, err, "%s/networks/", box->root) : err_nomem(err);

        (void)values;
        (void)args;
        if (r >= 0)
                r = networks_list(box, arena, &list, &n, err);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                int64_t users = 0;

                if (STREQ(list[i]->name, NETWORKS_DEFAULT) || !list[i]->file ||
                    !str_has_prefix(list[i]->file, directory))
                        continue;
                r = store_number(box, &users, err, "SELECT count(*) FROM containers WHERE network=?", "s",
                                 list[i]->name);
                if (r >= 0 && users == 0)
                        r = network_remove(box, list[i]->name, err);
        }
        return r < 0 ? r : 0;
}

static const struct option_def prune_options[] = {
        { "force", 'f', OPTION_FLAG, OPTION_IGNORED, NULL, NULL,
          "accepted for compatibility: it never asks" },
        { 0 },
};

const struct command cmd_network_prune_command = {
        .name = "network prune",
        .args = "",
        .summary = "remove all networks that no container is in",
        .description = "Removes networks that `network create` has made, and prints their names.",
        .options = prune_options,
        .run = network_run_prune,
};
