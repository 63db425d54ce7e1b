/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One hook (config.md, "POSIX-platform Hooks"): what it is given, and what becomes of one that fails. The
 * hook is a shell script.
 */
#include "test.h"
#include "base/clock.h"
#include "libcfs/process/hook.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

static char *const shell_only_path[] = { (char *)"PATH=/usr/bin:/bin", NULL };

/* Runs the script; its output goes to *ret (freed by the caller) when that is not NULL. */
static int run(const char *script, const struct hook_call *with, char **ret, struct cfs_error *err)
{
        char *args[] = { (char *)"hook", (char *)"-c", (char *)script, NULL };
        struct oci_hook hook = { .path = (char *)"/bin/sh", .args = args, .n_args = 3 };
        struct hook_call call = with ? *with : (struct hook_call){ .cwd = "/" };
        int out = ret ? memfd_create("out", MFD_CLOEXEC) : -1;
        int r;

        if (call.hook) {
                hook.env = call.hook->env;
                hook.timeout = call.hook->timeout;
                hook.has_timeout = call.hook->has_timeout;
        }
        call.hook = &hook;
        call.kind = "poststart";
        call.index = 2;
        call.state = call.state ? call.state : "{}";
        call.state_len = strlen(call.state);
        call.out_fd = out;
        call.err_fd = -1;
        r = hook_run(&call, err);
        if (ret) {
                *ret = calloc(1, 4096);
                assert_non_null(*ret);
                assert_true(pread(out, *ret, 4095, 0) >= 0);
                (void)close(out);
        }
        return r;
}

static void assert_says(const char *script, const struct hook_call *with, const char *expected)
{
        struct cfs_error err;
        char *said;

        assert_ok(run(script, with, &said, &err));
        assert_string_equal(said, expected);
        free(said);
}

static void the_state_is_its_input(void **state)
{
        const struct hook_call call = { .cwd = "/", .state = "{\"id\":\"x\"}" };

        (void)state;
        assert_says("cat", &call, "{\"id\":\"x\"}");
}

/* More than a pipe holds (64 KiB, pipe(7)); and a hook that does not read any of it. */
static void a_long_state_does_not_block(void **state)
{
        char *text = calloc(1, 300001);
        struct hook_call call = { .cwd = "/", .state = text };

        (void)state;
        assert_non_null(text);
        memset(text, 'x', 300000);
        assert_says("wc -c", &call, "300000\n");
        assert_says("echo fine", &call, "fine\n");
        free(text);
}

static void its_environment(void **state)
{
        char *own[] = { (char *)"A=1", NULL }, *none[] = { NULL };
        const struct oci_hook with = { .env = own }, without = { .env = none };
        const struct hook_call given = { .cwd = "/", .hook = &with, .env = shell_only_path },
                               empty = { .cwd = "/", .hook = &without, .env = shell_only_path },
                               missing = { .cwd = "/", .env = shell_only_path };

        (void)state;
        assert_says("echo $A ${PATH+path}", &given,
                    "1 path\n"); /* the shell's own PATH, which it does not export */
        assert_says("/usr/bin/env | /bin/grep -v -e ^PWD= -e ^_= -e ^SHLVL=; :", &empty, "");
        assert_says("env | grep ^PATH=", &missing, "PATH=/usr/bin:/bin\n");
}

static void its_directory_and_session(void **state)
{
        const struct hook_call usr = { .cwd = "/usr" }, gone = { .cwd = "/nonexistent" };

        (void)state;
        assert_says("pwd", &usr, "/usr\n");
        assert_says("pwd", &gone, "/\n");
        /* proc(5), stat: fields 5 and 6 are the process group and the session. */
        assert_says(
                "read -r _ _ _ _ group session _ < /proc/$$/stat; [ $group = $$ ] && [ $session = $$ ] && echo own",
                NULL, "own\n");
}

static void it_inherits_nothing_else(void **state)
{
        /* Without close-on-exec, as another user of the library may have it. */
        int leak = fcntl(STDERR_FILENO, F_DUPFD, 50);

        (void)state;
        assert_int_equal(leak, 50);
        (void)signal(SIGUSR1, SIG_IGN);
        assert_says("[ -e /proc/$$/fd/2 ] && [ ! -e /proc/$$/fd/50 ] && echo closed", NULL, "closed\n");
        assert_says("trap 'echo got it' USR1; kill -USR1 $$", NULL, "got it\n");
        (void)signal(SIGUSR1, SIG_DFL);
        (void)close(leak);
}

static void a_status_that_is_not_zero(void **state)
{
        struct cfs_error err;

        (void)state;
        assert_true(run("echo first; echo second >&2; exit 3", NULL, NULL, &err) < 0);
        assert_int_equal(err.code, CFS_E_HOOK);
        assert_string_equal(err.property, "hooks.poststart[2]");
        assert_string_equal(err.path, "/bin/sh");
        assert_contains(
                err.text,
                "error running poststart hook #2: hooks.poststart[2] (/bin/sh): exit status 3 after ");
        assert_contains(err.text, ", output: first; second");
}

static void a_hook_that_is_killed(void **state)
{
        struct cfs_error err;

        (void)state;
        assert_true(run("kill -TERM $$", NULL, NULL, &err) < 0);
        assert_contains(err.text, "killed by signal 15 (Terminated)");
}

static void of_much_output_the_end_is_shown(void **state)
{
        struct cfs_error err;

        (void)state;
        assert_true(run("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done; exit 1", NULL, NULL,
                        &err) < 0);
        assert_contains(err.text, ", output: ... ");
        assert_true(strlen(err.text) > 900);
        assert_contains(err.text, "line 2998; line 2999");
}

/* config.md: "timeout (int, OPTIONAL) is the number of seconds before aborting the hook". */
static void the_timeout_kills_its_children_too(void **state)
{
        const struct oci_hook with = { .timeout = 1, .has_timeout = true };
        const struct hook_call call = { .cwd = "/", .hook = &with };
        int64_t begin = clock_now_ms();
        struct cfs_error err;
        char command[256];
        const char *p;
        int n;

        (void)state;
        assert_true(run("sleep 1000 & echo pid $!; wait", &call, NULL, &err) < 0);
        assert_true(clock_now_ms() - begin >= 900);
        assert_int_equal(err.code, CFS_E_HOOK);
        assert_contains(err.text, "killed, as its timeout of 1 s has passed");
        p = strstr(err.text, "output: pid ");
        assert_non_null(p);
        p += strlen("output: pid ");
        n = (int)strspn(p, "0123456789");
        /* Gone, or a zombie that init has yet to reap; a moment after the signal. */
        (void)snprintf(
                command, sizeof(command),
                "i=0; while kill -0 %.*s && ! grep -q '^State:.Z' /proc/%.*s/status; do i=$((i + 1)); [ $i "
                "-lt 50 ] || exit 1; sleep 0.1; done",
                n, p, n, p);
        assert_ok(run(command, NULL, NULL, &err));
}

static void a_process_left_behind_is_not_waited_for(void **state)
{
        int64_t begin = clock_now_ms();
        struct cfs_error err;

        (void)state;
        assert_ok(run("sleep 5 & :", NULL, NULL, &err));
        assert_true(clock_now_ms() - begin < 4000);
}

static void a_program_that_is_not_there(void **state)
{
        struct oci_hook hook = { .path = (char *)"/nonexistent/hook" };
        const struct hook_call call = { .kind = "createRuntime",
                                        .hook = &hook,
                                        .state = "{}",
                                        .state_len = 2,
                                        .cwd = "/",
                                        .out_fd = -1,
                                        .err_fd = -1 };
        struct cfs_error err;

        (void)state;
        assert_fails(hook_run(&call, &err), ENOENT);
        assert_int_equal(err.code, CFS_E_HOOK);
        assert_string_equal(err.property, "hooks.createRuntime[0]");
        assert_contains(err.text, "no such file or directory");
}

static int refuse(void *data)
{
        *(int *)data = 1;
        return -EPERM;
}

static void a_hook_that_cannot_be_confined_does_not_run(void **state)
{
        int called = 0;
        const struct hook_call call = { .cwd = "/", .confine = refuse, .confine_data = &called };
        struct cfs_error err;
        char *said;

        (void)state;
        assert_fails(run("echo ran", &call, &said, &err), EPERM);
        assert_string_equal(said, "");
        assert_int_equal(called, 1); /* in our memory: the process is made as by vfork(2) */
        assert_contains(err.text, "load the filter of linux.seccomp for hooks.poststart[2]");
        free(said);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_state_is_its_input),
                cmocka_unit_test(a_long_state_does_not_block),
                cmocka_unit_test(its_environment),
                cmocka_unit_test(its_directory_and_session),
                cmocka_unit_test(it_inherits_nothing_else),
                cmocka_unit_test(a_status_that_is_not_zero),
                cmocka_unit_test(a_hook_that_is_killed),
                cmocka_unit_test(of_much_output_the_end_is_shown),
                cmocka_unit_test(the_timeout_kills_its_children_too),
                cmocka_unit_test(a_process_left_behind_is_not_waited_for),
                cmocka_unit_test(a_program_that_is_not_there),
                cmocka_unit_test(a_hook_that_cannot_be_confined_does_not_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
