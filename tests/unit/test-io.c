/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/io.h"
#include "base/sys.h"
#include <sys/wait.h>

struct env {
        char *dir;
        int fd;
        int fds_before;
};

static int setup(void **state)
{
        struct env *e = calloc(1, sizeof(*e));

        assert_non_null(e);
        e->fds_before = test_count_fds();
        e->dir = test_mkdir();
        e->fd = open(e->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(e->fd >= 0);
        *state = e;
        return 0;
}

static int teardown(void **state)
{
        struct env *e = *state;

        (void)close(e->fd);
        test_rmdir(e->dir);
        assert_int_equal(test_count_fds(), e->fds_before); /* nothing leaked */
        free(e);
        return 0;
}

static void reads_all_and_stops_at_max(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        char *text = NULL, big[10001];
        size_t len = 0;

        memset(big, 'b', sizeof(big) - 1);
        big[sizeof(big) - 1] = '\0';
        test_write(e->dir, "big", big);
        assert_ok(io_read_file(e->fd, "big", 10000, &text, &len, &err));
        assert_int_equal(len, 10000);
        assert_string_equal(text, big);
        free(text);
        assert_ok(io_read_file(e->fd, "big", 20000, &text, NULL, &err));
        assert_int_equal(strlen(text), 10000);
        free(text);
        text = NULL;
        assert_fails(io_read_file(e->fd, "big", 9999, &text, &len, &err), EFBIG);
        assert_fails(io_read_file(e->fd, "big", 0, &text, &len, &err), EFBIG);
        assert_null(text);
        assert_fails(io_read_file(e->fd, "gone", 100, &text, &len, &err), ENOENT);
        assert_string_equal(err.text, "open `gone`: no such file or directory");
        assert_fails(io_read_file(e->fd, ".", 100, &text, &len, &err), EISDIR);

        test_write(e->dir, "empty", "");
        assert_ok(io_read_file(e->fd, "empty", 0, &text, &len, &err));
        assert_int_equal(len, 0);
        assert_string_equal(text, "");
        free(text);
}

static void reads_files_whose_size_lies(void **state)
{
        struct cfs_error err;
        char *text = NULL;
        size_t len = 0;

        (void)state;
        assert_ok(io_read_file(AT_FDCWD, "/proc/self/mountinfo", 10 << 20, &text, &len, &err));
        assert_true(len > 0 && strlen(text) == len);
        free(text);
}

static void reads_a_pipe_that_comes_in_pieces(void **state)
{
        struct cfs_error err;
        char *text = NULL, chunk[700];
        size_t len = 0;
        int p[2];
        pid_t pid;

        (void)state;
        memset(chunk, 'c', sizeof(chunk));
        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                for (int i = 0; i < 50; i++)
                        if (io_write_all(p[1], chunk, sizeof(chunk)) < 0)
                                _exit(1);
                _exit(0);
        }
        (void)close(p[1]);
        assert_ok(io_read_fd(p[0], "pipe", 1 << 20, &text, &len, &err));
        assert_int_equal(len, 50 * sizeof(chunk));
        (void)close(p[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        free(text);
}

/* It does not wait for the end of a pipe that stays open; one that was cut off is read to its end. */
static void reads_one_line(void **state)
{
        struct cfs_error err;
        char *text = NULL, long_line[9000];
        size_t len = 0;
        int p[2];

        (void)state;
        memset(long_line, 'c', sizeof(long_line));
        long_line[sizeof(long_line) - 1] = '\n';
        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        assert_int_equal(io_write_all(p[1], long_line, sizeof(long_line)), 0);
        assert_ok(io_read_line(p[0], "pipe", 1 << 20, &text, &len, &err));
        assert_int_equal(len, sizeof(long_line));
        assert_memory_equal(text, long_line, sizeof(long_line));
        free(text);
        assert_int_equal(io_write_all(p[1], "half", 4), 0);
        (void)close(p[1]);
        assert_ok(io_read_line(p[0], "pipe", 1 << 20, &text, &len, &err));
        assert_string_equal(text, "half");
        free(text);
        (void)close(p[0]);
}

static void small_reads(void **state)
{
        struct env *e = *state;
        char buf[8];

        test_write(e->dir, "f", "max\n");
        assert_int_equal(io_read_small(e->fd, "f", buf, sizeof(buf)), 3);
        assert_string_equal(buf, "max");
        test_write(e->dir, "f", "a\n\n");
        assert_int_equal(io_read_small(e->fd, "f", buf, sizeof(buf)), 2);
        assert_string_equal(buf, "a\n");
        test_write(e->dir, "f", "");
        assert_int_equal(io_read_small(e->fd, "f", buf, sizeof(buf)), 0);
        assert_string_equal(buf, "");
        test_write(e->dir, "f", "0123456789");
        assert_int_equal(io_read_small(e->fd, "f", buf, sizeof(buf)), 7);
        assert_string_equal(buf, "0123456");
        assert_int_equal(io_read_small(e->fd, "gone", buf, sizeof(buf)), -ENOENT);
}

static void small_writes_do_not_make_or_follow(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        char buf[16];

        test_write(e->dir, "f", "");
        assert_ok(io_write_small(e->fd, "f", "42", &err));
        assert_int_equal(io_read_small(e->fd, "f", buf, sizeof(buf)), 2);
        assert_string_equal(buf, "42");
        assert_fails(io_write_small(e->fd, "gone", "1", &err), ENOENT);
        assert_int_equal(faccessat(e->fd, "gone", F_OK, 0), -1);
        assert_int_equal(symlinkat("f", e->fd, "link"), 0);
        assert_fails(io_write_small(e->fd, "link", "1", &err), ELOOP);
        assert_int_equal(io_write_small_quiet(e->fd, "link", "1"), -ELOOP);
        assert_int_equal(io_write_small_quiet(e->fd, "f", "7"), 0);
}

static void a_refused_value_is_in_the_message(void **state)
{
        struct cfs_error err;

        (void)state;
        /* /proc/self/oom_score_adj refuses what is not a number from -1000 to 1000. */
        assert_fails(io_write_small(AT_FDCWD, "/proc/self/oom_score_adj", "nonsense", &err), EINVAL);
        assert_string_equal(err.text, "write `nonsense` to `/proc/self/oom_score_adj`: invalid argument");
        assert_string_equal(err.syscall, "write");
        assert_string_equal(err.path, "/proc/self/oom_score_adj");
}

static void atomic_replaces(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct stat st;
        char buf[16];
        mode_t old = umask(077);

        assert_ok(io_write_atomic(e->fd, "s", "one", 3, 0644, &err));
        assert_int_equal(umask(old), 077);
        assert_int_equal(fstatat(e->fd, "s", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        assert_ok(io_write_atomic(e->fd, "s", "two!", 4, 0600, &err));
        assert_int_equal(io_read_small(e->fd, "s", buf, sizeof(buf)), 4);
        assert_string_equal(buf, "two!");
        assert_int_equal(fstatat(e->fd, "s", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_fails(io_write_atomic(e->fd, "no/such", "x", 1, 0600, &err), ENOENT);
}

/* How many entries does the directory have? */
static int count(const char *dir)
{
        DIR *d = opendir(dir);
        int n = 0;

        assert_non_null(d);
        while (readdir(d))
                n++;
        (void)closedir(d);
        return n - 2;
}

static void atomic_leaves_nothing_and_survives_leftovers(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        char name[64];

        /* A leftover of a killed process that had our pid. */
        (void)snprintf(name, sizeof(name), "s.new-%d", (int)getpid());
        test_write(e->dir, name, "junk");
        assert_ok(io_write_atomic(e->fd, "s", "one", 3, 0600, &err));
        assert_int_equal(count(e->dir), 1);
        /* The target is a directory: rename fails, and the temporary file is gone. */
        assert_int_equal(mkdirat(e->fd, "d", 0700), 0);
        assert_fails(io_write_atomic(e->fd, "d", "x", 1, 0600, &err), EISDIR);
        assert_int_equal(count(e->dir), 2);
        /* A link that an attacker put in the way is replaced, not followed. */
        assert_int_equal(symlinkat("victim", e->fd, name), 0);
        assert_ok(io_write_atomic(e->fd, "s", "two", 3, 0600, &err));
        assert_int_equal(faccessat(e->fd, "victim", F_OK, AT_SYMLINK_NOFOLLOW), -1);
        assert_int_equal(count(e->dir), 2);
}

/* A reader never sees anything but a whole version. */
static void atomic_is_atomic(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        char text[5000];
        pid_t pid;
        int status;

        memset(text, 'a', sizeof(text));
        assert_ok(io_write_atomic(e->fd, "s", text, sizeof(text), 0600, &err));
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                for (int i = 0; i < 2000; i++) {
                        memset(text, 'a' + i % 26, sizeof(text));
                        if (io_write_atomic(e->fd, "s", text, sizeof(text), 0600, NULL) < 0)
                                _exit(1);
                }
                _exit(0);
        }
        while (waitpid(pid, &status, WNOHANG) == 0) {
                char *got = NULL;
                size_t len = 0;

                assert_ok(io_read_file(e->fd, "s", 1 << 20, &got, &len, &err));
                assert_int_equal(len, sizeof(text));
                for (size_t i = 1; i < len; i++)
                        assert_int_equal(got[i], got[0]);
                free(got);
        }
        assert_int_equal(status, 0);
}

static void cloexec_from_marks(void **state)
{
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), a, b;

        (void)state;
        assert_true(fd >= 0);
        a = fcntl(fd, F_DUPFD, 100);
        b = fcntl(fd, F_DUPFD, 200);
        assert_int_equal(io_cloexec_from(-1, 150), 0);
        assert_int_equal(fcntl(a, F_GETFD), 0);
        assert_int_equal(fcntl(b, F_GETFD), FD_CLOEXEC);
        (void)close(a);
        (void)close(b);
        (void)close(fd);
}

static void close_all_closes_what_is_listed_and_nothing_else(void **state)
{
        static const int listed[] = { 302, -1, 300, 301, -1, 305 };
        int fds[ARRAY_SIZE(listed)], fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        (void)state;
        assert_true(fd >= 0);
        for (int n = 300; n <= 306; n++)
                assert_int_equal(dup2(fd, n), n);
        memcpy(fds, listed, sizeof(fds));
        io_close_all(fds, ARRAY_SIZE(fds));
        for (int n = 300; n <= 306; n++) {
                bool open_ = fcntl(n, F_GETFD) >= 0;

                assert_int_equal(open_, n == 303 || n == 304 || n == 306);
                (void)close(n);
        }
        fds[0] = fds[1] = -1;
        io_close_all(fds, 2);
        io_close_all(fds, 0);
        assert_true(fcntl(0, F_GETFD) >= 0 && fcntl(fd, F_GETFD) >= 0);
        (void)close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(reads_all_and_stops_at_max),
                T(reads_files_whose_size_lies),
                T(reads_a_pipe_that_comes_in_pieces),
                T(reads_one_line),
                T(small_reads),
                T(small_writes_do_not_make_or_follow),
                T(a_refused_value_is_in_the_message),
                T(atomic_replaces),
                T(atomic_leaves_nothing_and_survives_leftovers),
                T(atomic_is_atomic),
                T(cloexec_from_marks),
                T(close_all_closes_what_is_listed_and_nothing_else),
        };

        return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
