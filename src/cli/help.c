/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The help, from the tables. Its headings are those that users and scripts know ("NAME:" comes first). The
 * same tables as one JSON document (`cfs help --json`) are what docs/man and contrib/completions are
 * generated from.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
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

static void options(const char *heading, const struct option_def *defs)
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

void help_general(void)
{
        printf("NAME:\n   cfs - runs containers from OCI bundles\n\n"
               "USAGE:\n   cfs [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
               "VERSION:\n   %s\n\nCOMMANDS:\n",
               cfs_version());
        for (const struct command *const *c = commands_table; *c; c++)
                printf("   %-10s  %s\n", (*c)->name, (*c)->summary);
        options("GLOBAL OPTIONS", globals_options);
        printf("\n`cfs COMMAND --help` describes a command.\n");
}

void help_command(const struct command *c)
{
        printf("NAME:\n   cfs %s - %s\n\nUSAGE:\n   cfs %s [OPTIONS]%s%s\n\nDESCRIPTION:\n", c->name,
               c->summary, c->name, *c->args ? " " : "", c->args);
        indented(c->description, "   ");
        if (c->examples) {
                printf("\nEXAMPLES:\n");
                indented(c->examples, "   # ");
        }
        options("OPTIONS", c->options);
}

static void json_options(const struct option_def *defs)
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

void help_json(void)
{
        printf("{\"version\":\"%s\",\"globals\":", cfs_version());
        json_options(globals_options);
        printf(",\n\"commands\":[");
        for (const struct command *const *p = commands_table; *p; p++) {
                const struct command *c = *p;
                bool first = true;

                printf("%s{", p == commands_table ? "" : ",\n");
                jsonout_member(stdout, &first, "name", c->name);
                jsonout_member(stdout, &first, "args", c->args);
                jsonout_member(stdout, &first, "summary", c->summary);
                jsonout_member(stdout, &first, "description", c->description);
                jsonout_member(stdout, &first, "examples", c->examples);
                printf(",\"failure\":%d,\"stop_after\":%u,\"options\":", c->failure ? c->failure : 1,
                       c->stop_after);
                json_options(c->options);
                printf("}");
        }
        printf("]}\n");
}
