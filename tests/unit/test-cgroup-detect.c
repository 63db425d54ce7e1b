/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "libcfs/cgroup/hierarchy/detect.h"

static void parse(const char *mountinfo, const char *own, struct detect_host *host)
{
        _cleanup_free_ char *m = strdup(mountinfo), *o = strdup(own);
        struct mountinfo mounts;
        struct cfs_error err;

        mountinfo_use(&mounts, m);
        *host = (struct detect_host){ 0 };
        assert_ok(detect_parse_mounts(&mounts, host, &err));
        assert_ok(detect_parse_own(o, host, &err));
}

static const struct detect_mount *find(const struct detect_host *host, const char *name)
{
        for (size_t i = 0; i < host->n; i++) {
                if (STREQ(host->mount[i].name, name))
                        return &host->mount[i];
        }
        fail_msg("no hierarchy `%s`", name);
        return NULL;
}

static void a_hybrid_machine(void **state)
{
        struct detect_host host;

        (void)state;
        parse("25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
              "31 25 0:27 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro,size=4096k,mode=755\n"
              "32 31 0:28 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw,nsdelegate\n"
              "33 31 0:29 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,xattr,name=systemd\n"
              "36 31 0:32 / /sys/fs/cgroup/cpu,cpuacct rw shared:15 master:3 - cgroup cgroup rw,cpu,cpuacct\n"
              "37 31 0:33 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset,clone_children,release_agent=/x\n",
              "5:cpuset:/\n4:cpu,cpuacct:/user.slice\n1:name=systemd:/user.slice/session-1.scope\n0::/user.slice/session-1.scope\n",
              &host);
        assert_int_equal(host.mode, CGROUP_MODE_HYBRID);
        assert_int_equal(host.n, 4);
        assert_true(find(&host, "")->v2);
        assert_string_equal(find(&host, "")->point, "/sys/fs/cgroup/unified");
        assert_string_equal(find(&host, "")->own, "/user.slice/session-1.scope");
        assert_string_equal(find(&host, "cpu,cpuacct")->own, "/user.slice");
        assert_string_equal(find(&host, "name=systemd")->point, "/sys/fs/cgroup/systemd");
        assert_string_equal(find(&host, "cpuset")->own, "/");
        detect_free(&host);
}

static void a_mount_that_is_covered_is_no_mount(void **state)
{
        struct detect_host host;

        (void)state;
        parse("31 25 0:27 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro\n"
              "32 31 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
              "36 31 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
              "40 32 0:50 / /sys/fs/cgroup/unified rw - tmpfs none rw,mode=755\n",
              "1:cpu:/a\n0::/\n", &host);
        assert_int_equal(host.mode, CGROUP_MODE_V1);
        assert_int_equal(host.n, 1);
        assert_string_equal(find(&host, "cpu")->own, "/a");
        detect_free(&host);
}

static void a_mount_on_the_whole_directory_covers_all(void **state)
{
        struct detect_host host;

        (void)state;
        parse("31 25 0:27 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro\n"
              "32 31 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
              "36 31 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
              "40 31 0:50 / /sys/fs/cgroup rw - tmpfs none rw,mode=755\n"
              "41 40 0:32 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n",
              "1:cpu:/a\n0::/\n", &host);
        assert_int_equal(host.n, 1);
        assert_string_equal(host.mount[0].name, "pids");
        detect_free(&host);
}

static void modes(void **state)
{
        struct detect_host host;

        (void)state;
        parse("1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n", &host);
        assert_int_equal(host.mode, CGROUP_MODE_V2);
        detect_free(&host);
        parse("1 0 0:1 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n", "2:pids:/\n0::/x\n", &host);
        assert_int_equal(host.mode, CGROUP_MODE_V1);
        detect_free(&host);
        parse("1 0 0:1 / / rw - ext4 /dev/vda rw\n", "", &host);
        assert_int_equal(host.mode, CGROUP_MODE_ABSENT);
        detect_free(&host);
}

/* In a container without a cgroup namespace the mount shows a part of the tree, and /proc/self/cgroup the
 * whole path. */
static void a_mount_of_a_part_of_the_tree(void **state)
{
        struct detect_host host;

        (void)state;
        parse("9 1 0:1 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
              "9 1 0:2 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n"
              "9 1 0:3 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
              "3:pids:/docker/abc/inner\n2:cpu:/docker/abcdef\n1:memory:/../outside\n", &host);
        assert_string_equal(find(&host, "pids")->own, "/inner");
        assert_string_equal(find(&host, "cpu")->own, "/");
        assert_string_equal(find(&host, "memory")->own, "/");
        detect_free(&host);
}

static void the_usual_place_wins_and_names_are_unescaped(void **state)
{
        struct detect_host host;

        (void)state;
        parse("9 1 0:1 / /var/lib/x\\040y/cgroup rw - cgroup cgroup rw,pids\n"
              "9 1 0:1 /a\\134b /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
              "9 1 0:1 / /mnt/pids rw - cgroup cgroup rw,pids\n"
              "9 1 0:2 / /tmp/c\\011d rw - cgroup cgroup rw,cpu\n"
              "9 1 0:3 / /tmp/\\134040 rw - cgroup cgroup rw,freezer\n",
              "", &host);
        assert_int_equal(host.n, 3);
        assert_string_equal(find(&host, "pids")->point, "/sys/fs/cgroup/pids");
        assert_string_equal(find(&host, "pids")->root, "/a\\b");
        assert_string_equal(find(&host, "cpu")->point, "/tmp/c\td");
        /* What was written \\134 is a backslash of the name, and begins nothing. */
        assert_string_equal(find(&host, "freezer")->point, "/tmp/\\040");
        detect_free(&host);
}

static void odd_lines_are_skipped(void **state)
{
        struct detect_host host;

        (void)state;
        parse("\n - cgroup\nx - cgroup cgroup rw\n1 2 3 - cgroup cgroup rw,pids\n1 2 3 / /m - cgroupx cgroup rw\n"
              "1 2 0:9 / /m\\0400 rw - cgroup cgroup\n",
              "\n:\nx:\n1:pids\n", &host);
        assert_int_equal(host.n, 0);
        detect_free(&host);
}

static void words_of_lists(void **state)
{
        (void)state;
        assert_true(detect_has("cpu,cpuacct", "cpu"));
        assert_true(detect_has("cpu,cpuacct", "cpuacct"));
        assert_false(detect_has("cpuset", "cpu"));
        assert_false(detect_has("cpu,cpuacct", "cpua"));
        assert_false(detect_has("", "cpu"));
        assert_false(detect_has("cpu", ""));
        assert_true(detect_lists("cpu io memory", "io"));
        assert_false(detect_lists("cpu io memory", "mem"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_hybrid_machine),
                cmocka_unit_test(a_mount_that_is_covered_is_no_mount),
                cmocka_unit_test(a_mount_on_the_whole_directory_covers_all),
                cmocka_unit_test(modes),
                cmocka_unit_test(a_mount_of_a_part_of_the_tree),
                cmocka_unit_test(the_usual_place_wins_and_names_are_unescaped),
                cmocka_unit_test(odd_lines_are_skipped),
                cmocka_unit_test(words_of_lists),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
