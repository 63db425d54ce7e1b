/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/dir.h: all entries of a directory, its end, and errors that are not taken for the end. */
#include "base/cleanup.h"
#include "base/dir.h"
#include "test.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 300 /* more than one getdents64(2) has room for */

static char top[64];

static int set_up(void **state)
{
        (void)state;
        (void)snprintf(top, sizeof(top), "/tmp/test-dir.XXXXXX");
        return mkdtemp(top) ? 0 : -1;
}

static int tear_down(void **state)
{
        (void)state;
        return rmdir(top) < 0 && errno != ENOENT ? -1 : 0;
}

static void path_of(char path[128], unsigned n)
{
        (void)snprintf(path, 128, "%s/file-%u", top, n);
}

static void every_entry_once(void **state)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        bool seen[FILES] = { 0 };
        char path[128];
        unsigned n, found = 0;
        int r;

        (void)state;
        for (n = 0; n < FILES; n++) {
                path_of(path, n);
                assert_int_equal(mkdir(path, 0700), 0);
        }
        assert_int_equal(dir_open(&d, AT_FDCWD, top), 0);
        while ((r = dir_next(&d)) > 0) {
                assert_int_equal(sscanf(d.name, "file-%u", &n), 1);
                assert_true(n < FILES && !seen[n]);
                assert_true(d.type == DT_DIR || d.type == DT_UNKNOWN);
                seen[n] = true;
                found++;
        }
        assert_int_equal(r, 0);
        assert_int_equal(found, FILES);
        assert_int_equal(dir_next(&d), 0);
        for (n = 0; n < FILES; n++) {
                path_of(path, n);
                assert_int_equal(rmdir(path), 0);
        }
}

static void removed_meanwhile(void **state)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;

        (void)state;
        assert_int_equal(dir_open(&d, AT_FDCWD, top), 0);
        assert_int_equal(rmdir(top), 0);
        assert_int_equal(dir_next(&d), 0);
}

static void errors(void **state)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int fd;

        (void)state;
        assert_int_equal(dir_open(&d, AT_FDCWD, "/dev/null"), -ENOTDIR);
        assert_int_equal(dir_open_nofollow(&d, AT_FDCWD, "/proc/self/cwd"), -ENOTDIR);
        assert_int_equal(dir_open(&d, AT_FDCWD, top), 0);
        /* getdents64(2): "ENOTDIR File descriptor does not refer to a directory." */
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0 && dup3(fd, d.fd, O_CLOEXEC) == d.fd);
        assert_int_equal(dir_next(&d), -ENOTDIR);
        (void)close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_entry_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(removed_meanwhile, set_up, tear_down),
                cmocka_unit_test_setup_teardown(errors, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
