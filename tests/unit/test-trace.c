/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --trace: the file is an array of complete events (Trace Event Format, "JSON Array Format"), whichever of
 * the two processes wrote them.
 */
#include "test.h"
#include "base/io.h"
#include "json.h"
#include "libcfs/walk/trace.h"
#include <fcntl.h>
#include <sys/wait.h>

/* Counts the events, and what is in them. */
struct seen {
        int events, depth;
        char text[1024]; /* keys and strings, with a blank in front of each */
};

static int on_text(void *data, size_t offset, const char *s, size_t len)
{
        struct seen *seen = data;
        size_t n = strlen(seen->text);

        (void)offset;
        (void)snprintf(seen->text + n, sizeof(seen->text) - n, " %.*s", (int)len, s);
        return 0;
}

static int on_number(void *data, size_t offset, const char *s, size_t len)
{
        (void)data;
        (void)offset;
        (void)s;
        (void)len;
        return 0;
}

static int on_begin(void *data, size_t offset)
{
        struct seen *seen = data;

        (void)offset;
        seen->events += seen->depth++ == 1;
        return 0;
}

static int on_end(void *data, size_t offset)
{
        (void)offset;
        ((struct seen *)data)->depth--;
        return 0;
}

static void read_trace(const char *path, struct seen *ret)
{
        static const struct json_events events = { .number = on_number,
                                                   .string = on_text,
                                                   .key = on_text,
                                                   .begin_object = on_begin,
                                                   .end_object = on_end,
                                                   .begin_array = on_begin,
                                                   .end_array = on_end };
        struct json_problem problem = { 0 };
        struct cfs_error err;
        char *text;
        size_t len;

        *ret = (struct seen){ 0 };
        assert_ok(io_read_file(AT_FDCWD, path, 1 << 20, &text, &len, &err));
        if (json_parse(text, len, &events, ret, &problem) != 0)
                fail_msg("not JSON at %zu: %s\n%s", problem.offset, problem.text, text);
        free(text);
}

static void a_trace_is_an_array_of_events(void **state)
{
        const char *path = *state;
        struct cfs_error err;
        struct seen seen;
        uint64_t begin;

        assert_ok(trace_open(path, &err));
        assert_true(trace_fd() >= 0);
        begin = trace_begin();
        assert_true(begin > 0);
        trace_end(begin, "host", "linux.\"odd\"");
        trace_end(trace_begin(), "init", "process.args");
        trace_close();
        assert_int_equal(trace_fd(), -1);
        read_trace(path, &seen);
        assert_int_equal(seen.events, 3); /* the first names the process */
        assert_contains(seen.text, " name linux.\"odd\" cat host ph X ts dur pid tid runtime");
        assert_contains(seen.text, " name process.args cat init ph X ts dur pid tid init");
}

static void a_trace_without_events_is_complete(void **state)
{
        struct cfs_error err;
        struct seen seen;

        assert_ok(trace_open(*state, &err));
        trace_close();
        read_trace(*state, &seen);
        assert_int_equal(seen.events, 1);
}

/* The init leaves, the runtime ends the array. */
static void two_processes_write_one_array(void **state)
{
        struct cfs_error err;
        struct seen seen;
        int status;
        pid_t pid;

        assert_ok(trace_open(*state, &err));
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                trace_end(trace_begin(), "init", "theirs");
                trace_leave();
                trace_end(trace_begin(), "init", "too late");
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        trace_end(trace_begin(), "host", "ours");
        trace_close();
        read_trace(*state, &seen);
        assert_int_equal(seen.events, 3);
        assert_contains(seen.text, " theirs ");
        assert_contains(seen.text, " ours ");
        assert_null(strstr(seen.text, "too late"));
}

static void without_a_file_nothing_is_traced(void **state)
{
        struct cfs_error err;

        (void)state;
        assert_ok(trace_open(NULL, &err));
        assert_int_equal(trace_begin(), 0);
        trace_end(0, "host", "x");
        trace_close();
        assert_fails(trace_open("/nonexistent/trace", &err), ENOENT);
        assert_string_equal(err.path, "/nonexistent/trace");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_trace_is_an_array_of_events),
                cmocka_unit_test(a_trace_without_events_is_complete),
                cmocka_unit_test(two_processes_write_one_array),
                cmocka_unit_test(without_a_file_nothing_is_traced),
        };
        char *dir = test_mkdir(), path[4200];
        int r;

        (void)snprintf(path, sizeof(path), "%s/trace", dir);
        for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
                ((struct CMUnitTest *)tests)[i].initial_state = path;
        r = cmocka_run_group_tests(tests, NULL, NULL);
        test_rmdir(dir);
        return r;
}
