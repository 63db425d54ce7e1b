/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The help of a command and of a table of options. Names are padded to the longest one of their table; a
 * row without a help text is not shown, in either form.
 */
#include "cli/helptext.h"
#include "cli/jsonout.h"
#include "libcfs/cfs.h"
#include <stdio.h>
#include <string.h>

/* "-b, --bundle DIR" */
static void option_name(char *buf, size_t size, const struct option_def *d)
{
        char letter[8] = "    ";

        if (d->letter)
                (void)snprintf(letter, sizeof(letter), "-%c, ", d->letter);
        (void)snprintf(buf, size, "%s--%s%s%s", letter, d->name, d->value ? " " : "",
                       d->value ? d->value : "");
}

void helptext_options(const char *heading, const struct option_def *defs)
{
        char name[80];
        size_t width = strlen("    --help");

        for (const struct option_def *d = defs; d->name; d++) {
                option_name(name, sizeof(name), d);
                if (d->help && strlen(name) > width)
                        width = strlen(name);
        }
        printf("\n%s:\n", heading);
        for (const struct option_def *d = defs; d->name; d++) {
                if (!d->help)
                        continue;
                option_name(name, sizeof(name), d);
                printf("   %-*s  %s", (int)width, name, d->help);
                for (const char *p = d->choices; p && *p;) {
                        size_t n = strcspn(p, " ");

                        printf("%s%.*s", p == d->choices ? ": " : ", ", (int)n, p);
                        p += n + strspn(p + n, " ");
                }
                putchar('\n');
        }
        printf("   %-*s  show this help\n", (int)width, "-h, --help");
}

/* A text of several lines, each indented. */
static void indented(const char *text, const char *indent)
{
        while (*text) {
                size_t n = strcspn(text, "\n");

                printf("%s%.*s\n", n ? indent : "", (int)n, text);
                text += n + (text[n] == '\n');
        }
}

void helptext_command(const char *program, const struct helptext *t)
{
        printf("NAME:\n   %s %s - %s\n\nUSAGE:\n   %s %s [OPTIONS]%s%s\n\nDESCRIPTION:\n", program, t->name,
               t->summary, program, t->name, *t->args ? " " : "", t->args);
        indented(t->description, "   ");
        if (t->examples) {
                printf("\nEXAMPLES:\n");
                indented(t->examples, "   # ");
        }
        helptext_options("OPTIONS", t->options);
}

static void options_json(struct json_writer *w, const struct option_def *defs)
{
        json_write_array(w);
        for (const struct option_def *d = defs; d->name; d++) {
                const char letter[2] = { d->letter, '\0' };

                if (!d->help)
                        continue;
                json_write_object(w);
                json_write_member(w, "name", d->name);
                json_write_member(w, "letter", letter);
                json_write_member(w, "value", d->value);
                json_write_member(w, "choices", d->choices);
                json_write_member(w, "help", d->help);
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

struct json_writer *helptext_json_begin(const struct option_def *globals)
{
        struct json_writer *w = json_write_new(0);

        json_write_object(w);
        json_write_member(w, "version", cfs_version());
        json_write_key(w, "globals");
        options_json(w, globals);
        json_write_key(w, "commands");
        json_write_array(w);
        return w;
}

void helptext_json_command(struct json_writer *w, const struct helptext *t)
{
        json_write_line(w);
        json_write_object(w);
        json_write_member(w, "name", t->name);
        json_write_member(w, "args", t->args);
        json_write_member(w, "summary", t->summary);
        json_write_member(w, "description", t->description);
        json_write_member(w, "examples", t->examples);
        json_write_key(w, "failure");
        json_write_number(w, t->failure ? t->failure : 1);
        json_write_key(w, "stop_after");
        json_write_unsigned(w, t->stop_after);
        json_write_key(w, "options");
        options_json(w, t->options);
        json_write_object_end(w);
}

int helptext_json_end(struct json_writer *w, struct cfs_error *err)
{
        json_write_array_end(w);
        json_write_object_end(w);
        return jsonout_print(w, err);
}
