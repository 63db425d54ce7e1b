/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/utf8.h"
#include "json.h"
#include "oci.h"

/* Events as text: "{@0 key@1=a [@5 ]@6 }@7" */
struct trace {
        char text[4096];
        size_t len;
        const char *stop_at; /* the event that stops, or NULL */
};

__attribute__((format(printf, 2, 3))) static int add(struct trace *t, const char *fmt, ...)
{
        char piece[512];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(piece, sizeof(piece), fmt, ap);
        va_end(ap);
        t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len, "%s%s", t->len ? " " : "",
                                   piece);
        return t->stop_at && STREQ(t->stop_at, piece);
}

static int on_null(void *data, size_t offset)
{
        return add(data, "null@%zu", offset);
}

static int on_boolean(void *data, size_t offset, bool value)
{
        return add(data, "%s@%zu", value ? "true" : "false", offset);
}

static int on_number(void *data, size_t offset, const char *s, size_t len)
{
        return add(data, "%.*s@%zu", (int)len, s, offset);
}

static int on_string(void *data, size_t offset, const char *s, size_t len)
{
        return add(data, "'%.*s'@%zu", (int)len, s, offset);
}

static int on_key(void *data, size_t offset, const char *s, size_t len)
{
        return add(data, "%.*s:@%zu", (int)len, s, offset);
}

static int on_begin_object(void *data, size_t offset)
{
        return add(data, "{@%zu", offset);
}

static int on_end_object(void *data, size_t offset)
{
        return add(data, "}@%zu", offset);
}

static int on_begin_array(void *data, size_t offset)
{
        return add(data, "[@%zu", offset);
}

static int on_end_array(void *data, size_t offset)
{
        return add(data, "]@%zu", offset);
}

static const struct json_events events = {
        .null = on_null,
        .boolean = on_boolean,
        .number = on_number,
        .string = on_string,
        .key = on_key,
        .begin_object = on_begin_object,
        .end_object = on_end_object,
        .begin_array = on_begin_array,
        .end_array = on_end_array,
};

static void expect_events(const char *text, const char *want)
{
        struct json_problem problem = { 0 };
        struct trace t = { .len = 0 };

        if (json_parse(text, strlen(text), &events, &t, &problem) != 0)
                fail_msg("`%s`: %s", text, problem.text);
        assert_string_equal(t.text, want);
}

static void expect_problem(const char *text, size_t len, size_t offset, const char *what)
{
        struct json_problem problem = { 0 };
        struct trace t = { .len = 0 };

        assert_int_equal(json_parse(text, len, &events, &t, &problem), -EINVAL);
        assert_contains(problem.text, what);
        assert_int_equal(problem.offset, offset);
}
#define EXPECT_PROBLEM(text, offset, what) expect_problem(text, sizeof(text) - 1, offset, what)

static void tokens_come_with_the_offset_of_their_first_byte(void **state)
{
        (void)state;
        expect_events("{}", "{@0 }@1");
        expect_events(" { \"a\" : [ 1 ,true, false,null , \"x\"] } ",
                      "{@1 a:@3 [@9 1@11 true@14 false@20 null@26 'x'@33 ]@36 }@38");
        expect_events("-1.5e+3", "-1.5e+3@0");
        expect_events("  12", "12@2");
        expect_events("\"a\"", "'a'@0");
}

static void the_offset_of_a_string_with_escapes_is_its_quote(void **state)
{
        (void)state;
        expect_events("[\"\\\"\"]", "[@0 '\"'@1 ]@5");
        expect_events("[\"a\\\\\", \"\\\\\"]", "[@0 'a\\'@1 '\\'@8 ]@12");
        expect_events("{\"\\\\\\\"x\\\\\" : \"\\n\"}", "{@0 \\\"x\\:@1 '\n'@13 }@17");
        expect_events("[\"\\u00e4\\ud83d\\uDE00\"]", "[@0 'ä😀'@1 ]@21");
}

static void a_callback_stops_the_parser(void **state)
{
        struct trace t = { .stop_at = "2@3" };
        struct json_problem problem;

        (void)state;
        assert_int_equal(json_parse("[1,2,3]", 7, &events, &t, &problem), 1);
        assert_string_equal(t.text, "[@0 1@1 2@3");
}

static void what_is_not_json_is_a_problem_with_a_place(void **state)
{
        (void)state;
        EXPECT_PROBLEM("", 0, "empty");
        EXPECT_PROBLEM(" \n ", 3, "empty");
        EXPECT_PROBLEM("{", 1, "ends too early");
        EXPECT_PROBLEM("[1, 2", 5, "ends too early");
        EXPECT_PROBLEM("\"abc", 4, "ends too early");
        EXPECT_PROBLEM("{} {}", 3, "trailing garbage");
        EXPECT_PROBLEM("[1,]", 2, "a comma after the last entry");
        EXPECT_PROBLEM("{\"a\": 1 , \n }", 8, "a comma after the last property");
        EXPECT_PROBLEM("[,]", 1, "unallowed token");
        EXPECT_PROBLEM("{\"a\" 1}", 5, "colon");
        EXPECT_PROBLEM("{1: 2}", 1, "object key");
        EXPECT_PROBLEM("[tru]", 4, "invalid string in json text");
        EXPECT_PROBLEM("[nan]", 2, "invalid string in json text");
        EXPECT_PROBLEM("[NaN]", 1, "invalid char in json text");
        EXPECT_PROBLEM("[-]", 2, "malformed number");
        EXPECT_PROBLEM("[\"\\x\"]", 3, "may not");
        EXPECT_PROBLEM("[ /**/ 1]", 2, "comment");
        EXPECT_PROBLEM("[\"\t\"]", 2, "invalid character inside string");
        EXPECT_PROBLEM("\xef\xbb\xbf{}", 0, "byte order mark");
        EXPECT_PROBLEM("\xff\xfe{\0}\0", 0, "UTF-16");
        EXPECT_PROBLEM("[\"a\\u0000\"]", 1, "NUL");
        EXPECT_PROBLEM("{\"a\\u0000\": 1}", 1, "NUL");
}

static void surrogates_come_in_pairs(void **state)
{
        (void)state;
        EXPECT_PROBLEM("[\"\\ud800\"]", 1, "surrogate");
        EXPECT_PROBLEM("[\"\\udc00\"]", 1, "surrogate");
        EXPECT_PROBLEM("[1, \"\\udc00\\ud800\"]", 4, "surrogate");
        EXPECT_PROBLEM("[\"\\ud800\\ud800\"]", 1, "surrogate");
        EXPECT_PROBLEM("[\"\\ud800x\"]", 1, "surrogate");
        /* A backslash that is escaped does not begin an escape. */
        expect_events("[\"\\\\ud800\"]", "[@0 '\\ud800'@1 ]@10");
}

static void utf8_is_strict(void **state)
{
        static const struct {
                const char *text;
                size_t valid;
        } cases[] = {
                { "", 0 },
                { "plain ascii that is longer than a word", 38 },
                { "\xc2\x80", 2 },
                { "\xdf\xbf", 2 },
                { "\xe0\xa0\x80", 3 },
                { "\xed\x9f\xbf", 3 },
                { "\xee\x80\x80", 3 },
                { "\xef\xbf\xbf", 3 },
                { "\xf0\x90\x80\x80", 4 },
                { "\xf4\x8f\xbf\xbf", 4 },
                { "12345678\x80", 8 },
                { "a\xc0\x80", 1 },
                { "a\xc1\xbf", 1 },
                { "a\xe0\x9f\xbf", 1 },
                { "a\xed\xa0\x80", 1 },
                { "a\xed\xbf\xbf", 1 },
                { "a\xf0\x8f\xbf\xbf", 1 },
                { "a\xf4\x90\x80\x80", 1 },
                { "a\xf5\x80\x80\x80", 1 },
                { "a\xff", 1 },
                { "a\xc3", 1 },
                { "a\xe2\x82", 1 },
                { "a\xe2\x28\xa1", 1 },
                { "a\xf0\x9f\x98", 1 },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                /* In memory of exactly this size, for the address sanitizer. */
                size_t len = strlen(cases[i].text);
                char *copy = malloc(len + 1);

                assert_non_null(copy);
                memcpy(copy, cases[i].text, len);
                copy[len] = (char)0x80;
                if (utf8_length(copy, len) != cases[i].valid)
                        fail_msg("case %zu: %zu, not %zu", i, utf8_length(copy, len), cases[i].valid);
                free(copy);
        }
        EXPECT_PROBLEM("{\"a\": \"\xe4\"}", 7, "not valid UTF-8");
}

static void depth_is_bounded(void **state)
{
        char text[2 * OCI_MAX_DEPTH + 2];

        (void)state;
        memset(text, '[', OCI_MAX_DEPTH);
        memset(text + OCI_MAX_DEPTH, ']', OCI_MAX_DEPTH);
        text[2 * OCI_MAX_DEPTH] = '\0';
        struct json_problem problem;
        struct trace t = { .len = 0 };
        assert_int_equal(json_parse(text, 2 * OCI_MAX_DEPTH, &events, &t, &problem), 0);
        memset(text, '[', OCI_MAX_DEPTH + 1);
        expect_problem(text, sizeof(text) - 1, OCI_MAX_DEPTH, "nested too deeply");
}

static void size_is_bounded(void **state)
{
        char *text = malloc(OCI_MAX_SIZE + 1);
        struct trace t = { .len = 0 };
        struct json_problem problem;

        (void)state;
        assert_non_null(text);
        memset(text, ' ', OCI_MAX_SIZE + 1);
        text[0] = '5';
        assert_int_equal(json_parse(text, OCI_MAX_SIZE, &events, &t, &problem), 0);
        expect_problem(text, OCI_MAX_SIZE + 1, 0, "larger than 16 MiB");
        free(text);
}

static void positions_count_lines_and_characters(void **state)
{
        static const char text[] = "a\n\xc3\xa4\xf0\x9f\x98\x80z\n\n";
        static const struct {
                size_t offset;
                unsigned line, column;
        } cases[] = {
                { 0, 1, 1 }, { 1, 1, 2 }, { 2, 2, 1 }, { 4, 2, 2 }, { 8, 2, 3 }, { 10, 3, 1 }, { 99, 4, 1 },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                unsigned line, column;

                utf8_position(text, sizeof(text) - 1, cases[i].offset, &line, &column);
                assert_int_equal(line, cases[i].line);
                assert_int_equal(column, cases[i].column);
        }
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static void assert_written(struct json_writer *w, const char *expected)
{
        struct cfs_error err;
        char *text;
        size_t len;

        assert_ok(json_write_take(w, &text, &len, &err));
        assert_string_equal(text, expected);
        assert_int_equal(len, strlen(expected));
        free(text);
}

/* RFC 8259, section 7; invalid UTF-8 as Unicode 15, table 3-7, has it. */
/* RFC 8259, 7: what has to be escaped is found wherever it stands, among eight characters or behind them. */
static void each_character_at_each_place(void **state)
{
        static const char *const names[128] = {
                ['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
                ['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t"
        };
        char code[8], want[64], text[] = "aaaaaaaaaaaaaaaaaaa", *got = NULL;
        struct cfs_error err;

        (void)state;
        for (unsigned c = 1; c < 128; c++)
                for (size_t at = 0; at < sizeof(text) - 1; at++) {
                        struct json_writer *w = json_write_new(0);

                        (void)snprintf(code, sizeof(code), c < ' ' ? "\\u%04X" : "%c", c);
                        (void)snprintf(want, sizeof(want), "[\"%.*s%s%.*s\"]", (int)at, text,
                                       names[c] ? names[c] : code, (int)(sizeof(text) - 2 - at), text);
                        text[at] = (char)c;
                        json_write_array(w);
                        json_write_string(w, text);
                        json_write_array_end(w);
                        text[at] = 'a';
                        assert_ok(json_write_take(w, &got, NULL, &err));
                        assert_string_equal(got, want);
                        free(got);
                }
}

static void strings_are_escaped_and_become_utf8(void **state)
{
        static const struct {
                const char *text, *json;
        } rows[] = {
                { "", "\"\"" },
                { NULL, "null" },
                { "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
                { "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
                { "\x01\x1f\x7f", "\"\\u0001\\u001F\x7f\"" },
                { "\u00e9\u20ac\U0001f600\U0010ffff", "\"\u00e9\u20ac\U0001f600\U0010ffff\"" },
                { "\xff", "\"\ufffd\"" },
                { "a\x80z", "\"a\ufffdz\"" },                           /* a continuation byte alone  */
                { "\xc3", "\"\ufffd\"" },                               /* cut short by the end       */
                { "\xe2\x82z", "\"\ufffd\ufffdz\"" },                   /* cut short by another       */
                { "\xc0\xaf", "\"\ufffd\ufffd\"" },                     /* an overlong slash          */
                { "\xe0\x9f\xbf", "\"\ufffd\ufffd\ufffd\"" },           /* overlong                   */
                { "\xed\xa0\x80", "\"\ufffd\ufffd\ufffd\"" },           /* a surrogate                */
                { "\xf4\x90\x80\x80", "\"\ufffd\ufffd\ufffd\ufffd\"" }, /* above U+10FFFF             */
                { "\xf0\x8f\xbf\xbf", "\"\ufffd\ufffd\ufffd\ufffd\"" }, /* overlong                   */
                { "\xf8\x88\x80\x80\x80", "\"\ufffd\ufffd\ufffd\ufffd\ufffd\"" }, /* five bytes            */
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct json_writer *w = json_write_new(0);

                json_write_string(w, rows[i].text);
                assert_written(w, rows[i].json);
        }
}

static void members_without_a_value_are_left_out(void **state)
{
        struct json_writer *w = json_write_new(0);

        (void)state;
        json_write_object(w);
        json_write_member(w, "a", NULL);
        json_write_member(w, "b", "1");
        json_write_member(w, "c", "");
        json_write_member(w, "d\n", "2");
        json_write_object_end(w);
        assert_written(w, "{\"b\":\"1\",\"d\\n\":\"2\"}");
}

static void write_all_kinds(struct json_writer *w)
{
        json_write_array(w);
        json_write_object(w);
        json_write_object_end(w);
        json_write_array(w);
        json_write_array_end(w);
        json_write_number(w, INT64_MIN);
        json_write_number(w, -1);
        json_write_unsigned(w, UINT64_MAX);
        json_write_unsigned(w, 0);
        json_write_decimal(w, true, 1234, 2);
        json_write_decimal(w, false, 5, 2);
        json_write_raw(w, "{\"x\":true}");
        json_write_object(w);
        json_write_key(w, "k");
        json_write_array(w);
        json_write_string(w, "v");
        json_write_array_end(w);
        json_write_object_end(w);
        json_write_array_end(w);
}

static void all_kinds_on_one_line(void **state)
{
        struct json_writer *w = json_write_new(0);

        (void)state;
        write_all_kinds(w);
        assert_written(
                w,
                "[{},[],-9223372036854775808,-1,18446744073709551615,0,-12.34,0.05,{\"x\":true},{\"k\":[\"v\"]}]");
}

static void all_kinds_indented(void **state)
{
        struct json_writer *w = json_write_new(2);

        (void)state;
        write_all_kinds(w);
        assert_written(
                w,
                "[\n  {},\n  [],\n  -9223372036854775808,\n  -1,\n  18446744073709551615,\n  0,\n  -12.34,\n  0.05,\n"
                "  {\"x\":true},\n  {\n    \"k\": [\n      \"v\"\n    ]\n  }\n]\n");
}

static void entries_on_lines_of_their_own(void **state)
{
        struct json_writer *w = json_write_new(0);

        (void)state;
        json_write_array(w);
        for (int i = 0; i < 3; i++) {
                json_write_line(w);
                json_write_array(w);
                json_write_string(w, ",");
                json_write_number(w, i);
                json_write_array_end(w);
        }
        json_write_array_end(w);
        assert_written(w, "[[\",\",0],\n [\",\",1],\n [\",\",2]]");
}

static void what_is_not_a_document_is_an_error(void **state)
{
        struct json_writer *w = json_write_new(0), *deep = json_write_new(0);
        struct cfs_error err;
        char *text;

        (void)state;
        json_write_object(w);
        json_write_number(w, 1); /* a number where a key belongs */
        json_write_object_end(w);
        assert_fails(json_write_take(w, &text, NULL, &err), EINVAL);
        for (int i = 0; i < 1000; i++)
                json_write_array(deep);
        assert_fails(json_write_take(deep, &text, NULL, &err), EINVAL);
}

static void without_memory_nothing_is_written(void **state)
{
        struct cfs_error err;
        char *text;

        (void)state;
        write_all_kinds(NULL);
        assert_fails(json_write_take(NULL, &text, NULL, &err), ENOMEM);
        assert_int_equal(err.code, CFS_E_NOMEM);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tokens_come_with_the_offset_of_their_first_byte),
                cmocka_unit_test(the_offset_of_a_string_with_escapes_is_its_quote),
                cmocka_unit_test(a_callback_stops_the_parser),
                cmocka_unit_test(what_is_not_json_is_a_problem_with_a_place),
                cmocka_unit_test(surrogates_come_in_pairs),
                cmocka_unit_test(utf8_is_strict),
                cmocka_unit_test(depth_is_bounded),
                cmocka_unit_test(size_is_bounded),
                cmocka_unit_test(positions_count_lines_and_characters),
                cmocka_unit_test(each_character_at_each_place),
                cmocka_unit_test(strings_are_escaped_and_become_utf8),
                cmocka_unit_test(members_without_a_value_are_left_out),
                cmocka_unit_test(all_kinds_on_one_line),
                cmocka_unit_test(all_kinds_indented),
                cmocka_unit_test(entries_on_lines_of_their_own),
                cmocka_unit_test(what_is_not_a_document_is_an_error),
                cmocka_unit_test(without_memory_nothing_is_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
