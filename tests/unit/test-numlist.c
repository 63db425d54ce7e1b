/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/numlist.h"

/* The members of a list, as "0 1 2", counted up to 20000. */
static void expect(const char *text, const char *members)
{
        struct numlist l = { 0 };
        struct cfs_error err;
        char got[256] = "";

        assert_ok(numlist_parse(text, &l, &err));
        for (unsigned i = 0; i <= 20000; i++)
                if (numlist_has(&l, i)) {
                        size_t n = strlen(got);

                        (void)snprintf(got + n, sizeof(got) - n, "%s%u", n ? " " : "", i);
                }
        assert_string_equal(got, members);
        assert_int_equal(numlist_empty(&l), *members == '\0');
        numlist_free(&l);
        assert_null(l.words);
}

static void lists(void **state)
{
        (void)state;
        expect("0", "0");
        expect("0-3,7", "0 1 2 3 7");
        expect("7,0-3", "0 1 2 3 7");
        expect(" 1 - 2 ,\t4 ", "1 2 4");
        expect("63-65", "63 64 65");
        expect("1,1-2,2", "1 2");
        expect("1024,8191", "1024 8191");
        expect("", "");
        expect(",", "");
        expect("5,,6,", "5 6");
}

static void no_lists(void **state)
{
        static const char *const wrong[] = { "a",   "1-",  "-1",  "3-1", "1-2-3", "1 2",
                                             "0x1", "1;2", "1-a", "--",  "+1" };
        struct numlist l = { 0 };
        struct cfs_error err;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                assert_fails(numlist_parse(wrong[i], &l, &err), EINVAL);
                assert_null(l.words);
                assert_contains(err.text, wrong[i]);
        }
        assert_ok(numlist_parse("65535", &l, &err));
        numlist_free(&l);
        assert_true(numlist_parse("65536", &l, &err) < 0);
        err = (struct cfs_error){ 0 };
        assert_true(numlist_parse("99999999999999999999999", &l, &err) < 0);
        assert_contains(err.text, "above 65535");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lists),
                cmocka_unit_test(no_lists),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
