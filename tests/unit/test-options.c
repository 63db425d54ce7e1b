/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/err.h"
#include "cli/number.h"
#include "cli/options.h"

struct values {
        bool detach, force;
        int tri, fds;
        const char *bundle, *format;
        const char **env;
};

static const struct option_def defs[] = {
        { "bundle", 'b', OPTION_TEXT, offsetof(struct values, bundle), "DIR", NULL, "a" },
        { "detach", 'd', OPTION_FLAG, offsetof(struct values, detach), NULL, NULL, "b" },
        { "force", 'f', OPTION_FLAG, offsetof(struct values, force), NULL, NULL, "c" },
        { "no-new-privs", 0, OPTION_TRI, offsetof(struct values, tri), NULL, NULL, "d" },
        { "preserve-fds", 0, OPTION_INT, offsetof(struct values, fds), "N", NULL, "e" },
        { "format", 0, OPTION_TEXT, offsetof(struct values, format), "FORMAT", "table json", "f" },
        { "env", 'e', OPTION_LIST, offsetof(struct values, env), "NAME=VALUE", NULL, "g" },
        { "old", 0, OPTION_TEXT, OPTION_IGNORED, "X", NULL, NULL },
        { 0 },
};

/* What the last parse() found. */
static struct values v;
static struct options_rest rest;
static struct cfs_error err;

static void forget(void)
{
        options_free(defs, &v);
        free(rest.args);
        rest = (struct options_rest){ 0 };
        v = (struct values){ 0 };
        err = (struct cfs_error){ 0 };
}

/* Parses words that are separated by blanks. */
static int parse(const char *line, unsigned stop_after)
{
        static char copy[256];
        static char *argv[32];
        char *p = copy, *word;
        int argc = 0;

        forget();
        (void)snprintf(copy, sizeof(copy), "%s", line);
        while ((word = strsep(&p, " ")))
                if (*word)
                        argv[argc++] = word;
        return options_parse(defs, stop_after, argc, argv, &v, &rest, &err);
}

static void a_value_is_joined_or_follows(void **state)
{
        static const char *const forms[] = { "--bundle /b", "--bundle=/b", "-bundle /b", "-bundle=/b",
                                             "-b /b",       "-b=/b",       "-b/b",       "--b /b",
                                             "-db/b",       "-db /b" };

        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                assert_int_equal(parse(forms[i], 0), 0);
                assert_string_equal(v.bundle, "/b");
                assert_int_equal(rest.n, 0);
                assert_int_equal(v.detach, i >= 8);
        }
        forget();
}

static void a_value_may_look_like_an_option(void **state)
{
        assert_int_equal(parse("--bundle - --old -1 --env --detach x", 0), 0);
        assert_string_equal(v.bundle, "-");
        assert_string_equal(v.env[0], "--detach");
        assert_false(v.detach);
        assert_int_equal(rest.n, 1);
        assert_int_equal(parse("--bundle=", 0), 0);
        assert_string_equal(v.bundle, "");
        assert_int_equal(parse("--env=A=B=C", 0), 0);
        assert_string_equal(v.env[0], "A=B=C");
        forget();
}

static void flags_have_three_forms(void **state)
{
        assert_int_equal(parse("--detach -force", 0), 0);
        assert_true(v.detach && v.force);
        assert_int_equal(v.tri, -1);
        assert_int_equal(parse("--detach=false -df --detach=0", 0), 0);
        assert_true(!v.detach && v.force);
        assert_int_equal(parse("-detach=true --no-new-privs", 0), 0);
        assert_true(v.detach);
        assert_int_equal(v.tri, 1);
        assert_int_equal(parse("--no-new-privs=false", 0), 0);
        assert_int_equal(v.tri, 0);
        assert_int_equal(parse("--detach=maybe", 0), -EINVAL);
        assert_string_equal(err.text, "invalid boolean value \"maybe\" for --detach");
        forget();
}

static void options_stand_anywhere_unless_told_otherwise(void **state)
{
        assert_int_equal(parse("id --detach x -f", 0), 0);
        assert_true(v.detach && v.force);
        assert_int_equal(rest.n, 2);
        assert_string_equal(rest.args[1], "x");
        assert_null(rest.args[2]);

        assert_int_equal(parse("-d id -f cmd --detach -- -b", 2), 0);
        assert_true(v.detach && v.force);
        assert_int_equal(rest.n, 5);
        assert_string_equal(rest.args[2], "--detach");
        assert_string_equal(rest.args[3], "--");

        assert_int_equal(parse("id -d", 1), 0);
        assert_false(v.detach);
        assert_int_equal(rest.n, 2);

        assert_int_equal(parse("-d -- -f -- -", 0), 0);
        assert_true(v.detach && !v.force);
        assert_int_equal(rest.n, 3);
        assert_int_equal(parse("-", 0), 0);
        assert_string_equal(rest.args[0], "-");
        forget();
}

static void lists_grow_and_the_last_text_wins(void **state)
{
        assert_int_equal(parse("-e A=1 --env B=2 -eC=3 -b x -b y", 0), 0);
        assert_string_equal(v.env[0], "A=1");
        assert_string_equal(v.env[1], "B=2");
        assert_string_equal(v.env[2], "C=3");
        assert_null(v.env[3]);
        assert_string_equal(v.bundle, "y");
        forget();
}

static void mistakes_are_named(void **state)
{
        static const struct {
                const char *line, *text, *hint;
        } rows[] = {
                { "--bundle", "flag needs an argument: --bundle", "" },
                { "-b", "flag needs an argument: --bundle", "" },
                { "-db", "flag needs an argument: --bundle", "" },
                { "--bundel x", "flag provided but not defined: --bundel", "did you mean --bundle?" },
                { "--bund x", "flag provided but not defined: --bund", "did you mean --bundle?" },
                { "-forec", "flag provided but not defined: -forec", "did you mean --force?" },
                { "-dx", "flag provided but not defined: -dx", "" },
                { "--nothing=like", "flag provided but not defined: --nothing", "" },
                { "---", "flag provided but not defined: ---", "" },
                { "--=", "flag provided but not defined: --", "" },
                { "-=", "flag provided but not defined: -=", "" },
                { "--format yaml", "invalid value \"yaml\" for --format", "one of: table json" },
                { "--format tab", "invalid value \"tab\" for --format", "one of: table json" },
                { "--preserve-fds -1",
                  "invalid value \"-1\" for --preserve-fds: not a number of zero or more", "" },
                { "--preserve-fds 2147483648",
                  "invalid value \"2147483648\" for --preserve-fds: not a number of zero or more", "" },
                { "--bundle=\x1b[31m --x\x1b", "flag provided but not defined: --x?", "" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                assert_int_equal(parse(rows[i].line, 0), -EINVAL);
                assert_int_equal(err.code, CFS_E_INVALID);
                assert_string_equal(err.text, rows[i].text);
                assert_string_equal(err.hint, rows[i].hint);
        }
        forget();
}

static void help_ends_the_parsing(void **state)
{
        static const char *const forms[] = { "--help --bundel", "-h", "-help", "--h", "-?", "x --help" };

        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                assert_int_equal(parse(forms[i], 0), 0);
                assert_true(rest.help);
        }
        assert_int_equal(parse("x --help", 1), 0);
        assert_false(rest.help);
        forget();
}

static void integers(void **state)
{
        int64_t n;

        assert_int_equal(number_int("9223372036854775807", &n), 0);
        assert_true(n == INT64_MAX);
        assert_int_equal(number_int("-9223372036854775808", &n), 0);
        assert_true(n == INT64_MIN);
        assert_int_equal(number_int("+7", &n), 0);
        assert_true(n == 7);
        assert_int_equal(number_int("9223372036854775808", &n), -ERANGE);
        assert_int_equal(number_int("-9223372036854775809", &n), -ERANGE);
        assert_int_equal(number_int("99999999999999999999", &n), -ERANGE);
        assert_int_equal(number_int("", &n), -EINVAL);
        assert_int_equal(number_int(" 1", &n), -EINVAL);
        assert_int_equal(number_int("1 ", &n), -EINVAL);
        assert_int_equal(number_int("0x1", &n), -EINVAL);
}

static void sizes(void **state)
{
        static const struct {
                const char *text;
                int64_t bytes;
        } good[] = {
                { "0", 0 },
                { "-1", -1 },
                { "50M", 52428800 },
                { "1k", 1024 },
                { "1Kb", 1024 },
                { "1KiB", 1024 },
                { "1.5g", 1610612736 },
                { "123b", 123 },
                { "2T", 2199023255552 },
                { "1p", 1125899906842624 },
                { "0.5k", 512 },
                { "9223372036854775807", INT64_MAX },
        };
        static const char *const bad[] = {
                "", "-2", "1x", "k", "1kk", "1.k", "1 k", "8192p", "9223372036854775808", "1i"
        };
        int64_t n;

        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                assert_int_equal(number_size(good[i].text, &n), 0);
                if (n != good[i].bytes)
                        fail_msg("%s is %lld", good[i].text, (long long)n);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (number_size(bad[i], &n) >= 0)
                        fail_msg("%s is a size", bad[i]);
}

static void durations(void **state)
{
        static const struct {
                const char *text;
                uint64_t ms;
        } good[] = {
                { "5s", 5000 }, { "100ms", 100 }, { "1m30s", 90000 }, { "1.5h", 5400000 },
                { "1us", 0 },   { "2000us", 2 },  { "0.25s", 250 },   { "1h2m3s4ms", 3723004 },
                { "500µs", 0 },
        };
        static const char *const bad[] = { "",         "5",   "s",     "5x",
                                           "5s5",      "-5s", "1..5s", "99999999999999999999s",
                                           "20000000h" };
        uint64_t ms;

        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                assert_int_equal(number_duration(good[i].text, &ms), 0);
                if (ms != good[i].ms)
                        fail_msg("%s is %llu ms", good[i].text, (unsigned long long)ms);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (number_duration(bad[i], &ms) >= 0)
                        fail_msg("%s is a duration", bad[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_value_is_joined_or_follows),
                cmocka_unit_test(a_value_may_look_like_an_option),
                cmocka_unit_test(flags_have_three_forms),
                cmocka_unit_test(options_stand_anywhere_unless_told_otherwise),
                cmocka_unit_test(lists_grow_and_the_last_text_wins),
                cmocka_unit_test(mistakes_are_named),
                cmocka_unit_test(help_ends_the_parsing),
                cmocka_unit_test(integers),
                cmocka_unit_test(sizes),
                cmocka_unit_test(durations),
        };

        return cmocka_run_group_tests_name("the command line's options", tests, NULL, NULL);
}
