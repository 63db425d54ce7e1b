/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs check. The exit code says what is wrong: 0 nothing, 1 the documents, 2 this host. As text each problem
 * is one line that editors know how to jump to, FILE:LINE:COLUMN: PROPERTY: MESSAGE, and its hint another
 * one.
 */
#include "cli/bundle_options.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "cli/jsonout.h"
#include <stddef.h>
#include <stdio.h>

struct values {
        struct cfs_create_options o; /* bundle and config */
        const char *format;
        bool host;
};

static const struct option_def options[] = {
        CREATE_BUNDLE_OPTIONS(offsetof(struct values, o)),
        { "host", 0, OPTION_FLAG, offsetof(struct values, host), NULL, NULL,
          "also say what this host, its kernel or the calling user cannot do" },
        { "format", 0, OPTION_TEXT, offsetof(struct values, format), "FORMAT", "text json",
          "form of the output" },
        { 0 },
};

static void print_text(void *data, const struct cfs_problem *p)
{
        printf("%s", p->file ? p->file : "config.json");
        if (p->line)
                printf(":%u:%u", p->line, p->column);
        if (p->property && *p->property)
                printf(": %s", p->property);
        printf(": %s%s%s\n", p->kind == CFS_PROBLEM_NOTE ? "note: " : "", p->message,
               p->kind == CFS_PROBLEM_HOST ? " (on this host)" : "");
        if (p->excerpt && *p->excerpt)
                printf("  %s\n  %*s^\n", p->excerpt, (int)p->caret, "");
        if (p->hint && *p->hint)
                printf("  hint: %s\n", p->hint);
}

static void print_json(void *data, const struct cfs_problem *p)
{
        static const char *const kinds[] = {
                [CFS_PROBLEM_INVALID] = "invalid", [CFS_PROBLEM_HOST] = "host", [CFS_PROBLEM_NOTE] = "note"
        };
        struct json_writer *w = data;

        json_write_line(w);
        json_write_object(w);
        json_write_member(w, "kind", kinds[p->kind]);
        json_write_member(w, "file", p->file);
        if (p->line) {
                json_write_key(w, "line");
                json_write_unsigned(w, p->line);
                json_write_key(w, "column");
                json_write_unsigned(w, p->column);
        }
        json_write_member(w, "property", p->property);
        json_write_member(w, "message", p->message);
        json_write_member(w, "hint", p->hint);
        json_write_object_end(w);
}

static int cmd_check_check(const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;

        if (!args[0] || !v->o.bundle)
                return 0;
        return err_set(err, CFS_E_INVALID, "the bundle is named twice: `%s` and --bundle %s", args[0],
                       v->o.bundle);
}

static int cmd_check_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                         struct cfs_error *err)
{
        const struct values *v = values;
        bool json = v->format && STREQ(v->format, "json");
        const char *bundle = args[0] ? args[0] : v->o.bundle;
        struct json_writer *w;
        int r;

        if (!json) {
                r = cfs_check(bundle, v->o.config, v->host, print_text, NULL, err);
                if (r == 0)
                        printf("%s: ok\n", v->o.config ? v->o.config : "config.json");
                return r;
        }
        w = json_write_new(0);
        json_write_array(w);
        r = cfs_check(bundle, v->o.config, v->host, print_json, w, err);
        json_write_array_end(w);
        if (r >= 0)
                return jsonout_print(w, err) < 0 ? -ENOMEM : r;
        (void)jsonout_print(w, &(struct cfs_error){ 0 });
        return r;
}

const struct command cmd_check_command = {
        .name = "check",
        .args = "[BUNDLE]",
        .max_args = 1,
        .flags = COMMAND_NO_ROOT,
        .summary = "find everything that is wrong with a bundle",
        .description =
                "Reports all problems of a bundle at once, each with its place in the file, and touches\n"
                "nothing. BUNDLE is the current directory by default. With --host it also looks whether this\n"
                "host has what the bundle needs: the program with its interpreter, hooks, namespaces, sources\n"
                "and options of mounts, kernel parameters, limits. It also prints notes: what `run` would\n"
                "warn about, and what only a run can show. A note is not a problem.\n"
                "\n"
                "Exits with 0 (and prints ok) when there is no problem, with 1 when the bundle is invalid,\n"
                "and with 2 when it is valid but this host cannot run it (only with --host).",
        .examples = "cfs check /srv/bundle\ncfs check --host --format json /srv/bundle",
        .options = options,
        .values_size = sizeof(struct values),
        .check = cmd_check_check,
        .run = cmd_check_run,
};
