/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The option parser.
 *
 * Two dialects meet here. The engines were written against a runtime that uses Go's flag package: one dash or
 * two, long names (containerd really says `-no-subreaper`), `--name=value` or `--name value`, `--flag=false`.
 * Others were written against one that uses GNU getopt: letters may be joined (`-ti`) and carry their value
 * (`-eA=B`). So a word after one dash is first taken for a name; only when there is none, for letters. Where
 * both dialects read the same word differently (`-e=A`), Go's reading wins.
 *
 * A value is whatever follows, even if it begins with a dash: `--memory-swap -1`, `--process -`.
 */
#include "cli/options.h"
#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/err.h"
#include "cli/number.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const struct option_def options_none[] = { { 0 } };

/* Where the parser is. */
struct cursor {
        char **argv;
        int argc;
        int at; /* the next word */
};

static const struct option_def *by_name(const struct option_def *defs, const char *name, size_t len)
{
        for (const struct option_def *d = defs; d->name; d++) {
                if (strlen(d->name) == len && memcmp(d->name, name, len) == 0)
                        return d;
                if (len == 1 && d->letter == *name)
                        return d;
        }
        return NULL;
}

static const char *def_name(const void *data, size_t i)
{
        return ((const struct option_def *)data)[i].name;
}

static size_t count(const struct option_def *defs)
{
        size_t n = 0;

        while (defs[n].name)
                n++;
        return n;
}

static int unknown(const struct option_def *defs, const char *dashes, const char *name, size_t len,
                   struct cfs_error *err)
{
        _cleanup_free_ char *word = strndup(name, len);
        const char *near = word && len > 1 ? options_nearest(word, def_name, defs, count(defs)) : NULL;
        int r = err_set(err, CFS_E_INVALID, "flag provided but not defined: %s%.*s", dashes, (int)len, name);

        return near ? err_hint(err, r, "did you mean --%s?", near) : r;
}

/* Go's strconv.ParseBool. */
static int parse_bool(const char *s)
{
        static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
        static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

        for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
                if (STREQ(s, yes[i]))
                        return 1;
                if (STREQ(s, no[i]))
                        return 0;
        }
        return -EINVAL;
}

static bool is_choice(const char *choices, const char *value)
{
        size_t len = strlen(value);

        for (const char *p = choices; *p;) {
                size_t n = strcspn(p, " ");

                if (n == len && memcmp(p, value, n) == 0)
                        return true;
                p += n;
                p += strspn(p, " ");
        }
        return false;
}

static int append(const char ***list, const char *value, struct cfs_error *err)
{
        size_t n = 0;
        const char **grown;

        while (*list && (*list)[n])
                n++;
        grown = realloc(*list, (n + 2) * sizeof(*grown));
        if (!grown)
                return err_nomem(err);
        grown[n] = value;
        grown[n + 1] = NULL;
        *list = grown;
        return 0;
}

static bool is_flag(const struct option_def *d)
{
        return d->kind == OPTION_FLAG || d->kind == OPTION_TRI;
}

/* Puts one option's value, NULL for a flag without one, where its row says. */
static int store(const struct option_def *d, const char *value, void *values, struct cfs_error *err)
{
        char *field = d->offset == OPTION_IGNORED ? NULL : (char *)values + d->offset;
        int b = 1;
        int64_t number = 0;

        if (is_flag(d) && value && (b = parse_bool(value)) < 0)
                return err_set(err, CFS_E_INVALID, "invalid boolean value \"%s\" for --%s", value, d->name);
        if (d->choices && value && !is_choice(d->choices, value))
                return err_hint(err,
                                err_set(err, CFS_E_INVALID, "invalid value \"%s\" for --%s", value, d->name),
                                "one of: %s", d->choices);
        if (d->kind == OPTION_INT && (number_int(value, &number) < 0 || number < 0 || number > INT_MAX))
                return err_set(err, CFS_E_INVALID,
                               "invalid value \"%s\" for --%s: not a number of zero or more", value, d->name);
        if (!field)
                return 0;

        switch (d->kind) {
        case OPTION_FLAG:
                *(bool *)field = b;
                return 0;
        case OPTION_TRI:
                *(int *)field = b;
                return 0;
        case OPTION_TEXT:
                *(const char **)field = value;
                return 0;
        case OPTION_MAYBE: /* as with the established runtime */
                *(const char **)field = *value ? value : NULL;
                return 0;
        case OPTION_INT:
                *(int *)field = (int)number;
                return 0;
        case OPTION_LIST:
                return append((const char ***)field, value, err);
        }
        return 0;
}

/* The value of an option that needs one and has none joined to it: the next word. */
static const char *next_value(struct cursor *c)
{
        return c->at < c->argc ? c->argv[c->at++] : NULL;
}

static int needs_argument(const struct option_def *d, struct cfs_error *err)
{
        return err_set(err, CFS_E_INVALID, "flag needs an argument: --%s", d->name);
}

/* "-ti", "-eA=B", "-e A=B": letters after one dash, the last of which may have a value. */
static int parse_letters(const struct option_def *defs, const char *word, struct cursor *c, void *values,
                         struct cfs_error *err)
{
        for (const char *p = word; *p; p++) {
                const struct option_def *d = by_name(defs, p, 1);
                const char *value = NULL;
                int r;

                if (!d)
                        return unknown(defs, "-", word, strlen(word), err);
                if (!is_flag(d)) {
                        value = p[1] ? p + 1 : next_value(c);
                        if (!value)
                                return needs_argument(d, err);
                }
                r = store(d, value, values, err);
                if (r < 0)
                        return r;
                if (value)
                        break;
        }
        return 0;
}

static bool is_help(const char *name, size_t len)
{
        return (len == 4 && memcmp(name, "help", 4) == 0) || (len == 1 && (*name == 'h' || *name == '?'));
}

/* One word that begins with a dash and is more than that. */
static int parse_option(const struct option_def *defs, const char *word, struct cursor *c, void *values,
                        bool *help, struct cfs_error *err)
{
        bool two = word[1] == '-';
        const char *name = word + 1 + two;
        size_t len = strcspn(name, "=");
        const char *value = name[len] == '=' ? name + len + 1 : NULL;
        const struct option_def *d = by_name(defs, name, len);

        if (!d && is_help(name, len)) {
                *help = true;
                return 0;
        }
        if (!d && !two)
                return parse_letters(defs, name, c, values, err);
        if (!d)
                return unknown(defs, "--", name, len, err);
        if (!value && !is_flag(d) && !(value = next_value(c)))
                return needs_argument(d, err);
        return store(d, value, values, err);
}

int options_parse(const struct option_def *defs, unsigned stop_after, int argc, char **argv, void *values,
                  struct options_rest *ret, struct cfs_error *err)
{
        struct cursor c = { argv, argc, 0 };
        _cleanup_free_ const char **args = calloc((size_t)argc + 1, sizeof(*args));
        bool options = true;
        unsigned n = 0;

        *ret = (struct options_rest){ 0 };
        if (!args)
                return err_nomem(err);
        for (const struct option_def *d = defs; d->name; d++)
                if (d->kind == OPTION_TRI && d->offset != OPTION_IGNORED)
                        *(int *)((char *)values + d->offset) = -1;

        while (c.at < c.argc && !ret->help) {
                const char *word = c.argv[c.at++];

                if (options && STREQ(word, "--")) {
                        options = false;
                } else if (options && word[0] == '-' && word[1]) {
                        int r = parse_option(defs, word, &c, values, &ret->help, err);

                        if (r < 0)
                                return r;
                } else {
                        args[n++] = word;
                        if (stop_after && n >= stop_after)
                                options = false;
                }
        }
        ret->args = TAKE_PTR(args);
        ret->n = n;
        return 0;
}

void options_free(const struct option_def *defs, void *values)
{
        for (const struct option_def *d = defs; values && d->name; d++)
                if (d->kind == OPTION_LIST && d->offset != OPTION_IGNORED) {
                        const char ***list = (const char ***)((char *)values + d->offset);

                        free(*list);
                        *list = NULL;
                }
}

const char *options_nearest(const char *word, const char *(*name)(const void *data, size_t i),
                            const void *data, size_t n)
{
        struct nearest nearest;

        nearest_init(&nearest, word, strlen(word));
        for (size_t i = 0; i < n; i++)
                nearest_try(&nearest, name(data, i));
        return nearest.name;
}
