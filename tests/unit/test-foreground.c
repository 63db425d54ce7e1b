/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreground.c: the exit code, the signals and the terminal of a process that a test forks in the container's
 * place. Each test is a process of its own, since it changes signals and standard streams.
 */
#include "ctx.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/sys.h"
#include "base/unix.h"
#include "libcfs/container/foreground.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <termios.h>

/* Forks child() as the container's process. It has no signal blocked, as after spawn(). */
static void start(struct ctx *c, void (*child)(int arg), int arg)
{
        c->pid = fork();
        CHILD_TRUE(c->pid >= 0);
        if (c->pid == 0) {
                sigset_t none;

                (void)sigemptyset(&none);
                (void)sigprocmask(SIG_SETMASK, &none, NULL);
                child(arg);
                _exit(99);
        }
        c->pidfd = sys_pidfd_open(c->pid, 0);
        CHILD_TRUE(c->pidfd >= 0);
}

static int wait_for(struct foreground *f, struct ctx *c)
{
        struct cfs_error err = { 0 };
        int r = foreground_wait(f, c, NULL, &err);

        if (r < 0)
                print_message("# %s\n", err.text);
        return r;
}

static void try(void (*fn)(struct ctx *))
{
        struct cfs_error err;
        struct ctx c;

        ctx_init(&c, WALK_CREATE);
        assert_ok(c.proc_fd = path_open_host_proc(&err));
        test_in_child(fn, &c);
        ctx_done(&c);
}

/* ---- the exit code ------------------------------------------------------------------------------------- */

static void exits(int code)
{
        _exit(code);
}

static void exits_later(int code)
{
        clock_sleep_us(200000);
        _exit(code);
}

static void dies(int sig)
{
        (void)raise(sig);
}

static void exit_codes(struct ctx *c)
{
        struct foreground *f;

        CHILD_OK(foreground_begin(&f, false, &err));
        start(c, exits, 7);
        CHILD_TRUE(wait_for(f, c) == 7);
        CHILD_TRUE(c->pid == 0); /* reaped */
        (void)close(c->pidfd);
        start(c, dies, SIGTERM);
        CHILD_TRUE(wait_for(f, c) == 128 + SIGTERM);
        foreground_end(f);
}

static void the_exit_code_comes_back(void **state)
{
        (void)state;
        try(exit_codes);
}

/* ---- signals ------------------------------------------------------------------------------------------- */

static void waits_for_signal(int expected)
{
        sigset_t set;
        int sig = 0;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, expected);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        (void)alarm(10);
        (void)sigwait(&set, &sig);
        _exit(sig == expected ? 42 : 1);
}

/* Signals that come before there is a process are not lost. */
static void early_signal(struct ctx *c)
{
        struct foreground *f;
        sigset_t before, after;

        (void)sigprocmask(SIG_SETMASK, NULL, &before);
        CHILD_OK(foreground_begin(&f, false, &err));
        (void)kill(getpid(), SIGUSR1);
        /* Blocked while it starts, or the signal could end it before it waits: as spawn() does it. */
        c->pid = fork();
        if (c->pid == 0)
                waits_for_signal(SIGUSR1);
        c->pidfd = sys_pidfd_open(c->pid, 0);
        CHILD_TRUE(wait_for(f, c) == 42);
        foreground_end(f);
        (void)sigprocmask(SIG_SETMASK, NULL, &after);
        CHILD_TRUE(memcmp(&before, &after, sizeof(before)) == 0);
}

static void signals_are_forwarded(void **state)
{
        (void)state;
        try(early_signal);
}

/* A broken pipe of ours does not concern the program, and must not end us when the mask is the old one
 * again. */
static void broken_pipe(struct ctx *c)
{
        struct foreground *f;
        int fds[2];

        CHILD_TRUE(pipe(fds) == 0);
        (void)close(fds[0]);
        CHILD_OK(foreground_begin(&f, false, &err));
        CHILD_TRUE(write(fds[1], "x", 1) < 0 && errno == EPIPE);
        start(c, exits_later, 0);
        CHILD_TRUE(wait_for(f, c) == 0);
        foreground_end(f);
}

static void a_broken_pipe_ends_nothing(void **state)
{
        (void)state;
        try(broken_pipe);
}

static void interruptible(struct ctx *c)
{
        struct foreground *f;
        sigset_t mask;

        (void)c;
        CHILD_OK(foreground_begin(&f, false, &err));
        foreground_interruptible(f, true);
        (void)sigprocmask(SIG_SETMASK, NULL, &mask);
        CHILD_TRUE(!sigismember(&mask, SIGTERM));
        foreground_interruptible(f, false);
        (void)sigprocmask(SIG_SETMASK, NULL, &mask);
        CHILD_TRUE(sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGSEGV) == 0);
        foreground_interruptible(NULL, true);
        foreground_end(f);
        foreground_end(NULL);
}

static void a_wait_without_an_end_can_be_interrupted(void **state)
{
        (void)state;
        try(interruptible);
}

/* ---- orphans ------------------------------------------------------------------------------------------- */

/* Leaves a process behind, which becomes a child of the subreaper; ends when that has reaped it. */
static void leaves_an_orphan(int seconds)
{
        int64_t deadline = clock_now_ms() + seconds * 1000;
        pid_t middle, orphan = 0;
        int fds[2];

        CHILD_TRUE(pipe(fds) == 0);
        middle = fork();
        if (middle == 0) {
                orphan = fork();
                if (orphan > 0)
                        (void)!write(fds[1], &orphan, sizeof(orphan));
                _exit(0);
        }
        CHILD_TRUE(read(fds[0], &orphan, sizeof(orphan)) == sizeof(orphan));
        CHILD_TRUE(waitpid(middle, NULL, 0) == middle);
        while (kill(orphan, 0) == 0 && clock_now_ms() < deadline)
                clock_sleep_us(1000);
        _exit(kill(orphan, 0) == 0 ? 1 : 42);
}

static void subreaper(struct ctx *c)
{
        struct foreground *f;
        int on = 0;

        CHILD_OK(foreground_begin(&f, true, &err));
        CHILD_TRUE(prctl(PR_GET_CHILD_SUBREAPER, &on) == 0 && on == 1);
        start(c, leaves_an_orphan, 10);
        CHILD_TRUE(wait_for(f, c) == 42);
        foreground_end(f);
}

static void orphans_are_reaped(void **state)
{
        (void)state;
        try(subreaper);
}

/* ---- the terminal -------------------------------------------------------------------------------------- */

/* Answers a line from the terminal. */
static void answers(int slave)
{
        char line[64];
        ssize_t n = read(slave, line, sizeof(line));

        CHILD_TRUE(n == 6 && memcmp(line, "hello\n", 6) == 0);
        CHILD_TRUE(write(slave, "world", 5) == 5);
        _exit(3);
}

/* Our stdin and stdout are pipes; the master comes over a socket, as from the init (steps/terminal.c). */
static void relay_bytes(struct ctx *c)
{
        int in[2], out[2], peers[2], master, slave;
        struct termios t;
        struct foreground *f;
        char text[64] = "";
        char path[64];

        CHILD_TRUE(pipe(in) == 0 && pipe(out) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, peers) == 0);
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
        if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
            ptsname_r(master, path, sizeof(path)) != 0)
                _exit(0); /* no devpts here */
        slave = open(path, O_RDWR | O_NOCTTY);
        CHILD_TRUE(slave >= 0 && tcgetattr(slave, &t) == 0);
        t.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(slave, TCSANOW, &t);
        CHILD_TRUE(unix_send(peers[0], "tty", 3, master) == 3);
        c->console_peer = peers[1];
        CHILD_OK(foreground_begin(&f, false, &err));
        CHILD_TRUE(write(in[1], "hello\n", 6) == 6);
        CHILD_TRUE(dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1);
        start(c, answers, slave);
        (void)close(slave);
        CHILD_TRUE(wait_for(f, c) == 3);
        foreground_end(f);
        CHILD_TRUE(read(out[0], text, sizeof(text) - 1) == 5);
        CHILD_TRUE(strcmp(text, "world") == 0);
}

static void bytes_go_both_ways(void **state)
{
        int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

        (void)state;
        if (fd < 0)
                TEST_SKIP("no /dev/ptmx");
        (void)close(fd);
        try(relay_bytes);
}

static void no_master(struct ctx *c)
{
        struct cfs_error err = { 0 };
        struct foreground *f;
        int peers[2], status;

        CHILD_TRUE(socketpair(AF_UNIX, SOCK_STREAM, 0, peers) == 0);
        c->console_peer = peers[1];
        CHILD_TRUE(foreground_begin(&f, false, &err) == 0);
        start(c, exits, 0);
        CHILD_TRUE(foreground_wait(f, c, NULL, &err) < 0);
        CHILD_TRUE(err.code == CFS_E_BUG && strstr(err.text, "did not hand over its terminal"));
        (void)proc_reap(c->pid, &status);
        foreground_end(f);
}

static void an_init_without_its_terminal_is_an_error(void **state)
{
        (void)state;
        try(no_master);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_exit_code_comes_back),
                cmocka_unit_test(signals_are_forwarded),
                cmocka_unit_test(a_broken_pipe_ends_nothing),
                cmocka_unit_test(a_wait_without_an_end_can_be_interrupted),
                cmocka_unit_test(orphans_are_reaped),
                cmocka_unit_test(bytes_go_both_ways),
                cmocka_unit_test(an_init_without_its_terminal_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
