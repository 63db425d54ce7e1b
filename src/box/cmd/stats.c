/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box stats, events: what goes on.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/cmd/format.h"
#include "box/cmd/output.h"
#include "box/cmd/rows.h"
#include "box/container/stats.h"
#include "box/core/progress.h"
#include "box/store/container.h"
#include "box/store/event.h"
#include "box/store/store.h"
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

struct values {
        struct output_options out;
        bool no_stream, follow;
        const char *since, *until;
};

#define AT(field) offsetof(struct values, field)
#define STATS_MAX 64 /* containers that can be named */

/* ---- stats --------------------------------------------------------------------------------------------- */

static int stats_row(struct output_table *t, const void *document, const struct output_options *o,
                     struct cfs_error *err)
{
        const struct oci_box_stats *s = document;
        char a[24], b[24];

        output_cell(t, "%.*s", BOX_SHORT, s->id);
        output_cell(t, "%s", s->name);
        if (s->has_cpu_percent)
                output_cell(t, "%u.%02u %%", s->cpu_percent / 100, s->cpu_percent % 100);
        else
                output_cell(t, "-");
        output_cell(t, "%s / %s", progress_size(a, sizeof(a), s->memory),
                    s->has_memory_limit ? progress_size(b, sizeof(b), s->memory_limit) : "-");
        output_cell(t, "%s / %s", progress_size(a, sizeof(a), s->received),
                    progress_size(b, sizeof(b), s->sent));
        output_cell(t, "%s / %s", progress_size(a, sizeof(a), s->read),
                    progress_size(b, sizeof(b), s->written));
        output_cell(t, "%llu", (unsigned long long)s->pids);
        return 0;
}

static int show(struct oci_box_stats *const *list, size_t n, const struct values *v, struct cfs_error *err)
{
        static const char *const heads[] = {
                "ID", "NAME", "CPU", "MEMORY / LIMIT", "NET IN / OUT", "DISK READ / WRITTEN", "PIDS"
        };
        static const struct output_list table = { &oci_box_stats_type, heads, ARRAY_SIZE(heads),
                                                  stats_row,           NULL,  rows_stats };

        return output_list(&table, &v->out, (void *const *)list, n, err);
}

/* Keeps those that are named; all where no name is given. */
static void select_stats(struct oci_box_stats **list, size_t *n, char (*ids)[BOX_ID_SIZE], size_t n_ids)
{
        size_t kept = 0;

        for (size_t i = 0; i < *n; i++)
                for (size_t k = 0; k < n_ids; k++)
                        if (STREQ(list[i]->id, ids[k])) {
                                list[kept++] = list[i];
                                break;
                        }
        *n = n_ids ? kept : *n;
}

static int run_stats(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        static struct stats_round rounds[2];
        char ids[STATS_MAX][BOX_ID_SIZE];
        size_t n_ids = 0;
        int r = 0;

        for (; r >= 0 && args[n_ids]; n_ids++)
                r = store_container_find(box, args[n_ids], ids[n_ids], err);
        for (unsigned i = 0; r >= 0; i++) {
                _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
                struct oci_box_stats **list;
                size_t n;

                r = arena ? stats_all(box, n_ids == 1 ? ids[0] : NULL, arena, &rounds[(i + 1) % 2],
                                      &rounds[i % 2], &list, &n, err)
                          : err_nomem(err);
                if (r >= 0)
                        select_stats(list, &n, ids, n_ids);
                /* The first round is only to compare with. */
                if (r >= 0 && i > 0) {
                        if (!v->no_stream && isatty(STDOUT_FILENO))
                                printf("\033[H\033[J");
                        r = show(list, n, v, err);
                        if (fflush(stdout) != 0)
                                return 0;
                        if (v->no_stream)
                                break;
                }
                (void)poll(NULL, 0, i == 0 ? 200 : 1000);
        }
        return r < 0 ? r : 0;
}

static const struct option_def stats_options[] = {
        { "no-stream", 0, OPTION_FLAG, AT(no_stream), NULL, NULL, "once" },
        OUTPUT_FORMAT_OPTION(AT(out.format)),
        { 0 },
};

const struct command cmd_stats_command = {
        .name = "stats",
        .args = "[CONTAINER...]",
        .max_args = STATS_MAX,
        .summary = "show what containers use, live",
        .description =
                "Prints the processor time, memory, network and disk use of all running containers, or of the\n"
                "named ones, every second.",
        .options = stats_options,
        .values_size = sizeof(struct values),
        .run = run_stats,
};

/* ---- events -------------------------------------------------------------------------------------------- */

struct shown {
        const struct values *v;
        int64_t until;
};

static int print_event(void *data, struct oci_box_event *e, struct cfs_error *err)
{
        const struct shown *s = data;
        const struct values *v = s->v;
        char time[OUTPUT_TIME_SIZE];
        int r = 0;

        if (v->until && e->time > s->until)
                return 0;
        if (v->out.format && STREQ(v->out.format, "json")) {
                r = output_json_one(&oci_box_event_type, e, 0, err);
                printf("\n");
        } else if (format_is_template(v->out.format)) {
                char *row = NULL;

                r = rows_event(e, &row, err);
                if (r >= 0)
                        r = output_template(v->out.format, row, &oci_box_event_type, e, err);
        } else {
                printf("%s %s %s %.*s %s%s%s\n", output_time(time, e->time), e->type, e->action, BOX_SHORT,
                       output_short(e->id), e->name, *e->detail ? " " : "", e->detail);
        }
        return r;
}

static int run_events(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        struct shown shown = { .v = v };
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *wal = NULL;
        int64_t seq = 0, since = 0;
        int r = format_check(v->out.format, err);

        if (r >= 0 && v->since)
                r = output_parse_time("--since", v->since, &since, err);
        if (r >= 0 && v->until)
                r = output_parse_time("--until", v->until, &shown.until, err);

        if (r >= 0 && v->follow && !v->since) /* from now on */
                r = store_number(box, &seq, err, "SELECT coalesce(max(seq), 0) FROM events", "");
        if (r >= 0)
                r = str_printf(&wal, err, "%s/box.db-wal", box->root);
        if (r < 0)
                return r;
        fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (fd < 0 || (inotify_add_watch(fd, wal, IN_MODIFY) < 0 && errno != ENOENT))
                return err_sys(err, errno, "inotify_add_watch", "watch `%s`", wal);
        do {
                struct pollfd p = { .fd = fd, .events = POLLIN };
                char buf[4096];

                r = store_event_each(box, &seq, since, print_event, &shown, err);
                if (fflush(stdout) != 0)
                        return 0;
                if (v->follow && poll(&p, 1, 1000) > 0)
                        while (read(fd, buf, sizeof(buf)) > 0)
                                ;
        } while (r >= 0 && v->follow && (!v->until || time(NULL) <= shown.until));
        return r < 0 ? r : 0;
}

static const struct option_def events_options[] = {
        { "follow", 'f', OPTION_FLAG, AT(follow), NULL, NULL, "do not end, and print new events" },
        { "since", 0, OPTION_TEXT, AT(since), "TIME", NULL,
          "only later ones; TIME is 10m: so long ago, 2026-01-31T12:00:00Z, or seconds since 1970" },
        { "until", 0, OPTION_TEXT, AT(until), "TIME", NULL, "only earlier ones" },
        OUTPUT_FORMAT_OPTION(AT(out.format)),
        { 0 },
};

const struct command cmd_events_command = {
        .name = "events",
        .args = "",
        .summary = "show what happened to containers and images",
        .description = "cfs-box keeps the last 10000 events. With --format json each one is a line.",
        .options = events_options,
        .values_size = sizeof(struct values),
        .run = run_events,
};
