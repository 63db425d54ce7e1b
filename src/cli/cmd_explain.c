/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs explain: the plan of a create, row by row, as the rows themselves tell it. Text is for people and grep:
 * the row's name stands in front of its first line only. JSON is an array of
 * {"step":NAME,"why":REASON,"lines":[...]}, in the plan's order.
 */
#include "cli/cmd_explain.h"
#include "cli/bundle_options.h"
#include "base/cleanup.h"
#include "base/err.h"
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
        struct json_writer *w; /* NULL: text */
        bool why;
        char *step; /* of the line before */
        bool failed;
};

/* The lines of a step come one by one: its object is ended when the next step begins. */
static void end_step(struct printer *p)
{
        if (!p->step)
                return;
        json_write_array_end(p->w);
        json_write_object_end(p->w);
}

static void begin_step(struct printer *p, const char *step, const char *why)
{
        end_step(p);
        json_write_line(p->w);
        json_write_object(p->w);
        json_write_key(p->w, "step");
        json_write_string(p->w, step);
        json_write_key(p->w, "why");
        json_write_string(p->w, why);
        json_write_key(p->w, "lines");
        json_write_array(p->w);
}

static void print_line(void *data, const char *step, const char *why, const char *line)
{
        struct printer *p = data;
        bool same = p->step && STREQ(p->step, step);

        if (p->w) {
                if (!same)
                        begin_step(p, step, why);
                json_write_string(p->w, line);
        } else {
                if (p->why && !same)
                        printf("%-32s  # %s\n", step, why);
                printf("%-32s  %s\n", same || p->why ? "" : step, line);
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
        struct printer p = { .why = how & EXPLAIN_WHY };
        struct cfs_error ignored;
        int r;

        if (how & EXPLAIN_JSON) {
                p.w = json_write_new(0);
                if (!p.w)
                        return err_nomem(err);
        }
        json_write_array(p.w);
        r = cfs_explain(rt, id, o, how & EXPLAIN_RESTORE, print_line, &p, err);
        end_step(&p);
        json_write_array_end(p.w);
        if (r >= 0 && p.failed)
                r = err_nomem(err);
        if (p.w && jsonout_print(p.w, r < 0 ? &ignored : err) < 0 && r >= 0)
                r = -ENOMEM;
        free(p.step);
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

        return args[0] && v->o.bundle
                       ? err_set(err, CFS_E_INVALID, "the bundle is named twice: `%s` and --bundle %s",
                                 args[0], v->o.bundle)
                       : 0;
}

const struct command cmd_explain_command = {
        .name = "explain",
        .args = "[BUNDLE]",
        .max_args = 1,
        .summary = "say what create would do, in order, without doing it",
        .description =
                "Prints what each step of `cfs create` would do, in order, and touches nothing. Steps that\n"
                "have nothing to do are left out. BUNDLE is the current directory by default.",
        .examples = "cfs explain /srv/bundle\ncfs explain --format json /srv/bundle",
        .options = options,
        .values_size = sizeof(struct values),
        .check = cmd_explain_check,
        .run = cmd_explain_run,
};
