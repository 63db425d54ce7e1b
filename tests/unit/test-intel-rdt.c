/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.intelRdt as far as it does without the hardware: what is written, and when an existing class agrees. */
#include "libcfs/steps/intel_rdt.c"
#include "ctx.h"

static void combined(const char *l3, const char *mb, const char *expect)
{
        char *l3_copy = l3 ? strdup(l3) : NULL, *mb_copy = mb ? strdup(mb) : NULL, *text = NULL;
        struct oci_intel_rdt o = { .l3_cache_schema = l3_copy, .mem_bw_schema = mb_copy };
        struct cfs_error err;

        assert_ok(combine(&o, &text, &err));
        assert_string_equal(text, expect);
        free(text);
        free(l3_copy);
        free(mb_copy);
}

static void schemata_are_combined(void **state)
{
        (void)state;
        combined(NULL, NULL, "");
        combined("L3:0=ff", NULL, "L3:0=ff\n");
        combined(NULL, "MB:0=20", "MB:0=20\n");
        combined("L3:0=ff", "MB:0=20", "L3:0=ff\nMB:0=20\n");
        /* Its own MB: line counts only when memBwSchema is not set. */
        combined("L3:0=ff\nMB:0=50", "MB:0=20", "L3:0=ff\nMB:0=20\n");
        combined("MB:0=50\nL3:0=ff", NULL, "MB:0=50\nL3:0=ff\n");
        combined("L3DATA:0=f\nL3CODE:0=1", "MB:0=20", "L3DATA:0=f\nL3CODE:0=1\nMB:0=20\n");
}

static void an_existing_class_agrees_or_not(void **state)
{
        static const char file[] = "    MB:0=  20;1= 100\n    L3:0=0ff;1=00f\n";

        (void)state;
        assert_true(agrees("L3:0=ff;1=f\n", file));
        assert_true(agrees("L3:0=FF\n", file));
        assert_true(agrees("L3:1=0f;0=ff\nMB:0=20\n", file));
        assert_true(agrees("MB:1=100\n", file));
        assert_true(agrees("", file));
        assert_false(agrees("L3:0=f\n", file));
        assert_false(agrees("L3:0=f0\n", file));
        assert_false(agrees("L3:2=ff\n", file));
        assert_false(agrees("L2:0=ff\n", file));
        assert_false(agrees("MB:0=20;1=10\n", file));
        assert_false(agrees("L3:0=ff\nMB:0=2\n", file));
        assert_true(agrees("L3:0=0\n", "L3:0=000\n"));
}

static void the_mount_is_found(void **state)
{
        static const char info[] = "22 1 0:21 / /proc rw - proc proc rw\n"
                                   "23 1 0:99 / /sys/fs/bpf rw shared:5 - bpf resctrl rw\n"
                                   "30 22 0:30 / /mnt/rdt rw,nosuid shared:9 master:2 - resctrl resctrl rw\n";
        struct cfs_error err;
        char *path = NULL;

        (void)state;
        assert_ok(find_mount(info, &path, &err));
        assert_string_equal(path, "/mnt/rdt");
        free(path);
        path = NULL;
        assert_int_equal(find_mount("22 1 0:21 / /proc rw - proc proc rw\n", &path, &err), 1);
        assert_int_equal(find_mount("", &path, &err), 1);
        assert_null(path);
}

static void without_resctrl_it_is_an_error(void **state)
{
        struct cfs_error err = { 0 };
        char *path = NULL;
        struct ctx c;

        (void)state;
        if (access("/sys/fs/resctrl/schemata", F_OK) == 0)
                TEST_SKIP("this machine has resctrl");
        test_ctx(&c, WALK_CREATE, "");
        assert_fails(find_resctrl(&c, &path, &err), EOPNOTSUPP);
        assert_contains(err.text, "no resctrl file system is mounted");
        ctx_done(&c);
}

/* A directory that looks like resctrl, for who makes what. */
static void groups_are_made(void **state)
{
        struct oci_record record = { 0 };
        struct oci_record_intel_rdt recorded = { 0 };
        struct state st = { .record = &record, .dir_fd = -1 };
        char *root = test_mkdir(), *dir = NULL, *mon = NULL, *path = NULL;
        struct cfs_error err;
        struct ctx c;

        (void)state;
        test_ctx(&c, WALK_CREATE, TEST_LINUX("\"intelRdt\":{\"closID\":\"gold\",\"enableMonitoring\":true}"));
        record.intel_rdt = &recorded;
        c.state = &st;
        assert_ok(directories(&c, root, &dir, &mon, &err));
        assert_true(asprintf(&path, "%s/gold", root) > 0);
        assert_string_equal(dir, path);
        free(path);
        assert_true(asprintf(&path, "%s/gold/mon_groups/test", root) > 0);
        assert_string_equal(mon, path);
        free(path);

        /* Without a schema the class must exist. */
        assert_fails(group_prepare(&c, root, dir, &err), EINVAL);
        assert_string_equal(err.property, "linux.intelRdt.closID");
        assert_int_equal(mkdir(dir, 0755), 0);
        assert_true(asprintf(&path, "%s/schemata", dir) > 0);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        assert_int_equal(write(fd, "L3:0=ff\n", 8), 8);
        assert_int_equal(close(fd), 0);
        assert_ok(group_prepare(&c, root, dir, &err));
        assert_null(recorded.path);

        /* With one it must agree. */
        c.linux_->intel_rdt->l3_cache_schema = oci_arena_strdup(c.arena, "L3:0=ff");
        assert_ok(group_prepare(&c, root, dir, &err));
        c.linux_->intel_rdt->l3_cache_schema = oci_arena_strdup(c.arena, "L3:0=f");
        assert_fails(group_prepare(&c, root, dir, &err), EINVAL);
        assert_contains(err.text, "exists, with other schemata");
        c.state = NULL;
        ctx_done(&c);
        free(path);
        free(dir);
        free(mon);
        test_rmdir(root);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(schemata_are_combined), cmocka_unit_test(an_existing_class_agrees_or_not),
                cmocka_unit_test(the_mount_is_found),    cmocka_unit_test(without_resctrl_it_is_an_error),
                cmocka_unit_test(groups_are_made),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
