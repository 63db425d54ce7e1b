/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts below the decoder: integers, patterns, paths, misspellings, memory. */
#include "test.h"
#include "base/nearest.h"
#include "oci_internal.h"

#define NOT_WHOLE 1
#define TOO_LARGE 2

static void expect_integer(const char *s, int result, bool negative, uint64_t magnitude)
{
        bool n = !negative;
        uint64_t m = ~magnitude;
        int r = value_integer_parse(s, strlen(s), &n, &m);

        if (r != result)
                fail_msg("%s: %d, not %d", s, r, result);
        if (r == 0 && (n != negative || m != magnitude))
                fail_msg("%s is %s%llu", s, n ? "-" : "", (unsigned long long)m);
}

static void integers_are_exact(void **state)
{
        (void)state;
        expect_integer("0", 0, false, 0);
        expect_integer("-0", 0, false, 0);
        expect_integer("-0.0e5", 0, false, 0);
        expect_integer("7", 0, false, 7);
        expect_integer("-9223372036854775808", 0, true, UINT64_C(1) << 63);
        expect_integer("9007199254740993", 0, false, 9007199254740993);
        expect_integer("18446744073709551615", 0, false, UINT64_MAX);
        expect_integer("18446744073709551616", TOO_LARGE, false, 0);
        expect_integer("99999999999999999999999999999999999999999999", TOO_LARGE, false, 0);
}

static void integers_may_be_written_with_fraction_and_exponent(void **state)
{
        (void)state;
        expect_integer("5.0", 0, false, 5);
        expect_integer("5.00000000000000000000000000000000000000000000", 0, false, 5);
        expect_integer("1e3", 0, false, 1000);
        expect_integer("1E+3", 0, false, 1000);
        expect_integer("1200e-2", 0, false, 12);
        expect_integer("0.5e1", 0, false, 5);
        expect_integer("-1.5e1", 0, true, 15);
        expect_integer("0e999999999999999999999", 0, false, 0);
        expect_integer("1.8446744073709551615e19", 0, false, UINT64_MAX);
        expect_integer("1.8446744073709551616e19", TOO_LARGE, false, 0);
        expect_integer("1e20", TOO_LARGE, false, 0);
        expect_integer("1e999999999999999999999", TOO_LARGE, false, 0);
        expect_integer("1.5", NOT_WHOLE, false, 0);
        expect_integer("1e-1", NOT_WHOLE, false, 0);
        expect_integer("1e-999999999999999999999", NOT_WHOLE, false, 0);
        expect_integer("0.00000000000000000000000000000000000000000001", NOT_WHOLE, false, 0);
}

static void integers_survive_in_every_width(void **state)
{
        static const struct {
                uint8_t width;
                bool is_signed, negative;
                uint64_t magnitude;
        } cases[] = {
                { 2, false, false, 65535 },      { 4, false, false, 4294967295 },
                { 4, true, true, 2147483648 },   { 4, true, false, 2147483647 },
                { 8, true, true, 1ULL << 63 },   { 8, true, false, INT64_MAX },
                { 8, false, false, UINT64_MAX }, { 8, true, true, 1 },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct oci_property p = { .width = cases[i].width, .is_signed = cases[i].is_signed };
                unsigned char memory[9];
                uint64_t magnitude;
                bool negative;

                memset(memory, 0xa5, sizeof(memory));
                value_integer_store(&p, memory, cases[i].negative, cases[i].magnitude);
                assert_int_equal(memory[p.width], 0xa5);
                value_integer_load(&p, memory, &negative, &magnitude);
                assert_int_equal(negative, cases[i].negative);
                assert_int_equal(magnitude, cases[i].magnitude);
        }
}

static void ranges_include_their_ends(void **state)
{
        struct oci_property p = { .minimum = -3, .maximum = 5 };

        (void)state;
        assert_true(value_integer_fits(&p, true, 3));
        assert_false(value_integer_fits(&p, true, 4));
        assert_true(value_integer_fits(&p, false, 0));
        assert_true(value_integer_fits(&p, false, 5));
        assert_false(value_integer_fits(&p, false, 6));
        p = (struct oci_property){ .minimum = INT64_MIN, .maximum = INT64_MAX };
        assert_true(value_integer_fits(&p, true, 1ULL << 63));
        assert_false(value_integer_fits(&p, true, (1ULL << 63) + 1));
        p = (struct oci_property){ .minimum = 1, .maximum = UINT64_MAX };
        assert_false(value_integer_fits(&p, false, 0));
        assert_false(value_integer_fits(&p, true, 1));
        assert_true(value_integer_fits(&p, false, UINT64_MAX));
}

static void patterns(void **state)
{
        static const struct {
                const char *pattern, *s;
                bool matches;
        } cases[] = {
                { "^/", "/", true },
                { "^/", "/a", true },
                { "^/", "a/", false },
                { "^/", "", false },
                { "^$|^/", "", true },
                { "^$|^/", "/x", true },
                { "^$|^/", "x", false },
                { "^[rwm]*$", "", true },
                { "^[rwm]*$", "rwm", true },
                { "^[rwm]*$", "rwx", false },
                { "^[0-9, -]*$", "0-3, 7", true },
                { "^[0-9, -]*$", "0;3", false },
                { "^[1-9][0-9]*[KMGTPE]?B$", "2MB", true },
                { "^[1-9][0-9]*[KMGTPE]?B$", "64B", true },
                { "^[1-9][0-9]*[KMGTPE]?B$", "0MB", false },
                { "^[1-9][0-9]*[KMGTPE]?B$", "2M", false },
                { "^[1-9][0-9]*[KMGTPE]?B$", "2MBx", false },
                { "^a+$", "aaa", true },
                { "^a+$", "", false },
                { "^a*ab$", "aaab", true },
                { "b.d", "abcde", true },
                { "b.d$", "abcde", false },
                { "x|c", "abc", true },
                { "^x$|^abc$", "abc", true },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (pattern_matches(cases[i].pattern, cases[i].s, strlen(cases[i].s)) != cases[i].matches)
                        fail_msg("`%s` and `%s`", cases[i].pattern, cases[i].s);
}

static void paths_are_dotted(void **state)
{
        char buf[64];
        struct docpath p;

        (void)state;
        docpath_init(&p, buf, sizeof(buf));
        docpath_key(&p, "mounts", 6);
        docpath_index(&p, 3);
        docpath_key(&p, "a/b~c\"", 6);
        docpath_key(&p, "x", 1);
        assert_string_equal(buf, "mounts[3][\"a/b~c\\\"\"].x");
        docpath_cut(&p, 6);
        assert_string_equal(buf, "mounts");
}

static void a_path_that_is_too_long_is_cut_between_characters(void **state)
{
        char buf[10];
        struct docpath p;

        (void)state;
        docpath_init(&p, buf, sizeof(buf));
        docpath_key(&p, "abc\xc3\xa4\xc3\xb6", 7);
        assert_string_equal(buf, "[\"abc\xc3\xa4\xc3\xb6");
        docpath_init(&p, buf, sizeof(buf));
        docpath_key(&p, "abcdef\xc3\xa4\xc3\xb6z", 11);
        assert_string_equal(buf, "[\"abcdef");
        docpath_key(&p, "z", 1);
        assert_string_equal(buf, "[\"abcdef");
        docpath_cut(&p, 2);
        docpath_key(&p, "z", 1);
        assert_string_equal(buf, "[\".z");
}

static void an_excerpt_is_the_line_with_the_place_in_it(void **state)
{
        static const char text[] = "{\n\t  \"\xc3\xa4\": 1,\n}\n";
        char buf[100], line[300], few[8];

        (void)state;
        /* Columns count characters, from 1: the comma is the tenth. */
        assert_int_equal(oci_excerpt(text, sizeof(text) - 1, 2, 10, buf, sizeof(buf)), 6);
        assert_string_equal(buf, "\"\xc3\xa4\": 1,");
        assert_int_equal(oci_excerpt(text, sizeof(text) - 1, 3, 1, buf, sizeof(buf)), 0);
        assert_string_equal(buf, "}");
        assert_int_equal(oci_excerpt(text, sizeof(text) - 1, 9, 1, buf, sizeof(buf)), 0);
        assert_string_equal(buf, "");
        memset(line, 'x', sizeof(line));
        line[200] = '!';
        assert_int_equal(oci_excerpt(line, sizeof(line), 1, 201, buf, sizeof(buf)), 40);
        assert_int_equal(buf[40], '!');
        assert_int_equal(oci_excerpt("\"\xc3\xa4\xc3\xa4\xc3\xa4\"", 8, 1, 1, few, sizeof(few)), 0);
        assert_string_equal(few, "\"\xc3\xa4\xc3\xa4\xc3\xa4");
        (void)oci_excerpt("\x1b[31m", 5, 1, 1, buf, sizeof(buf));
        assert_string_equal(buf, " [31m");
}

static void the_nearest_name(void **state)
{
        static const char *const names[] = { "mount",       "network",     "maskedPaths", "readonlyPaths",
                                             "uidMappings", "gidMappings", NULL };

        (void)state;
        assert_string_equal(nearest_of("maskedpaths", names), "maskedPaths");
        assert_string_equal(nearest_of("maskedPath", names), "maskedPaths");
        assert_string_equal(nearest_of("net", names), "network");
        assert_string_equal(nearest_of("mounts", names), "mount");
        assert_string_equal(nearest_of("guidMappings", names), "uidMappings");
        assert_null(nearest_of("seccomp", names));
        assert_null(nearest_of("", names));
        assert_null(nearest_of("a name that is far longer than any name of a property could ever be", names));
}

static void quoting_shortens_and_keeps_the_line(void **state)
{
        char buf[256], expect[256];
        char longer[200];

        (void)state;
        assert_string_equal(value_quoted("the string ", "\"", "a\"b\nc", 5, buf, sizeof(buf)),
                            "the string \"a\\\"b\\u000ac\"");
        memset(longer, 'x', sizeof(longer));
        /* An umlaut across the place of the cut. */
        memcpy(longer + 59, "\xc3\xa4", 2);
        value_quoted("", "'", longer, sizeof(longer), buf, sizeof(buf));
        (void)snprintf(expect, sizeof(expect), "'%.59s...'", longer);
        assert_string_equal(buf, expect);
        /* Control characters take six bytes each, and never more than there is room for. */
        memset(longer, 1, sizeof(longer));
        value_quoted("", "'", longer, sizeof(longer), buf, 64);
        assert_true(strlen(buf) < 64);
}

static void arena_memory_is_zeroed_aligned_and_separate(void **state)
{
        struct oci_arena *arena = oci_arena_new();
        char *strings[500];
        struct {
                uint64_t a, b, c;
        } * objects[500];

        (void)state;
        assert_non_null(arena);
        for (unsigned i = 0; i < 500; i++) {
                char text[32];

                (void)snprintf(text, sizeof(text), "string %u", i);
                strings[i] = oci_arena_strdup(arena, text);
                objects[i] = oci_arena_alloc(arena, sizeof(*objects[i]));
                assert_non_null(strings[i]);
                assert_int_equal((uintptr_t)objects[i] % 16, 0);
                assert_int_equal(objects[i]->a | objects[i]->b | objects[i]->c, 0);
                memset(objects[i], 0xff, sizeof(*objects[i]));
        }
        for (unsigned i = 0; i < 500; i++) {
                char text[32];

                (void)snprintf(text, sizeof(text), "string %u", i);
                assert_string_equal(strings[i], text);
                assert_true(objects[i]->b == UINT64_MAX);
        }
        char *large = oci_arena_alloc(arena, 1 << 20);
        assert_non_null(large);
        memset(large, 1, 1 << 20);
        assert_non_null(oci_arena_alloc(arena, 0));
        assert_string_equal(oci_arena_strndup(arena, "abc", 2), "ab");
        assert_null(oci_arena_strdup(arena, NULL));
        assert_null(oci_arena_alloc(arena, SIZE_MAX));
        assert_null(oci_arena_alloc(arena, SIZE_MAX - 64));
        assert_null(oci_arena_strndup(arena, "", SIZE_MAX));
        oci_arena_free(arena);
        oci_arena_free(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(integers_are_exact),
                cmocka_unit_test(integers_may_be_written_with_fraction_and_exponent),
                cmocka_unit_test(integers_survive_in_every_width),
                cmocka_unit_test(ranges_include_their_ends),
                cmocka_unit_test(patterns),
                cmocka_unit_test(paths_are_dotted),
                cmocka_unit_test(an_excerpt_is_the_line_with_the_place_in_it),
                cmocka_unit_test(a_path_that_is_too_long_is_cut_between_characters),
                cmocka_unit_test(the_nearest_name),
                cmocka_unit_test(quoting_shortens_and_keeps_the_line),
                cmocka_unit_test(arena_memory_is_zeroed_aligned_and_separate),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
