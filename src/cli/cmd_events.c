/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs events. The reader is a program at the other end of a pipe: every line is flushed, and when the reader
 * has gone the next line ends cfs.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/number.h"
#include "cli/output.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#define INTERVAL_DEFAULT "5s"

struct values {
        const char *interval;
        bool stats;
};

static const struct option_def options[] = {
        { "interval", 0, OPTION_TEXT, offsetof(struct values, interval), "DURATION", NULL,
          "time between statistics, as 500ms or 1m30s; " INTERVAL_DEFAULT " by default" },
        { "stats", 0, OPTION_FLAG, offsetof(struct values, stats), NULL, NULL, "show the statistics once" },
        { 0 },
};

static int interval_of(const struct values *v, unsigned *ret, struct cfs_error *err)
{
        const char *text = v->interval ? v->interval : INTERVAL_DEFAULT;
        uint64_t ms;

        if (number_duration(text, &ms) < 0)
                return err_hint(err, err_set(err, CFS_E_INVALID, "invalid value \"%s\" for --interval", text),
                                "a number with a unit, as 500ms, 5s or 1m30s");
        if (ms == 0 || ms > INT_MAX)
                return err_set(
                        err, CFS_E_INVALID,
                        "invalid value \"%s\" for --interval: duration interval must be greater than 0",
                        text);
        *ret = (unsigned)ms;
        return 0;
}

static int cmd_events_check(const void *values, const char *const *args, struct cfs_error *err)
{
        unsigned ms = 0;

        return interval_of(values, &ms, err);
}

static int print_event(void *data, const char *line)
{
        int *error = data;

        _cleanup_free_ char *whole = NULL;
        int r = str_printf(&whole, NULL, "%s\n", line);

        if (r >= 0)
                r = output_print(whole);
        *error = r < 0 ? -r : 0;
        return r < 0 ? r : 0;
}

static int cmd_events_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                          struct cfs_error *err)
{
        const struct values *v = values;
        int r, write_error = 0;
        unsigned ms = 0;

        r = interval_of(v, &ms, err);
        if (r < 0)
                return r;
        r = cfs_events(rt, args[0], v->stats, ms, print_event, &write_error, err);
        if (write_error)
                return err_sys(err, write_error, "write", "write to standard output");
        return r < 0 ? r : 0;
}

const struct command cmd_events_command = {
        .name = "events",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "show statistics and events of a container",
        .description =
                "Prints JSON objects, one on each line: {\"type\":\"stats\",\"id\":...,\"data\":...} at intervals,\n"
                "and {\"type\":\"oom\",\"id\":...} whenever the kernel has killed a process for lack of memory.\n"
                "Ends when the container ends.",
        .examples = "cfs events --stats web\ncfs events --interval 1s web",
        .options = options,
        .values_size = sizeof(struct values),
        .check = cmd_events_check,
        .run = cmd_events_run,
};
