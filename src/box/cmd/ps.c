/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box ps, inspect, history.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/cmd/cmd.h"
#include "box/cmd/each.h"
#include "box/cmd/filter.h"
#include "box/cmd/facts.h"
#include "box/cmd/format.h"
#include "box/cmd/output.h"
#include "box/cmd/rows.h"
#include "box/container/container.h"
#include "box/store/container.h"
#include "box/store/history.h"
#include "box/store/image.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

struct values {
        struct output_options out;
        bool all, latest;
        int last;
        const char **filters;
        struct store_history_filter history;
        const char *since, *until, *type;
        int before;
};

#define AT(field) offsetof(struct values, field)

static int ps_row(struct output_table *t, const void *document, const struct output_options *o,
                  struct cfs_error *err)
{
        const struct oci_box_container *c = document;
        _cleanup_free_ char *command = NULL, *ports = NULL;
        char ago[OUTPUT_TIME_SIZE];
        int r = output_words(c->command, c->n_command, o->no_trunc ? 0 : 30, &command, err);

        if (r >= 0)
                r = rows_ports(c, &ports, err);
        if (r < 0)
                return r;
        output_cell(t, "%.*s", o->no_trunc ? BOX_ID_SIZE : BOX_SHORT, c->id);
        output_cell(t, "%s", c->image);
        output_cell(t, "%s", command);
        output_cell(t, "%s", output_ago(ago, c->created));
        output_cell(t, "%s", c->status);
        output_cell(t, "%s", ports);
        output_cell(t, "%s", c->name);
        return 0;
}

static void ps_name(const void *document, const struct output_options *o)
{
        const struct oci_box_container *c = document;

        printf("%.*s\n", o->no_trunc ? BOX_ID_SIZE : BOX_SHORT, c->id);
}

/* Keeps those that are asked for, the newest first. */
static int select_containers(const struct box *box, const struct values *v, struct oci_arena *arena,
                             struct oci_box_container **list, size_t *n, struct cfs_error *err)
{
        size_t max = v->latest ? 1 : v->last > 0 ? (size_t)v->last : SIZE_MAX, kept = 0;

        for (size_t i = 0; i < *n && kept < max; i++) {
                struct oci_box_container *c = list[i];
                char text[112];

                if (STREQ(c->state, "running") && stop_is_paused(box, c->id)) {
                        (void)snprintf(text, sizeof(text), "%.90s (Paused)", c->status);
                        c->status = oci_arena_strdup(arena, text);
                        if (!c->status)
                                return err_nomem(err);
                }
                if (filter_matches(v->filters, c))
                        list[kept++] = c;
        }
        *n = kept;
        return 0;
}

static int run_ps(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        static const char *const heads[] = { "ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAME" };
        static const struct output_list list = {
                &oci_box_container_type, heads, ARRAY_SIZE(heads), ps_row, ps_name, rows_container
        };
        const struct values *v = values;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container **containers = NULL;
        size_t n = 0;
        bool all = v->all || v->latest || v->last > 0 || filter_has_state(v->filters);
        int r = arena ? filter_check(v->filters, err) : err_nomem(err);

        if (r >= 0)
                r = store_container_list(box, NULL, all, arena, &containers, &n, err);
        if (r >= 0)
                r = select_containers(box, v, arena, containers, &n, err);
        return r < 0 ? r : output_list(&list, &v->out, (void *const *)containers, n, err);
}

static const struct option_def ps_options[] = {
        { "all", 'a', OPTION_FLAG, AT(all), NULL, NULL, "also show containers that do not run" },
        { "filter", 'f', OPTION_LIST, AT(filters), "NAME=VALUE", NULL,
          "only those with this id, name (a part of it), status, exited (code), label, ancestor (image), network" },
        { "last", 'n', OPTION_INT, AT(last), "N", NULL, "the N newest, whether they run or not" },
        { "latest", 'l', OPTION_FLAG, AT(latest), NULL, NULL, "the newest, whether it runs or not" },
        OUTPUT_FORMAT_OPTION(AT(out.format)),
        { "quiet", 'q', OPTION_FLAG, AT(out.quiet), NULL, NULL, "IDs only" },
        { "no-trunc", 0, OPTION_FLAG, AT(out.no_trunc), NULL, NULL, "whole IDs and commands" },
        { 0 },
};

const struct command cmd_ps_command = {
        .name = "ps",
        .args = "",
        .summary = "list containers",
        .description = "Lists the containers that run, the newest first.",
        .options = ps_options,
        .values_size = sizeof(struct values),
        .run = run_ps,
};

/* ---- inspect ------------------------------------------------------------------------------------------- */

static int show_container(const struct box *box, struct oci_box_container *c, const char *format,
                          struct cfs_error *err)
{
        char *facts = NULL;
        int r;

        if (!format_is_template(format))
                return output_json_one(&oci_box_container_type, c, 4, err);
        r = facts_container(c, STREQ(c->state, "running") && stop_is_paused(box, c->id), &facts, err);
        return r < 0 ? r : output_template(format, facts, &oci_box_container_type, c, err);
}

/* A container, or else an image: as docker looks for it. */
static int inspect_one(struct box *box, const char *ref, const void *values, struct cfs_error *err)
{
        const char *type = ((const struct values *)values)->type;
        const char *format = ((const struct values *)values)->out.format;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new(), *config_arena = NULL;
        struct oci_box_image *image = NULL;
        struct oci_box_container *c;
        struct cfs_error later;
        int r = arena ? 0 : err_nomem(err);

        if (r >= 0 && !(type && STREQ(type, "image"))) {
                r = inspect_container(box, ref, arena, &c, err);
                if (r >= 0)
                        return show_container(box, c, format, err);
                if (err->code != CFS_E_NOT_FOUND || type)
                        return r;
        }
        if (store_image_inspect(box, ref, arena, &image, &config_arena, r < 0 ? &later : err) < 0)
                return r < 0 ? r : -ENOENT;
        return output_image(image, format, err);
}

static int ps_run_inspect(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        int r = format_check(((const struct values *)values)->out.format, err);

        return r < 0 ? r : each_word(box, args, values, inspect_one, err);
}

static const struct option_def inspect_options[] = {
        { "type", 0, OPTION_TEXT, AT(type), "TYPE", "container image", "look for this kind only" },
        { "format", 'f', OPTION_TEXT, AT(out.format), "FORMAT", NULL,
          "json, or a template such as {{.State.Status}}" },
        { 0 },
};

const struct command cmd_inspect_command = {
        .name = "inspect",
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "show what is known of containers, as JSON",
        .description =
                "Prints one document for each CONTAINER, which is a name, or the beginning of an ID. When\n"
                "there is no such container, it may be an image. `bundle` is the directory of config.json;\n"
                "`stateDirectory` is the directory for `cfs --root`.",
        .options = inspect_options,
        .values_size = sizeof(struct values),
        .run = ps_run_inspect,
};

/* ---- history ------------------------------------------------------------------------------------------- */

static int history_row(struct output_table *t, const void *document, const struct output_options *o,
                       struct cfs_error *err)
{
        const struct oci_box_history *h = document;
        _cleanup_free_ char *command = NULL;
        char started[OUTPUT_TIME_SIZE], took[32] = "";
        int r = output_words(h->command, h->n_command, 40, &command, err);

        if (r < 0)
                return r;
        if (h->has_finished)
                (void)snprintf(took, sizeof(took), "%lld s", (long long)(h->finished - h->started));
        output_cell(t, "%s", output_time(started, h->started));
        output_cell(t, "%s", took);
        output_cell(t, "%s", h->user);
        output_cell(t, "%s", h->name);
        output_cell(t, "%s", h->image);
        output_cell(t, "%s", command);
        if (h->has_exit_code)
                output_cell(t, "%s (%d)", h->end, h->exit_code);
        else
                output_cell(t, "%s", h->end);
        return 0;
}

static int run_history(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        static const char *const heads[] = { "STARTED", "TOOK", "USER", "NAME", "IMAGE", "COMMAND", "END" };
        static const struct output_list list = { &oci_box_history_type, heads, ARRAY_SIZE(heads),
                                                 history_row,           NULL,  NULL };
        const struct values *v = values;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_history **runs;
        struct store_history_filter f = v->history;
        size_t n;
        int r = arena ? 0 : err_nomem(err);

        f.container = args[0];
        f.before = v->before;
        if (r >= 0 && v->since)
                r = output_parse_time("--since", v->since, &f.since, err);
        if (r >= 0 && v->until)
                r = output_parse_time("--until", v->until, &f.until, err);
        if (r >= 0)
                r = store_history_list(box, &f, arena, &runs, &n, err);
        return r < 0 ? r : output_list(&list, &v->out, (void *const *)runs, n, err);
}

static const struct option_def history_options[] = {
        OUTPUT_FORMAT_OPTION(AT(out.format)),
        { "limit", 'n', OPTION_INT, AT(history.limit), "N", NULL, "the last N only" },
        { "image", 0, OPTION_TEXT, AT(history.image), "IMAGE", NULL, "of this image only, as it was named" },
        { "user", 0, OPTION_TEXT, AT(history.user), "USER", NULL, "by this user only" },
        { "text", 0, OPTION_TEXT, AT(history.text), "TEXT", NULL,
          "only those with it in the name, the image, the command or the ID" },
        { "end", 0, OPTION_TEXT, AT(history.end), "HOW", "running exited killed oom failed lost",
          "only those that ended so" },
        { "since", 0, OPTION_TEXT, AT(since), "TIME", NULL, "only those that were started then or later" },
        { "until", 0, OPTION_TEXT, AT(until), "TIME", NULL, "only those that were started before" },
        { "before", 0, OPTION_INT, AT(before), "N", NULL, "only those whose `seq` is smaller than N" },
        { 0 },
};

const struct command cmd_history_command = {
        .name = "history",
        .args = "[CONTAINER]",
        .max_args = 1,
        .summary = "who ran what, when, and how it ended",
        .description =
                "Lists every run of every container, the newest first, also of containers that were removed.\n"
                "CONTAINER is a name or an ID. TIME is in seconds since 1970, or such as\n"
                "2026-01-31T12:00:00Z, or a length of time before now: 90s, 1h30m.",
        .options = history_options,
        .values_size = sizeof(struct values),
        .run = run_history,
};
