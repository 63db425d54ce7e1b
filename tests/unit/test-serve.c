/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of the server that need no socket: who may, routes, documents of requests, words, text that is
 * not UTF-8, numbers with decimals.
 */
#include "test.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "box/core/document.h"
#include "box/core/time.h"
#include "box/serve/admit.h"
#include "box/serve/request.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- who may ------------------------------------------------------------------------------------------- */

static const struct token token = { .text = "0123456789abcdef", .session = "fedcba9876543210" };

static unsigned asked(struct admit_request q)
{
        const struct admit_rules rules = { .token = &token, .port = 1337 };
        struct cfs_error err = { 0 };
        unsigned status;

        if (!q.method)
                q.method = "GET";
        if (!q.host && !q.local) {
                q.host = "127.0.0.1:1337";
                q.hosts = 1;
        }
        status = admit(&rules, &q, &err);
        assert_true((status != 0) == (err.text[0] != '\0'));
        return status;
}

static void root_and_the_token_are_let_in(void **state)
{
        assert_int_equal(asked((struct admit_request){ .uid_known = true }), 0);
        assert_int_equal(asked((struct admit_request){ .uid_known = true, .uid = 54321 }), 403);
        assert_int_equal(asked((struct admit_request){ 0 }), 401);
        assert_int_equal(asked((struct admit_request){ .authorization = "Bearer 0123456789abcdef" }), 0);
        assert_int_equal(asked((struct admit_request){ .authorization = "Bearer 0123456789abcdeF" }), 401);
        assert_int_equal(asked((struct admit_request){ .authorization = "Basic 0123456789abcdef" }), 401);
        assert_int_equal(asked((struct admit_request){ .uid_known = true, .authorization = "Bearer x" }),
                         401);
        assert_int_equal(asked((struct admit_request){ .open = true }), 0);
}

static void a_browser_needs_the_session(void **state)
{
        struct admit_request q = { .uid_known = true, .fetch = true, .fetch_site = "same-origin" };

        assert_int_equal(asked(q), 401);
        q.cookie = "cfs_box_token=0123456789abcdef"; /* the token itself is not a session */
        assert_int_equal(asked(q), 401);
        q.cookie = "cfs_box_token=";
        assert_int_equal(asked(q), 401);
        q.fetch_site = "same-site";
        assert_int_equal(asked(q), 403);
        q = (struct admit_request){ .uid_known = true, .origin = "http://127.0.0.1:1337" };
        assert_int_equal(asked(q), 401);
        q.origin = "http://localhost:1337";
        assert_int_equal(asked(q), 403);
        q.origin = "";
        assert_int_equal(asked(q), 403);
}

static void hosts_are_of_this_machine(void **state)
{
        static const char *const good[] = { "127.0.0.1:1337", "localhost:1337", "LocalHost:1337",
                                            "[::1]:1337" };
        static const char *const bad[] = { "",       ":1337",           "localhost",       "localhost:",
                                           "[",      "[]:1337",         "[::1]",           "[::1]1337",
                                           "a:1337", "localhost:+1337", "127.0.0.1:13370", "192.0.2.1:1337" };
        struct admit_rules rules = { .token = &token, .port = 1337 };

        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                assert_true(admit_host(&rules, good[i]));
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_false(admit_host(&rules, bad[i]));
        rules.any_address = true;
        assert_true(admit_host(&rules, "192.0.2.1:1337"));
        assert_true(admit_host(&rules, "[2001:db8::1]:1337"));
        assert_false(admit_host(&rules, "a:1337"));
        assert_false(admit_host(&rules, "[]:1337"));
        rules.port = 80; /* which browsers leave out (RFC 9110, 4.2.1) */
        assert_true(admit_host(&rules, "localhost"));
}

/* ---- documents ----------------------------------------------------------------------------------------- */

static void check_words(const char *line, const char *want)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        _cleanup_str_ struct str s = { 0 };
        struct cfs_error err = { 0 };
        char **words;
        size_t n;

        if (!want) {
                assert_true(request_split(line, arena, &words, &n, &err) < 0);
                return;
        }
        assert_int_equal(request_split(line, arena, &words, &n, &err), 0);
        for (size_t i = 0; i < n; i++)
                str_addf(&s, "<%s>", words[i]);
        assert_string_equal(s.p ? s.p : "", want);
}

/* As `sh -c 'printf "<%s>" ...'` prints them. */
static void lines_are_split_as_a_shell_does(void **state)
{
        check_words("", "");
        check_words(" \t\n", "");
        check_words("a", "<a>");
        check_words(" a  b\tc\n", "<a><b><c>");
        check_words("'a b' \"c d\" e\\ f", "<a b><c d><e f>");
        check_words("'' \"\" a''b", "<><><ab>");
        check_words("a'b'\"c\"d", "<abcd>");
        check_words("'a\\b' \"a\\b\" \"a\\\"b\" a\\b", "<a\\b><a\\b><a\"b><ab>");
        check_words("\"it's\" 'say \"x\"'", "<it's><say \"x\">");
        check_words("$HOME `ls` *", "<$HOME><`ls`><*>");
        check_words("'a", NULL);
        check_words("\"a", NULL);
        check_words("a\\", NULL);
}

static void commands_are_a_line_or_words(void **state)
{
        static const struct {
                const char *text;
                long n; /* -1: an error */
        } samples[] = { { "{\"command\":\"a b\"}", 2 }, { "{\"command\":[\"a b\"]}", 1 },
                        { "{\"command\":[]}", 0 },      { "{}", 0 },
                        { "{\"command\":null}", 0 },    { "{\"command\":7}", -1 },
                        { "{\"command\":[7]}", -1 },    { "{\"command\":{}}", -1 },
                        { "{\"command\":\"'\"}", -1 } };

        for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
                _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
                struct cfs_error err = { 0 };
                char **words;
                size_t n = 0;
                int r = request_command(samples[i].text, strlen(samples[i].text), arena, &words, &n, &err);

                assert_true((r < 0) == (samples[i].n < 0));
                if (r >= 0)
                        assert_int_equal(n, samples[i].n);
        }
}

static void unknown_properties_are_mistakes(void **state)
{
        static const char text[] = "{\"state\":\"run\",\n \"memroy\":\"1M\"}";
        struct oci_box_run_request *d = NULL;
        struct oci_arena *arena = NULL;
        struct cfs_error err = { 0 };

        assert_true(request_decode(text, strlen(text), &oci_box_run_request_type, (void **)&d, &arena, &err) <
                    0);
        assert_string_equal(err.text, "body:2:2: memroy: there is no such property");
        assert_string_equal(err.hint, "did you mean `memory`?");
        assert_null(arena);
        assert_true(request_decode(NULL, 0, &oci_box_run_request_type, (void **)&d, &arena, &err) < 0);
}

static void text_becomes_utf8(void **state)
{
        char all[] = "a\xffz\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3\xc0\xaf\xed\xa0\x80\0end";

        document_clean(all, sizeof(all) - 1);
        assert_string_equal(all, "a?z\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3?????"
                                 "?end");
        document_clean(NULL, 0);
}

static void numbers_have_decimals(void **state)
{
        struct oci_box_stats s = {
                .id = (char *)"x", .time = 5, .has_time = true, .cpu_percent = 1234, .has_cpu_percent = true
        };
        static const char wrong[] = "{\"id\":\"x\",\"cpu_percent\":1.234}";
        _cleanup_free_ char *text = NULL;
        _cleanup_oci_arena_ struct oci_arena *arena = NULL, *other = NULL;
        struct oci_box_stats *back = NULL;
        struct cfs_error err = { 0 };

        assert_int_equal(document_encode(&oci_box_stats_type, &s, 0, &text, NULL, &err), 0);
        assert_string_equal(text, "{\"id\":\"x\",\"time\":0.000005,\"cpu_percent\":12.34}");
        assert_int_equal(
                oci_decode(&oci_box_stats_type, "t", text, strlen(text), (void **)&back, &arena, &err), 0);
        assert_int_equal(back->time, 5);
        assert_int_equal(back->cpu_percent, 1234);
        assert_true(oci_decode(&oci_box_stats_type, "t", wrong, strlen(wrong), (void **)&back, &other, &err) <
                    0);
}

static void times_have_the_forms_that_docker_takes(void **state)
{
        int64_t t = 0, ago = 0;

        assert_int_equal(setenv("TZ", "UTC0", 1), 0);
        tzset();
        assert_true(time_parse("1790000000", &t) && t == 1790000000);
        assert_true(time_parse("1970-01-02T00:00:01Z", &t) && t == 86401);
        assert_true(time_parse("1970-01-02T00:00:01", &t) && t == 86401);
        assert_false(time_parse("", &t));
        assert_true(time_parse("1970-01-02T00:00:01+01:00", &t) && t == 82801);
        assert_true(time_parse("1970-01-02T00:00:01.999-0030", &t) && t == 88201);
        assert_true(time_parse("1970-01-02", &t) && t == 86400);
        assert_true(time_parse_ns("1.5", &t) && t == 1500000000);
        assert_true(time_parse_ns("1970-01-01T00:00:01.000000001Z", &t) && t == 1000000001);
        assert_true(time_parse("1h30m", &ago) && time_parse("5400.0s", &t) && t - ago <= 1 &&
                    t < time(NULL) - 5390);
        assert_false(time_parse("1h30", &t));
        assert_false(time_parse("1x", &t));
        assert_false(time_parse("1970-01-02T", &t));
        assert_false(time_parse("1970-01-02T00:00:01+0:00", &t));
        assert_false(time_parse("99999999999999999999", &t));
        assert_false(time_parse("9999999999h", &t));
        assert_false(time_parse("yesterday", &t));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(root_and_the_token_are_let_in),
                cmocka_unit_test(a_browser_needs_the_session),
                cmocka_unit_test(hosts_are_of_this_machine),
                cmocka_unit_test(lines_are_split_as_a_shell_does),
                cmocka_unit_test(commands_are_a_line_or_words),
                cmocka_unit_test(unknown_properties_are_mistakes),
                cmocka_unit_test(text_becomes_utf8),
                cmocka_unit_test(numbers_have_decimals),
                cmocka_unit_test(times_have_the_forms_that_docker_takes),
        };

        return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
