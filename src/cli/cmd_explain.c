/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs explain: the plan of a create, row by row, as the rows themselves tell it. Text is for people and grep:
 * the row's name stands in front of its first line only. JSON is an array of
 * {"step":NAME,"why":REASON,"lines":[...]}, in the plan's order.
 */
#include "cli/cmd_explain.h"
#include "cli/bundle_options.h"
#include "base/cleanup.h"
#include "cli/fail.h"
#include "cli/jsonout.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct values {
        struct cfs_create_options o;
        const char *id, *format;
        bool why, restore;
};

static const struct option_def options[] = {
        CREATE_BUNDLE_OPTIONS(offsetof(struct values, o)),
        CREATE_PROCESS_OPTIONS(offsetof(struct values, o)),
        { "id", 0, OPTION_TEXT, offsetof(struct values, id), "CONTAINER", NULL,
          "the container's name, where the plan shows it" },
        { "format", 0, OPTION_TEXT, offsetof(struct values, format), "FORMAT", "text json",
          "form of the output" },
        { "why", 0, OPTION_FLAG, offsetof(struct values, why), NULL, NULL,
          "say why each step stands at its place" },
        { "restore", 0, OPTION_FLAG, offsetof(struct values, restore), NULL, NULL,
          "explain what `cfs restore` would do" },
        { 0 },
};

struct printer {
        bool json, why;
        char *step; /* of the line before */
        bool failed;
};

static void print_line(void *data, const char *step, const char *why, const char *line)
{
        struct printer *p = data;
        bool same = p->step && STREQ(p->step, step);

        if (!p->json) {
                if (p->why && !same)
                        printf("%-32s  # %s\n", step, why);
                printf("%-32s  %s\n", same || p->why ? "" : step, line);
        } else if (same) {
                putchar(',');
                jsonout_string(stdout, line);
        } else {
                printf("%s{\"step\":", p->step ? "]},\n " : "");
                jsonout_string(stdout, step);
                printf(",\"why\":");
                jsonout_string(stdout, why);
                printf(",\"lines\":[");
                jsonout_string(stdout, line);
        }
        if (!same) {
                free(p->step);
                p->step = strdup(step);
                p->failed |= !p->step;
        }
}

int cmd_explain(const struct cfs_runtime *rt, const char *id, const struct cfs_create_options *o,
                unsigned how, struct cfs_error *err)
{
        bool json = how & EXPLAIN_JSON;
        struct printer p = { .json = json, .why = how & EXPLAIN_WHY };
        int r;

        if (json)
                putchar('[');
        r = cfs_explain(rt, id, o, how & EXPLAIN_RESTORE, print_line, &p, err);
        if (json)
                printf("%s]\n", p.step ? "]}" : "");
        free(p.step);
        if (r >= 0 && p.failed)
                return fail_nomem(err);
        return r < 0 ? r : 0;
}

static int cmd_explain_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                           struct cfs_error *err)
{
        const struct values *v = values;
        struct cfs_create_options o = v->o;
        unsigned how = (v->format && STREQ(v->format, "json") ? EXPLAIN_JSON : 0) |
                       (v->why ? EXPLAIN_WHY : 0) | (v->restore ? EXPLAIN_RESTORE : 0);

        if (args[0])
                o.bundle = args[0];
        return cmd_explain(rt, v->id ? v->id : "ID", &o, how, err);
}

static int cmd_explain_check(const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;

        return args[0] && v->o.bundle ? fail_usage(err, "the bundle is named twice: `%s` and --bundle %s",
                                                   args[0], v->o.bundle)
                                      : 0;
}

const struct command cmd_explain_command = {
        .name = "explain",
        .args = "[BUNDLE]",
        .max_args = 1,
        .summary = "say what create would do, in order, without doing it",
        .description =
                "Walks the plan of the construction as `cfs create` does, but touches nothing: prints what\n"
                "each step would do, in the order in which it would be done. Steps that have nothing to do\n"
                "are left out. BUNDLE is the current directory by default.",
        .examples = "cfs explain /srv/bundle\ncfs explain --format json /srv/bundle",
        .options = options,
        .values_size = sizeof(struct values),
        .check = cmd_explain_check,
        .run = cmd_explain_run,
};
