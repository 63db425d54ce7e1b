/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The help of a command and of a table of options. Names are padded to the longest one of their table; a
 * row without a help text is not shown, in either form.
 */
#include "cli/helptext.h"
#include "cli/jsonout.h"
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

void helptext_options_json(const struct option_def *defs)
{
        bool first_row = true;

        printf("[");
        for (const struct option_def *d = defs; d->name; d++) {
                const char letter[2] = { d->letter, '\0' };
                bool first = true;

                if (!d->help)
                        continue;
                printf("%s{", first_row ? "" : ",\n    ");
                jsonout_member(stdout, &first, "name", d->name);
                jsonout_member(stdout, &first, "letter", letter);
                jsonout_member(stdout, &first, "value", d->value);
                jsonout_member(stdout, &first, "choices", d->choices);
                jsonout_member(stdout, &first, "help", d->help);
                printf("}");
                first_row = false;
        }
        printf("]");
}

void helptext_command_json(const struct helptext *t)
{
        bool first = true;

        printf("{");
        jsonout_member(stdout, &first, "name", t->name);
        jsonout_member(stdout, &first, "args", t->args);
        jsonout_member(stdout, &first, "summary", t->summary);
        jsonout_member(stdout, &first, "description", t->description);
        jsonout_member(stdout, &first, "examples", t->examples);
        printf(",\"failure\":%d,\"stop_after\":%u,\"options\":", t->failure ? t->failure : 1, t->stop_after);
        helptext_options_json(t->options);
        printf("}");
}
