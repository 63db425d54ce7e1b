/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Command lines of cfs. The input is the words, one a line: the options in front of the command, the command,
 * its own options and arguments. What is parsed lies in the words. "--name=value" means what "--name",
 * "value" does, and each command takes or refuses what it was given, with a message.
 */
#include "fuzz.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/number.h"

#define MAX_WORDS 40

struct line {
        char *words[MAX_WORDS + 1];
        int n;
};

static void ignore_log(void *data, enum log_level level, const char *message)
{
        (void)data;
        (void)level;
        CHECK(message);
}

static struct line split(char *text)
{
        struct line l = { .n = 0 };
        char *word;

        while (l.n < MAX_WORDS && (word = strsep(&text, "\n")))
                l.words[l.n++] = word;
        return l;
}

static void numbers(const char *word)
{
        int64_t whole, size;
        uint64_t ms;

        /* What is a number is the same number of bytes. */
        if (number_int(word, &whole) == 0 && whole >= 0)
                CHECK(number_size(word, &size) < 0 || size == whole);
        (void)number_duration(word, &ms);
}

/* The same words with each "--name=value" as two. */
static struct line apart(const struct option_def *defs, const struct line *l, char *room)
{
        struct line out = { .n = 0 };

        for (int i = 0; i < l->n && out.n < MAX_WORDS - 1; i++) {
                size_t len = strcspn(l->words[i], "=");
                /* it may be the value of the word before */
                bool value = i > 0 && l->words[i - 1][0] == '-' && !strchr(l->words[i - 1], '=');
                bool joined = false;

                for (const struct option_def *d = defs; d->name; d++)
                        joined |= !value && d->kind != OPTION_FLAG && d->kind != OPTION_TRI &&
                                  strncmp(l->words[i], "--", 2) == 0 && strlen(d->name) + 2 == len &&
                                  strncmp(l->words[i] + 2, d->name, len - 2) == 0 && l->words[i][len] == '=';
                out.words[out.n++] = joined ? memcpy(room, l->words[i], len) : l->words[i];
                if (joined) {
                        room[len] = '\0';
                        room += len + 1;
                        out.words[out.n++] = l->words[i] + len + 1;
                }
        }
        return out;
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

static void same_values(const struct option_def *defs, const char *a, const char *b)
{
        for (const struct option_def *d = defs; d->name; d++) {
                bool ignored = d->offset == OPTION_IGNORED;
                const char *x = ignored ? NULL : a + d->offset, *y = ignored ? NULL : b + d->offset;

                if (ignored)
                        continue;
                if (d->kind == OPTION_FLAG)
                        CHECK(*x == *y && (*x == 0 || *x == 1));
                else if (d->kind == OPTION_TRI)
                        CHECK(*(const int *)x == *(const int *)y && *(const int *)x >= -1 &&
                              *(const int *)x <= 1);
                else if (d->kind == OPTION_INT)
                        CHECK(*(const int *)x == *(const int *)y && *(const int *)x >= 0);
                else if (d->kind != OPTION_LIST)
                        CHECK(same_text(*(const char *const *)x, *(const char *const *)y));
        }
}

static void parse(const struct option_def *defs, size_t size, unsigned stop_after, const struct line *l,
                  char *text, int (*check)(const void *, const char *const *, struct cfs_error *),
                  struct options_rest *ret)
{
        char *values = calloc(1, size + 1), *again = calloc(1, size + 1), *room = malloc(strlen(text) + 4096);
        struct cfs_error err = { 0 }, ignored = { 0 };
        struct options_rest rest, other;
        struct line two;
        int r;

        CHECK(values && again && room);
        r = options_parse(defs, stop_after, l->n, (char **)l->words, values, &rest, &err);
        CHECK(r == 0 || (err.code == CFS_E_INVALID && err.text[0] && !rest.args));
        CHECK(r < 0 || (rest.n <= (unsigned)l->n && !rest.args[rest.n]));
        two = apart(defs, l, room);
        /* What stands behind "--" is one more word then. */
        if (r == 0 && !rest.help &&
            options_parse(defs, stop_after, two.n, two.words, again, &other, &ignored) == 0) {
                if (other.n == rest.n && two.n > l->n)
                        same_values(defs, values, again);
                free(other.args);
        }
        if (r == 0 && check && !rest.help) {
                r = check(values, rest.args, &err);
                CHECK(r >= 0 || err.text[0]);
        }
        options_free(defs, values);
        options_free(defs, again);
        free(values);
        free(again);
        free(room);
        *ret = rest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size + 1);
        struct options_rest global, own;
        const struct command *c;
        struct line l;

        CHECK(text);
        memcpy(text, data, size);
        text[size] = '\0';
        log_set_handler(ignore_log, NULL, LOG_LEVEL_DEBUG);
        l = split(text);
        for (int i = 0; i < l.n; i++)
                numbers(l.words[i]);
        parse(globals_options, sizeof(struct cli_globals), 1, &l, text, NULL, &global);
        if (global.args && global.n > 0 && (c = commands_find(global.args[0]))) {
                struct line words = { .n = (int)global.n - 1 };

                memcpy(words.words, global.args + 1, (global.n - 1) * sizeof(*words.words));
                /* Only with as many arguments as the command takes is it asked. */
                parse(c->options, c->values_size, c->stop_after, &words, text, NULL, &own);
                if (own.args && own.n >= c->min_args && own.n <= c->max_args) {
                        free(own.args);
                        parse(c->options, c->values_size, c->stop_after, &words, text, c->check, &own);
                }
                free(own.args);
        } else if (global.args && global.n > 0) {
                struct cfs_error err = { 0 };

                CHECK(commands_unknown(global.args[0], &err) < 0 && err.text[0]);
        }
        free(global.args);
        free(text);
        return 0;
}
