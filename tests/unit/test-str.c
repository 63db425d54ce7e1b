/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/str.h"

static void a_buffer_grows(void **state)
{
        struct str s = { 0 };
        struct cfs_error err;
        char *text = NULL;

        (void)state;
        for (int i = 0; i < 1000; i++) {
                str_add(&s, "ab");
                str_addf(&s, "%c", 'c');
                str_add_n(&s, "dXX", 1);
                assert_int_equal(s.p[s.len], 0);
        }
        assert_int_equal(s.len, 4000);
        assert_ok(str_take(&s, &text, &err));
        assert_null(s.p);
        assert_int_equal(strlen(text), 4000);
        for (int i = 0; i < 4000; i++)
                assert_int_equal(text[i], "abcd"[i % 4]);
        free(text);
}

static void nothing_added_is_the_empty_string(void **state)
{
        struct str s = { 0 };
        struct cfs_error err;
        char *text = NULL;

        (void)state;
        assert_ok(str_take(&s, &text, &err));
        assert_string_equal(text, "");
        free(text);
}

static void formats_of_every_length(void **state)
{
        struct cfs_error err;
        char *text = NULL, pad[300];

        (void)state;
        memset(pad, 'p', sizeof(pad) - 1);
        pad[sizeof(pad) - 1] = '\0';
        for (int n = 0; n < 299; n++) {
                assert_ok(str_printf(&text, &err, "%.*s|", n, pad));
                assert_int_equal(strlen(text), n + 1);
                assert_int_equal(text[n], '|');
                free(text);
        }
        assert_ok(str_dup(&text, "copy", &err));
        assert_string_equal(text, "copy");
        free(text);
}

static void a_failed_buffer_stays_failed(void **state)
{
        struct str s = { 0 };
        struct cfs_error err;
        char *text = (char *)"untouched";

        (void)state;
        str_add(&s, "x");
        str_add_n(&s, "", SIZE_MAX - 4); /* more than there can be */
        assert_true(s.failed);
        str_add(&s, "y");
        str_addf(&s, "%d", 1);
        assert_int_equal(s.len, 1);
        assert_fails(str_take(&s, &text, &err), ENOMEM);
        assert_string_equal(text, "untouched");
        assert_null(s.p);
}

static void unsigned_numbers_are_strict(void **state)
{
        static const char *const bad[] = { "",
                                           " 1",
                                           "1 ",
                                           "+1",
                                           "-1",
                                           "-0",
                                           "1x",
                                           "0x1",
                                           "1.0",
                                           "1e3",
                                           "\n",
                                           "1\n",
                                           "99999999999999999999x",
                                           "\xd9\xa1" /* an Arabic digit */ };
        uint64_t v = 77;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(str_to_u64(bad[i], &v), -EINVAL);
        assert_int_equal(str_to_u64(NULL, &v), -EINVAL);
        assert_int_equal(str_to_u64("18446744073709551616", &v), -ERANGE);
        assert_int_equal(str_to_u64("99999999999999999999999", &v), -ERANGE);
        assert_int_equal(v, 77);
        assert_int_equal(str_to_u64("18446744073709551615", &v), 0);
        assert_true(v == UINT64_MAX);
        assert_int_equal(str_to_u64("0", &v), 0);
        assert_int_equal(v, 0);
        assert_int_equal(str_to_u64("007", &v), 0);
        assert_int_equal(v, 7);
}

static void signed_numbers_are_strict(void **state)
{
        int64_t v = 77;

        (void)state;
        assert_int_equal(str_to_i64("-9223372036854775808", &v), 0);
        assert_true(v == INT64_MIN);
        assert_int_equal(str_to_i64("9223372036854775807", &v), 0);
        assert_true(v == INT64_MAX);
        assert_int_equal(str_to_i64("-1", &v), 0);
        assert_int_equal(v, -1);
        assert_int_equal(str_to_i64("9223372036854775808", &v), -ERANGE);
        assert_int_equal(str_to_i64("-9223372036854775809", &v), -ERANGE);
        assert_int_equal(str_to_i64("--1", &v), -EINVAL);
        assert_int_equal(str_to_i64("-", &v), -EINVAL);
        assert_int_equal(str_to_i64("", &v), -EINVAL);
        assert_int_equal(str_to_i64(NULL, &v), -EINVAL);
        assert_int_equal(v, -1);
}

static void ids_exclude_minus_one(void **state)
{
        uint32_t id = 5;

        (void)state;
        assert_int_equal(str_to_id("4294967294", &id), 0);
        assert_true(id == 4294967294U);
        assert_int_equal(str_to_id("4294967295", &id), -ERANGE);
        assert_int_equal(str_to_id("4294967296", &id), -ERANGE);
        assert_int_equal(str_to_id("-1", &id), -EINVAL);
        assert_int_equal(str_to_id("", &id), -EINVAL);
        assert_int_equal(str_to_id("1:", &id), -EINVAL);
        assert_true(id == 4294967294U);
}

static void comparisons(void **state)
{
        (void)state;
        assert_true(str_eq(NULL, NULL));
        assert_false(str_eq(NULL, ""));
        assert_false(str_eq("", NULL));
        assert_true(str_eq("a", "a"));
        assert_false(str_eq("a", "ab"));
        assert_true(str_has_prefix("abc", "ab"));
        assert_true(str_has_prefix("abc", ""));
        assert_false(str_has_prefix("a", "ab"));
        assert_true(str_empty(NULL) && str_empty("") && !str_empty(" "));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_buffer_grows),
                cmocka_unit_test(nothing_added_is_the_empty_string),
                cmocka_unit_test(formats_of_every_length),
                cmocka_unit_test(a_failed_buffer_stays_failed),
                cmocka_unit_test(unsigned_numbers_are_strict),
                cmocka_unit_test(signed_numbers_are_strict),
                cmocka_unit_test(ids_exclude_minus_one),
                cmocka_unit_test(comparisons),
        };

        return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
