/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/err.h"

static void set_fills_everything_once(void **state)
{
        struct cfs_error err;

        (void)state;
        memset(&err, 0xff, sizeof(err));
        assert_int_equal(err_set(&err, CFS_E_INVALID, "mount %d: %s", 3, "no"), -EINVAL);
        assert_int_equal(err.code, CFS_E_INVALID);
        assert_int_equal(err.errnum, 0);
        assert_string_equal(err.text, "mount 3: no");
        assert_string_equal(err.property, "");
        assert_string_equal(err.hint, "");
        assert_string_equal(err.path, "");
        /* Nothing of the stack is left in the unused part: the structure crosses a socket. */
        assert_int_equal(err.text[sizeof(err.text) - 2], 0);
}

static void every_code_has_a_name_and_is_negative(void **state)
{
        struct cfs_error err;

        (void)state;
        for (int c = CFS_E_NONE; c <= CFS_E_BUG; c++) {
                assert_true(err_set(&err, (enum cfs_code)c, "x") < 0);
                assert_string_not_equal(err_code_name((enum cfs_code)c), "unknown");
                for (int d = CFS_E_NONE; d < c; d++)
                        assert_string_not_equal(err_code_name((enum cfs_code)c),
                                                err_code_name((enum cfs_code)d));
        }
        assert_string_equal(err_code_name(CFS_E_NOT_FOUND), "not-found");
        assert_string_equal(err_code_name((enum cfs_code)999), "unknown");
        assert_true(err_set(&err, (enum cfs_code)999, "x") < 0);
}

static void strerror_is_lower_case(void **state)
{
        (void)state;
        assert_string_equal(err_strerror(ENOENT), "no such file or directory");
        assert_string_equal(err_strerror(EACCES), "permission denied");
        assert_string_equal(err_strerror(-EPERM), "operation not permitted");
        assert_string_equal(err_strerror(EXDEV), "invalid cross-device link");
        assert_string_equal(err_strerror(EDOTDOT), "RFS specific error");
        assert_string_equal(err_strerror(9999), "errno 9999");
        assert_string_equal(err_strerror(0), "errno 0");
}

static void sys_ends_in_the_reason(void **state)
{
        struct cfs_error err;

        (void)state;
        assert_int_equal(err_sys(&err, ENOENT, "openat2", "open `%s`", "/x"), -ENOENT);
        assert_string_equal(err.text, "open `/x`: no such file or directory");
        assert_string_equal(err.syscall, "openat2");
        assert_int_equal(err.errnum, ENOENT);
        assert_int_equal(err.code, CFS_E_SYSTEM);
        /* errno with the wrong sign, or none: never success. */
        assert_int_equal(err_sys(&err, -EBUSY, NULL, "x"), -EBUSY);
        assert_int_equal(err_sys(&err, 0, NULL, "x"), -EIO);
        assert_int_equal(err_nomem(&err), -ENOMEM);
        assert_int_equal(err.code, CFS_E_NOMEM);
        assert_string_equal(err.text, "allocate memory: cannot allocate memory");
}

static void long_texts_keep_their_end(void **state)
{
        struct cfs_error err;
        char big[4000];

        (void)state;
        memset(big, 'a', sizeof(big) - 1);
        big[sizeof(big) - 1] = '\0';
        err_sys(&err, ENOENT, NULL, "open `%s`", big);
        assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
        assert_string_equal(err.text + strlen(err.text) - strlen(": no such file or directory"),
                            ": no such file or directory");
        err_prefix(&err, -1, "%s", big);
        assert_string_equal(err.text + strlen(err.text) - strlen(": no such file or directory"),
                            ": no such file or directory");
        assert_true(strlen(err.text) < sizeof(err.text));

        err_set(&err, CFS_E_INVALID, "short");
        err_prefix(&err, -1, "%s", big);
        assert_string_equal(err.text + strlen(err.text) - strlen("aa: short"), "aa: short");
        /* Every length around the limit. */
        for (int n = (int)sizeof(err.text) - 8; n < (int)sizeof(err.text) + 4; n++) {
                err_set(&err, CFS_E_INVALID, "%.*s", n, big);
                err_prefix(&err, -1, "p");
                assert_true(strlen(err.text) < sizeof(err.text));
                assert_true(strspn(err.text, "ap: ") == strlen(err.text));
        }
}

static void utf8_is_not_cut_in_the_middle(void **state)
{
        struct cfs_error err;
        char big[3000];
        size_t len;

        (void)state;
        for (size_t shift = 0; shift < 3; shift++) {
                big[0] = '\0';
                memset(big, 'x', shift);
                for (size_t i = shift; i + 3 < sizeof(big); i += 3)
                        memcpy(big + i, "\xe2\x82\xac", 4); /* the euro sign */
                err_set(&err, CFS_E_INVALID, "%s", big);
                len = strlen(err.text);
                assert_true(len > sizeof(err.text) - 8);
                assert_int_equal((len - shift) % 3, 0);
        }
}

static void text_is_one_printable_line(void **state)
{
        struct cfs_error err;

        (void)state;
        err_set(&err, CFS_E_HOOK, "hook said\n\x1b[31mred\x7f\tend\r\n\n");
        assert_string_equal(err.text, "hook said ?[31mred? end");
        err_set(&err, CFS_E_HOOK, "\n");
        assert_string_equal(err.text, "");
}

static void prefix_property_and_hint(void **state)
{
        struct cfs_error err;

        (void)state;
        err_set(&err, CFS_E_INVALID, "must be absolute");
        assert_int_equal(err_property(&err, -EINVAL, "mounts[%d].destination", 2), -EINVAL);
        assert_string_equal(err.text, "mounts[2].destination: must be absolute");
        assert_string_equal(err.property, "mounts[2].destination");
        /* The innermost knows best. */
        assert_int_equal(err_property(&err, -EINVAL, "mounts"), -EINVAL);
        assert_string_equal(err.property, "mounts[2].destination");
        assert_string_equal(err.text, "mounts[2].destination: must be absolute");
        assert_int_equal(err_prefix(&err, -7, "create `%s`", "c1"), -7);
        assert_string_equal(err.text, "create `c1`: mounts[2].destination: must be absolute");
        assert_int_equal(err_hint(&err, -7, "begin it with a slash"), -7);
        assert_string_equal(err.hint, "begin it with a slash");
        err_clear(&err);
        assert_int_equal(err.code, CFS_E_NONE);
        assert_string_equal(err.text, "");
}

static void a_null_error_is_fine(void **state)
{
        (void)state;
        assert_int_equal(err_set(NULL, CFS_E_INVALID, "x"), -EINVAL);
        assert_int_equal(err_sys(NULL, EPERM, NULL, "x"), -EPERM);
        assert_int_equal(err_path(NULL, EPERM, NULL, "/", "x"), -EPERM);
        assert_int_equal(err_prefix(NULL, -3, "x"), -3);
        assert_int_equal(err_property(NULL, -3, "x"), -3);
        assert_int_equal(err_hint(NULL, -3, "x"), -3);
        err_clear(NULL);
}

static void path_names_the_component(void **state)
{
        char *dir = test_mkdir(), path[4096], want[4200];
        struct cfs_error err;
        struct stat st;

        (void)state;
        test_write(dir, "file", "x");
        (void)snprintf(path, sizeof(path), "%s/gone/a/b", dir);
        assert_int_equal(err_path(&err, ENOENT, "open", path, "open `%s`", path), -ENOENT);
        (void)snprintf(want, sizeof(want), "open `%s`: no such file or directory (`%s/gone` does not exist)",
                       path, dir);
        assert_string_equal(err.text, want);
        assert_string_equal(err.path, path);
        assert_string_equal(err.hint, "");

        (void)snprintf(path, sizeof(path), "%s/file/a", dir);
        err_path(&err, ENOTDIR, "open", path, "open `%s`", path);
        (void)snprintf(want, sizeof(want), "(`%s/file` is not a directory)", dir);
        assert_contains(err.text, want);

        (void)snprintf(path, sizeof(path), "%s/link", dir);
        assert_int_equal(symlink("/nowhere/at/all", path), 0);
        err_path(&err, ENOENT, "open", path, "open `%s`", path);
        (void)snprintf(want, sizeof(want),
                       "(`%s` is a symbolic link to `/nowhere/at/all`, which does not exist)", path);
        assert_contains(err.text, want);

        (void)snprintf(path, sizeof(path), "%s/circle", dir);
        assert_int_equal(symlink("circle", path), 0);
        err_path(&err, ELOOP, "open", path, "open `%s`", path);
        assert_contains(err.text, "which leads in a circle");

        /* ENOENT about a file that is there speaks of something else. */
        (void)snprintf(path, sizeof(path), "%s/file", dir);
        err_path(&err, ENOENT, "write", path, "write `%s`", path);
        assert_null(strchr(err.text, '('));

        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(stat(path, &st), 0);
        err_path(&err, EACCES, "open", path, "open `%s`", path);
        (void)snprintf(want, sizeof(want), "(`%s` has mode 0640 and belongs to %u:%u)", path, st.st_uid,
                       st.st_gid);
        assert_contains(err.text, want);
        /* Other errors and relative paths: no explanation, but the path. */
        err_path(&err, EIO, "read", path, "read");
        assert_string_equal(err.text, "read: input/output error");
        err_path(&err, ENOENT, "open", "a/b", "open");
        assert_string_equal(err.text, "open: no such file or directory");
        assert_string_equal(err.path, "a/b");
        test_rmdir(dir);
}

static void path_names_the_unsearchable_directory(void **state)
{
        char *dir = test_mkdir(), path[4096], want[4200];
        struct cfs_error err;

        (void)state;
        (void)snprintf(path, sizeof(path), "%s/shut", dir);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(chmod(path, 0), 0);
        assert_int_equal(chmod(dir, 0755), 0);
        (void)snprintf(want, sizeof(want),
                       "(`%s/shut` has mode 0000 and belongs to %u:%u: user %u has no search permission)",
                       dir, geteuid(), getegid(), geteuid() == 0 ? 65534 : geteuid());
        (void)snprintf(path, sizeof(path), "%s/shut/a/b", dir);
        if (geteuid() == 0)
                assert_int_equal(seteuid(65534), 0); /* root may search everything */
        err_path(&err, EACCES, "open", path, "open `%s`", path);
        if (getuid() == 0)
                assert_int_equal(seteuid(0), 0);
        assert_contains(err.text, want);
        assert_contains(err.text, "permission denied (");
        (void)snprintf(path, sizeof(path), "%s/shut", dir);
        assert_int_equal(chmod(path, 0700), 0);
        test_rmdir(dir);
}

/* Which right is missing, of what and for whom; what was tried says which one was wanted. */
static void path_names_the_missing_right(void **state)
{
        static const struct {
                const char *syscall, *name, *expect;
        } cases[] = {
                { "execve", "plain",
                  "/plain` has mode 0600 and belongs to 0:0: no user has execute permission)" },
                { "execve", "own",
                  "/own` has mode 0700 and belongs to 0:0: user 65534 has no execute permission)" },
                { "execve", "dir", "/dir` is a directory)" },
                { "open", "plain",
                  "/plain` has mode 0600 and belongs to 0:0: user 65534 has no read permission)" },
                { "chdir", "shut",
                  "/shut` has mode 0700 and belongs to 0:0: user 65534 has no search permission)" },
                { "open", "shut/x",
                  "/shut` has mode 0700 and belongs to 0:0: user 65534 has no search permission)" },
                { "mkdir", "dir/new",
                  "/dir` has mode 0755 and belongs to 0:0: user 65534 has no write permission)" },
                { "connect", "open",
                  "/open` has mode 0644 and belongs to 0:0: user 65534 has no write permission)" },
        };
        char *dir = test_mkdir(), path[4096];
        struct cfs_error err;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        assert_int_equal(chmod(dir, 0755), 0);
        test_write(dir, "plain", "x");
        test_write(dir, "own", "x");
        test_write(dir, "open", "x");
        for (size_t i = 0; i < 5; i++) {
                static const char *const names[] = { "plain", "own", "open", "dir", "shut" };
                static const mode_t modes[] = { 0600, 0700, 0644, 0755, 0700 };

                (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
                assert_true(i < 3 || mkdir(path, 0700) == 0);
                assert_int_equal(chmod(path, modes[i]), 0);
        }
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                (void)snprintf(path, sizeof(path), "%s/%s", dir, cases[i].name);
                assert_int_equal(seteuid(65534), 0);
                err_path(&err, EACCES, cases[i].syscall, path, "try");
                assert_int_equal(seteuid(0), 0);
                assert_contains(err.text, cases[i].expect);
                assert_string_equal(err.hint, "");
        }
        /* Root may: then it was not the permissions. */
        (void)snprintf(path, sizeof(path), "%s/plain", dir);
        err_path(&err, EACCES, "open", path, "try");
        assert_contains(err.text, "/plain` has mode 0600 and belongs to 0:0)");
        assert_contains(err.hint, "security module");
        test_rmdir(dir);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(set_fills_everything_once),
                cmocka_unit_test(every_code_has_a_name_and_is_negative),
                cmocka_unit_test(strerror_is_lower_case),
                cmocka_unit_test(sys_ends_in_the_reason),
                cmocka_unit_test(long_texts_keep_their_end),
                cmocka_unit_test(utf8_is_not_cut_in_the_middle),
                cmocka_unit_test(text_is_one_printable_line),
                cmocka_unit_test(prefix_property_and_hint),
                cmocka_unit_test(a_null_error_is_fine),
                cmocka_unit_test(path_names_the_component),
                cmocka_unit_test(path_names_the_unsearchable_directory),
                cmocka_unit_test(path_names_the_missing_right),
        };

        return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
