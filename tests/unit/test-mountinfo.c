/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/PID/mountinfo, as proc(5) describes them, and the deadlines of base/clock.h. */
#include "test.h"
#include "base/clock.h"
#include "base/mountinfo.h"

static void the_fields_of_a_line(void **state)
{
        char text[] =
                "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue\n";
        struct mountinfo m;

        (void)state;
        mountinfo_use(&m, text);
        assert_true(mountinfo_next(&m));
        assert_int_equal(m.id, 36);
        assert_int_equal(m.parent, 35);
        assert_string_equal(m.root, "/mnt1");
        assert_string_equal(m.point, "/mnt2");
        assert_string_equal(m.options, "rw,noatime");
        assert_string_equal(m.tags, "master:1 shared:7");
        assert_string_equal(m.type, "ext3");
        assert_string_equal(m.source, "/dev/root");
        assert_string_equal(m.super, "rw,errors=continue");
        assert_false(mountinfo_next(&m));
}

static void tags_may_be_missing(void **state)
{
        char text[] = "22 1 0:21 / /proc rw - proc proc rw";
        struct mountinfo m;

        (void)state;
        mountinfo_use(&m, text);
        assert_true(mountinfo_next(&m));
        assert_string_equal(m.tags, "");
        assert_string_equal(m.type, "proc");
        assert_false(mountinfo_next(&m));
}

/* The source may be the empty string: two blanks then. A name may hold " - ", which the kernel writes in
 * octal. */
static void names_with_blanks(void **state)
{
        char text[] = "1 0 0:1 / /a\\040-\\040b\\134c\\011d rw - tmpfs  rw\n"
                      "2 0 0:1 /x\\012y / rw - overlay my\\040source rw,lowerdir=/a\\040b\n";
        struct mountinfo m;

        (void)state;
        mountinfo_use(&m, text);
        assert_true(mountinfo_next(&m));
        assert_string_equal(m.point, "/a - b\\c\td");
        assert_string_equal(m.source, "");
        assert_true(mountinfo_next(&m));
        assert_string_equal(m.root, "/x\ny");
        assert_string_equal(m.source, "my source");
        assert_false(mountinfo_next(&m));
}

static void a_line_of_another_form_is_left_out(void **state)
{
        char text[] =
                "\nnot a mount\n1 2 3 4 5 6 7 8 9\n1 0 0:1 / /here rw - tmpfs t rw\n1 0 0:1 / /cut rw - tmpfs t\n";
        struct mountinfo m;

        (void)state;
        mountinfo_use(&m, text);
        assert_true(mountinfo_next(&m));
        assert_string_equal(m.point, "/here");
        assert_false(mountinfo_next(&m));
}

static void our_own_mounts(void **state)
{
        _cleanup_mountinfo_ struct mountinfo m = { 0 }, none = { 0 };
        struct cfs_error err;
        bool root = false, proc = false;

        (void)state;
        assert_ok(mountinfo_read(&m, AT_FDCWD, "/proc/self/mountinfo", &err));
        while (mountinfo_next(&m)) {
                root |= STREQ(m.point, "/");
                proc |= STREQ(m.point, "/proc") && STREQ(m.type, "proc");
        }
        assert_true(root);
        assert_true(proc);
        assert_fails(mountinfo_read(&none, AT_FDCWD, "/proc/self/no-such-file", &err), ENOENT);
}

static void deadlines_pass(void **state)
{
        int64_t before = clock_now_ms();

        (void)state;
        clock_sleep_us(3000);
        assert_true(clock_now_ms() - before >= 2);
        assert_int_equal(clock_left_ms(before), 0);
        assert_in_range(clock_left_ms(before + 1000000), 1, 1000000);
        assert_int_equal(clock_left_ms(INT64_MAX), 0x7fffffff);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_fields_of_a_line), cmocka_unit_test(tags_may_be_missing),
                cmocka_unit_test(names_with_blanks),    cmocka_unit_test(a_line_of_another_form_is_left_out),
                cmocka_unit_test(our_own_mounts),       cmocka_unit_test(deadlines_pass),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
