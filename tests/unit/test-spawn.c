/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spawn.c, with children that do one thing each; and what build.c makes of the end of an init.
 */
#include "ctx.h"
#include "base/proc.h"
#include "base/signals.h"
#include "base/sys.h"
#include "libcfs/container/build.h"
#include "libcfs/container/spawn.h"
#include "libcfs/process/sync.h"
#include "libcfs/steps/steps.h"
#include "libcfs/store/state.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static char *dir;

static void begin(struct ctx *c, uint64_t ns_new)
{
        static struct oci_linux no_linux;
        struct cfs_error err;
        char root[4200];

        (void)snprintf(root, sizeof(root), "%s/root", dir);
        ctx_init(c, WALK_CREATE);
        assert_ok(c->proc_fd = path_open_host_proc(&err));
        c->namespaces = namespaces_plan_new();
        assert_non_null(c->namespaces);
        assert_ok(state_create(root, "x", &c->state, &err));
        c->linux_ = &no_linux;
        c->ns_new = ns_new;
}

/* No child may be left, whatever the test did. */
static void end(struct ctx *c)
{
        struct cfs_error err;

        spawn_abort(c);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
        assert_ok(state_remove(c->state, &err));
        ctx_done(c);
        (void)prctl(PR_SET_DUMPABLE, 1);
}

static int reap(struct ctx *c)
{
        int status = -1;

        assert_int_equal(proc_reap(c->pid, &status), 0);
        c->pid = 0;
        return status;
}

/* ---- children ------------------------------------------------------------------------------------------ */

static void meets(struct ctx *c)
{
        struct cfs_error err;

        _exit(sync_meet(c->sync, 7, "there", &err) < 0 ? 1 : 42);
}

/* Each condition that does not hold is a bit of the exit status. */
static void looks_at_itself(struct ctx *c)
{
        int death = 0, bad = 0;
        struct sigaction pipe, usr1;

        (void)prctl(PR_GET_PDEATHSIG, &death);
        (void)sigaction(SIGPIPE, NULL, &pipe);
        (void)sigaction(SIGUSR1, NULL, &usr1);
        bad |= death != SIGKILL ? 1 : 0;
        bad |= prctl(PR_GET_DUMPABLE) != 0 ? 2 : 0;
        bad |= pipe.sa_handler != SIG_DFL ? 4 : 0;
        bad |= usr1.sa_handler != SIG_DFL ? 8 : 0;
        bad |= c->pid != 0 || c->state->dir_fd >= 0 ? 16 : 0;
        _exit(bad);
}

static void is_pid_1(struct ctx *c)
{
        (void)c;
        _exit(getpid() == 1 && sethostname("spawned", 7) == 0 ? 42 : 1);
}

static void waits(struct ctx *c)
{
        (void)c;
        for (;;)
                (void)pause();
}

static void exits_1(struct ctx *c)
{
        (void)c;
        _exit(1);
}

static void exits_with_errno(struct ctx *c)
{
        (void)c;
        _exit(ENOMEM);
}

static void is_killed_by_a_filter(struct ctx *c)
{
        (void)c;
        (void)signal(SIGSYS, SIG_DFL);
        (void)raise(SIGSYS);
}

static void says_why(struct ctx *c)
{
        struct cfs_error e = { 0 };

        (void)err_sys(&e, ENOTDIR, "mount", "make the mount");
        _exit(sync_send_failed(c->sync, &e));
}

/* A process that the container controls by now, and that uses the socket in its own way. */
static void names_a_stranger(struct ctx *c)
{
        struct cfs_error err;
        pid_t self = getpid(), pid = fork();

        if (pid == 0) {
                /* It ends with its parent, which the test kills or has killed: nothing else knows of it. */
                proc_end_with(self);
                waits(c);
        }
        if (sync_send_pid(c->sync, pid, &err) < 0)
                _exit(1);
        waits(c);
}

static void names_itself(struct ctx *c)
{
        struct cfs_error err;

        (void)sync_send_pid(c->sync, getpid(), &err);
        waits(c);
}

static void names_another_and_stays(struct ctx *c)
{
        struct clone_args a = { .flags = CLONE_PARENT };
        struct cfs_error err;
        pid_t pid = sys_clone3(&a);

        if (pid == 0)
                _exit(sync_wait_go(c->sync, &err) < 0);
        (void)sync_send_pid(c->sync, pid, &err);
        waits(c);
}

/* ---- spawn --------------------------------------------------------------------------------------------- */

static void the_child_is_met(void **state)
{
        struct cfs_error err;
        struct ctx c;

        (void)state;
        begin(&c, 0);
        assert_ok(spawn(&c, meets, &err));
        assert_true(c.pid > 0 && c.pidfd >= 0);
        assert_ok(sync_meet(c.sync, 7, "there", &err));
        assert_int_equal(proc_wait_gone(c.pidfd, 10000), 0);
        assert_int_equal(reap(&c), 42 << 8);
        end(&c);
}

/* CVE-2016-9962; and what the runtime itself ignores or catches is nothing to the container. */
static void the_child_is_shut_off(void **state)
{
        struct cfs_error err;
        struct ctx c;

        (void)state;
        begin(&c, 0);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGUSR1, SIG_IGN);
        assert_ok(spawn(&c, looks_at_itself, &err));
        (void)signal(SIGPIPE, SIG_DFL);
        (void)signal(SIGUSR1, SIG_DFL);
        assert_int_equal(reap(&c), 0);
        assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
        end(&c);
}

static void it_is_born_in_its_namespaces(void **state)
{
        struct cfs_error err;
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        begin(&c, CLONE_NEWPID | CLONE_NEWUTS);
        assert_ok(spawn(&c, is_pid_1, &err));
        assert_int_equal(reap(&c), 42 << 8);
        end(&c);
}

/* A stage process makes the init, which is a child of the runtime all the same (CLONE_PARENT). */
static void by_a_stage(void **state)
{
        struct cfs_error err;
        struct ctx c;

        (void)state;
        begin(&c, 0);
        c.namespaces->pre_join = true;
        assert_ok(spawn(&c, meets, &err));
        assert_ok(sync_meet(c.sync, 7, "there", &err));
        assert_int_equal(reap(&c), 42 << 8);
        end(&c);
}

static void a_stage_that_fails_says_why(void **state)
{
        struct cfs_error err;
        struct ctx c;

        (void)state;
        begin(&c, 0);
        c.namespaces->pre_join = true;
        c.ns_join = CLONE_NEWNET;
        c.namespaces->join_fd[NS_NETWORK] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_fails(spawn(&c, meets, &err), EINVAL); /* setns(2): the descriptor is not a namespace */
        assert_string_equal(err.syscall, "setns");
        assert_int_equal(c.pid, 0);
        end(&c);
}

static void abort_kills_and_reaps(void **state)
{
        struct cfs_error err;
        struct ctx c;
        pid_t pid;

        (void)state;
        begin(&c, 0);
        assert_ok(spawn(&c, waits, &err));
        pid = c.pid;
        spawn_abort(&c);
        assert_int_equal(c.pid, 0);
        assert_int_equal(kill(pid, 0), -1);
        assert_int_equal(errno, ESRCH);
        end(&c);
}

/* ---- the second process of exec ------------------------------------------------------------------------ */

/* Taken at its word, the next error would kill the stranger: here its child, on a host any process. */
static void a_stranger_is_not_taken_in(void **state)
{
        struct cfs_error err;
        struct ctx c;

        (void)state;
        begin(&c, 0);
        assert_ok(spawn(&c, names_a_stranger, &err));
        pid_t first = c.pid;

        assert_true(pid_namespace_enter_host(&c, &err) < 0);
        assert_int_equal(err.code, CFS_E_BUG);
        assert_contains(err.text, "has not made");
        assert_int_equal(c.pid, first);
        end(&c);
        begin(&c, 0);
        assert_ok(spawn(&c, names_itself, &err));
        assert_true(pid_namespace_enter_host(&c, &err) < 0);
        assert_int_equal(err.code, CFS_E_BUG);
        end(&c);
}

/* Stopped or frozen between its word and its end. */
static void a_first_process_that_does_not_end(void **state)
{
        pid_t self = getpid(), sender;
        struct cfs_error err;
        struct ctx c;
        sigset_t old;

        (void)state;
        begin(&c, 0);
        assert_ok(spawn(&c, names_another_and_stays, &err));
        signals_block_ends(&old);
        sender = fork();
        if (sender == 0) {
                (void)usleep(300000);
                _exit(kill(self, SIGTERM) < 0);
        }
        assert_true(pid_namespace_enter_host(&c, &err) < 0);
        assert_contains(err.text, "ended by signal 15");
        assert_int_equal(waitpid(sender, NULL, 0), sender);
        assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
        spawn_abort(&c);
        sync_close(c.sync);
        assert_true(waitpid(-1, NULL, __WALL) > 0); /* the second process */
        end(&c);
}

/* ---- build: why an init has ended ---------------------------------------------------------------------- */

/* The runtime waits for an init that ends without a word. */
static void explain(void (*child)(struct ctx *), struct cfs_error *err)
{
        struct ctx c;
        int r;

        begin(&c, 0);
        *err = (struct cfs_error){ 0 };
        r = spawn(&c, child, err);
        if (r >= 0)
                r = sync_meet(c.sync, 7, "there", err);
        assert_true(r < 0);
        assert_true(build_explain(&c, r, err) < 0);
        end(&c);
}

static void an_init_that_ends_without_a_word(void **state)
{
        struct cfs_error err;

        (void)state;
        explain(exits_1, &err);
        assert_int_equal(err.code, CFS_E_DIED);
        assert_contains(err.text, "the container's init exited with status 1");
        explain(exits_with_errno, &err);
        assert_contains(err.text, "has failed, and could not say why: cannot allocate memory");
        explain(is_killed_by_a_filter, &err);
        assert_contains(err.text, "the container's init was killed by signal 31 (Bad system call)");
        assert_contains(err.hint, "linux.seccomp");
}

static void the_error_of_the_init_is_the_runtimes(void **state)
{
        struct cfs_error err;

        (void)state;
        explain(says_why, &err);
        assert_string_equal(err.syscall, "mount");
        assert_int_equal(err.errnum, ENOTDIR);
}

/* Both have failed: what the runtime could not do with a process that ended, it could not do because of
 * that. */
static void of_two_errors_the_inits_is_the_cause(void **state)
{
        struct cfs_error err = { 0 };
        struct ctx c;
        int r;

        (void)state;
        begin(&c, 0);
        assert_ok(spawn(&c, says_why, &err));
        assert_int_equal(proc_wait_gone(c.pidfd, 10000), 0);
        r = err_sys(&err, ENOENT, "openat", "open a file of the init");
        assert_int_equal(build_explain(&c, r, &err), -ENOTDIR);
        assert_string_equal(err.syscall, "mount");
        end(&c);
}

/* ---- build: the init's column, and the pid file -------------------------------------------------------- */

static int refused(struct ctx *c, struct cfs_error *err)
{
        c->filter_is_loaded = true;
        return err_sys(err, EPERM, "keyctl", "join a keyring");
}

static void the_filter_is_named_where_it_may_be_the_reason(void **state)
{
        static const struct step rows[] = { { .name = "x", .walks = WALK_CREATE, .init = refused },
                                            { .name = NULL } };
        struct cfs_error err = { 0 };
        struct ctx c;
        int r;

        (void)state;
        begin(&c, 0);
        c.plan = rows;
        assert_ok(spawn(&c, build_child, &err));
        r = sync_meet(c.sync, 7, "there", &err);
        assert_int_equal(r, -EPERM);
        assert_string_equal(err.phase, "create/init/x");
        assert_contains(err.hint, "linux.seccomp is in force by then: it may forbid keyctl");
        end(&c);
}

static void only_our_own_pid_file_is_taken_back(void **state)
{
        struct ctx c = { .announced = false };
        char path[4200];
        int fd;

        (void)state;
        (void)snprintf(path, sizeof(path), "%s/pid", dir);
        c.pid_file = path;
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        (void)close(fd);
        build_withdraw(&c);
        assert_int_equal(access(path, F_OK), 0);
        c.announced = true;
        build_withdraw(&c);
        assert_int_equal(access(path, F_OK), -1);
        assert_false(c.announced);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_child_is_met),
                cmocka_unit_test(the_child_is_shut_off),
                cmocka_unit_test(it_is_born_in_its_namespaces),
                cmocka_unit_test(by_a_stage),
                cmocka_unit_test(a_stage_that_fails_says_why),
                cmocka_unit_test(abort_kills_and_reaps),
                cmocka_unit_test(a_stranger_is_not_taken_in),
                cmocka_unit_test(a_first_process_that_does_not_end),
                cmocka_unit_test(an_init_that_ends_without_a_word),
                cmocka_unit_test(the_error_of_the_init_is_the_runtimes),
                cmocka_unit_test(of_two_errors_the_inits_is_the_cause),
                cmocka_unit_test(the_filter_is_named_where_it_may_be_the_reason),
                cmocka_unit_test(only_our_own_pid_file_is_taken_back),
        };
        int r;

        dir = test_mkdir();
        r = cmocka_run_group_tests(tests, NULL, NULL);
        test_rmdir(dir);
        return r;
}
