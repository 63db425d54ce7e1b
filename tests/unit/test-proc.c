/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/ask.h"
#include "base/err.h"
#include "base/proc.h"
#include "base/sys.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* A child that sleeps for ever. */
static pid_t sleeper(const char *name)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                if (name)
                        (void)prctl(PR_SET_NAME, name);
                for (;;)
                        (void)pause();
        }
        return pid;
}

static void end(pid_t pid)
{
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_process_through_its_life(void **state)
{
        struct proc_identity id;
        pid_t pid = sleeper(NULL);
        int status, pidfd, fds = test_count_fds();

        (void)state;
        assert_int_equal(proc_identify(pid, &id), 0);
        assert_int_equal(id.pid, pid);
        assert_true(id.start_time > 0);
        assert_int_equal(strlen(id.boot_id), 36);
        assert_int_equal(proc_status(&id), PROC_ALIVE);
        pidfd = proc_pidfd(&id);
        assert_true(pidfd >= 0);
        assert_int_equal(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
        assert_int_equal(proc_signal(pidfd, 0), 0);
        assert_int_equal(proc_wait_gone(pidfd, 20), -ETIMEDOUT);
        assert_int_equal(proc_signal(pidfd, SIGKILL), 0);
        assert_int_equal(proc_wait_gone(pidfd, 5000), 0);
        assert_int_equal(proc_status(&id), PROC_ZOMBIE);
        assert_int_equal(proc_reap(pid, &status), 0);
        assert_int_equal(proc_exit_code(status), 128 + SIGKILL);
        assert_int_equal(proc_status(&id), PROC_GONE);
        assert_int_equal(proc_identify(pid, &id), -ESRCH);
        assert_int_equal(proc_signal(pidfd, SIGKILL), -ESRCH);
        assert_int_equal(proc_wait_gone(pidfd, -1), 0);
        assert_int_equal(proc_pidfd(&id), -ESRCH);
        assert_int_equal(proc_reap(pid, &status), -ECHILD);
        (void)close(pidfd);
        assert_int_equal(test_count_fds(), fds);
}

static void a_stranger_with_our_pid_is_not_it(void **state)
{
        struct proc_identity id, other;
        pid_t pid = sleeper(NULL);

        (void)state;
        assert_int_equal(proc_identify(pid, &id), 0);
        other = id;
        other.start_time++; /* born later */
        assert_int_equal(proc_status(&other), PROC_GONE);
        assert_int_equal(proc_pidfd(&other), -ESRCH);
        other = id;
        other.boot_id[0] = other.boot_id[0] == '0' ? '1' : '0'; /* recorded before a reboot */
        assert_int_equal(proc_status(&other), PROC_GONE);
        assert_int_equal(proc_pidfd(&other), -ESRCH);
        other = id;
        other.boot_id[0] = '\0'; /* not recorded */
        assert_int_equal(proc_status(&other), PROC_ALIVE);
        end(pid);
}

static void a_hostile_name_does_not_matter(void **state)
{
        static const char *const names[] = { ") Z 0 0 0", "a b) R (", "))))", "(", "\n1 2 3" };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                struct proc_identity id, plain;
                pid_t pid = sleeper(NULL);
                char path[64], comm[32] = "";
                int fd;

                assert_int_equal(proc_identify(pid, &plain), 0);
                (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
                end(pid);
                pid = sleeper(names[i]);
                (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
                for (int n = 0; n < 500; n++) { /* until it has its name */
                        fd = open(path, O_RDONLY | O_CLOEXEC);
                        assert_true(read(fd, comm, sizeof(comm) - 1) >= 0);
                        (void)close(fd);
                        if (strncmp(comm, names[i], 3) == 0)
                                break;
                        (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
                }
                assert_int_equal(proc_identify(pid, &id), 0);
                assert_true(id.start_time >= plain.start_time && id.start_time < plain.start_time + 1000);
                assert_int_equal(proc_status(&id), PROC_ALIVE);
                end(pid);
        }
}

/* proc(5): the file is there, and cannot be opened: EMFILE. That says nothing of the process. */
static void what_cannot_be_looked_at_is_not_gone(void **state)
{
        struct proc_identity id;
        struct rlimit old, none;
        pid_t pid = sleeper(NULL);

        (void)state;
        assert_int_equal(proc_identify(pid, &id), 0);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        assert_int_equal(proc_status(&id), -EMFILE);
        assert_int_equal(proc_pidfd(&id), -EMFILE);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_int_equal(proc_status(&id), PROC_ALIVE);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void nonsense_is_gone(void **state)
{
        struct proc_identity id = { 0 };
        int status;

        (void)state;
        assert_int_equal(proc_identify(0, &id), -ESRCH);
        assert_int_equal(proc_identify(-1, &id), -ESRCH);
        assert_int_equal(proc_status(&id), PROC_GONE);
        assert_int_equal(proc_pidfd(&id), -ESRCH);
        id.pid = -1;
        assert_int_equal(proc_status(&id), PROC_GONE);
        assert_int_equal(proc_pidfd(&id), -ESRCH);
        assert_int_equal(proc_wait_gone(-1, 10), -ETIMEDOUT); /* poll(2) ignores it; it does not end early */
        assert_int_equal(proc_wait_gone(999, 10), -EBADF);
        assert_int_equal(proc_reap(getpid(), &status), -ECHILD);
}

static void ignore(int sig)
{
        (void)sig;
}

static void waiting_survives_signals(void **state)
{
        struct sigaction sa = { .sa_handler = ignore, .sa_flags = SA_RESTART }, old;
        struct timespec a, b;
        pid_t pid = sleeper(NULL), pest;
        int pidfd = sys_pidfd_open(pid, 0);
        int64_t ms;

        (void)state;
        assert_int_equal(sigaction(SIGUSR1, &sa, &old), 0);
        pest = fork();
        assert_true(pest >= 0);
        if (pest == 0) {
                for (int i = 0; i < 20; i++) {
                        (void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
                        (void)kill(getppid(), SIGUSR1);
                }
                _exit(0);
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &a);
        assert_int_equal(proc_wait_gone(pidfd, 60), -ETIMEDOUT);
        (void)clock_gettime(CLOCK_MONOTONIC, &b);
        ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
        assert_in_range(ms, 50, 5000);
        end(pid);
        assert_int_equal(waitpid(pest, NULL, 0), pest);
        assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
        (void)close(pidfd);
}

static void exit_codes(void **state)
{
        pid_t pid = fork();
        int status;

        (void)state;
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(42);
        assert_int_equal(proc_reap(pid, &status), 0);
        assert_int_equal(proc_exit_code(status), 42);
}

/* ---- ask.h ---- */

static int64_t answer(const void *data)
{
        return *(const int64_t *)data;
}

static int64_t name_yourself(const void *data)
{
        return prctl(PR_SET_NAME, data) < 0 ? -errno : 0;
}

static int64_t be_killed(const void *data)
{
        (void)kill(getpid(), *(const int *)data);
        return 0;
}

static int64_t leave(const void *data)
{
        _exit(*(const int *)data);
}

static void a_child_answers(void **state)
{
        const int64_t values[] = { 0, 1, INT64_MAX, -EACCES, INT64_MIN };
        struct cfs_error err = { 0 };
        int fds = test_count_fds();
        int64_t got;

        (void)state;
        for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
                assert_int_equal(ask_child(answer, &values[i], "a test", &got, NULL, &err), 0);
                assert_true(got == values[i]);
        }
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
        assert_int_equal(test_count_fds(), fds);
}

static void a_child_stays_until_it_is_ended(void **state)
{
        struct cfs_error err = { 0 };
        char path[48], name[32];
        int64_t got;
        FILE *f;
        pid_t pid;

        (void)state;
        assert_int_equal(ask_child(name_yourself, "asked", "a test", &got, &pid, &err), 0);
        assert_true(got == 0);
        (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
        f = fopen(path, "re");
        assert_non_null(f);
        assert_non_null(fgets(name, sizeof(name), f));
        (void)fclose(f);
        assert_string_equal(name, "asked\n");
        ask_end(pid);
        assert_int_equal(kill(pid, 0), -1);
        assert_int_equal(errno, ESRCH);
}

static void a_child_without_an_answer(void **state)
{
        const int killed = SIGKILL, code = ENFILE, nothing = 0;
        struct cfs_error err = { 0 };
        int64_t got = 7;
        pid_t pid = 7;

        (void)state;
        assert_true(ask_child(be_killed, &killed, "the test's place", &got, &pid, &err) < 0);
        assert_int_equal(err.code, CFS_E_DIED);
        assert_string_equal(err.text,
                            "a process of the runtime in the test's place was killed by signal 9 (Killed)");
        assert_int_equal(ask_child(leave, &code, "the test's place", &got, NULL, &err), -ENFILE);
        assert_int_equal(ask_child(leave, &nothing, "the test's place", &got, NULL, &err), -ECHILD);
        assert_true(got == 7 && pid == 7);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_process_through_its_life),
                cmocka_unit_test(a_stranger_with_our_pid_is_not_it),
                cmocka_unit_test(a_hostile_name_does_not_matter),
                cmocka_unit_test(what_cannot_be_looked_at_is_not_gone),
                cmocka_unit_test(nonsense_is_gone),
                cmocka_unit_test(a_child_answers),
                cmocka_unit_test(a_child_stays_until_it_is_ended),
                cmocka_unit_test(a_child_without_an_answer),
                cmocka_unit_test(waiting_survives_signals),
                cmocka_unit_test(exit_codes),
        };

        return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
