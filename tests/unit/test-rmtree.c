/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/rmtree.h: what is in a directory goes, however deep, and nothing outside of it does. */
#include "base/rmtree.h"
#include "test.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];

static int set_up(void **state)
{
        (void)state;
        (void)snprintf(top, sizeof(top), "/tmp/test-rmtree.XXXXXX");
        return mkdtemp(top) ? 0 : -1;
}

static int tear_down(void **state)
{
        (void)state;
        return rmdir(top);
}

static int open_top(void)
{
        int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void make_file(int dir, const char *name)
{
        int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        (void)close(fd);
}

static bool is_empty(void)
{
        return rmdir(top) == 0 && mkdir(top, 0700) == 0;
}

static void files_and_directories(void **state)
{
        int fd = open_top();

        (void)state;
        make_file(fd, "file");
        assert_int_equal(mkdirat(fd, "empty", 0700), 0);
        assert_int_equal(mkdirat(fd, "dir", 0700), 0);
        make_file(fd, "dir/file");
        assert_int_equal(mkdirat(fd, "dir/below", 0700), 0);
        make_file(fd, "dir/below/file");
        make_file(fd, "dir/.removed-0");
        assert_int_equal(mknodat(fd, "dir/fifo", S_IFIFO | 0600, 0), 0);
        assert_int_equal(rmtree_contents(fd), 0);
        assert_true(is_empty());
        (void)close(fd);
}

/* 300 levels, with a file in each, and few descriptors; names of ours are taken at the top. */
static void deep_trees(void **state)
{
        struct rlimit old, few = { 32, 32 };
        int fd = open_top(), at = dup(fd);

        (void)state;
        make_file(fd, ".removed-0");
        assert_int_equal(mkdirat(fd, ".removed-1", 0700), 0);
        make_file(fd, ".removed-1/file");
        for (int i = 0; i < 300; i++) {
                int next;

                assert_int_equal(mkdirat(at, "d", 0700), 0);
                make_file(at, "file");
                next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                (void)close(at);
                at = next;
        }
        (void)close(at);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        few.rlim_max = old.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        assert_int_equal(rmtree_contents(fd), 0);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_true(is_empty());
        (void)close(fd);
}

static void links_lead_nowhere(void **state)
{
        char outside[] = "/tmp/test-rmtree-outside.XXXXXX", path[128];
        int fd = open_top();

        (void)state;
        assert_non_null(mkdtemp(outside));
        (void)snprintf(path, sizeof(path), "%s/file", outside);
        make_file(AT_FDCWD, path);
        assert_int_equal(mkdirat(fd, "dir", 0700), 0);
        assert_int_equal(symlinkat(outside, fd, "link"), 0);
        assert_int_equal(symlinkat(outside, fd, "dir/link"), 0);
        assert_int_equal(rmtree_contents(fd), 0);
        assert_int_equal(access(path, F_OK), 0);
        assert_true(is_empty());
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(outside), 0);
        (void)close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(files_and_directories, set_up, tear_down),
                cmocka_unit_test_setup_teardown(deep_trees, set_up, tear_down),
                cmocka_unit_test_setup_teardown(links_lead_nowhere, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
