/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversation between runtime and init, over a socket pair: what it hands on, and what a hostile peer
 * sends. The init has touched what the container controls, so the runtime must take any packet for an answer
 * or for an error, with strings that end, and keep no descriptor that it did not ask for.
 */
#include "test.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/unix.h"
#include "libcfs/process/sync.h"
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* As in sync.c: a change there shows here. */
enum { HERE = 1, FAILED, LOG, FD, GO, EXEC, PID };
#define HEADER 8

struct raw {
        uint32_t type, value;
        char rest[8192];
};

static struct sync a, b;
static struct cfs_error err;
static char logged[2048];
static enum log_level logged_level;

static int begin(void **state)
{
        (void)state;
        logged[0] = '\0';
        assert_ok(sync_pair(&a, &b, &err));
        return 0;
}

static int end(void **state)
{
        (void)state;
        log_set_handler(NULL, NULL, LOG_LEVEL_DEBUG);
        sync_close(&a);
        sync_close(&b);
        return 0;
}

/* From b to a, whatever it is. */
static void peer_sends(uint32_t type, uint32_t value, const void *rest, size_t n, int fd)
{
        struct raw p = { .type = type, .value = value };

        if (rest)
                memcpy(p.rest, rest, n);
        assert_int_equal(unix_send(b.fd, &p, HEADER + n, fd), (ssize_t)(HEADER + n));
}

static void keep_log(void *data, enum log_level level, const char *message)
{
        (void)data;
        logged_level = level;
        (void)snprintf(logged, sizeof(logged), "%s", message);
}

static void assert_bug(int r, const char *part)
{
        assert_true(r < 0);
        assert_int_equal(err.code, CFS_E_BUG);
        assert_contains(err.text, part);
}

/* ---- what it is for ---- */

static void two_sides_meet(void **state)
{
        struct raw p;
        int fd = -1;

        (void)state;
        peer_sends(HERE, 7, NULL, 0, -1);
        assert_ok(sync_meet(&a, 7, "identity", &err));
        assert_string_equal(a.last, "identity");
        assert_int_equal(unix_receive(b.fd, &p, sizeof(p), 0, &fd), HEADER);
        assert_int_equal(p.type, HERE);
        assert_int_equal(p.value, 7);
}

static void words_and_descriptors_arrive(void **state)
{
        int pipe_fds[2], fd;

        (void)state;
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        assert_ok(sync_send_fd(&b, pipe_fds[0], &err));
        assert_ok(fd = sync_recv_fd(&a, &err));
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        (void)close(fd);
        (void)close(pipe_fds[0]);
        (void)close(pipe_fds[1]);
        assert_ok(sync_send_pid(&b, 4711, &err));
        assert_int_equal(sync_recv_pid(&a, &err), 4711);
        assert_ok(sync_send_go(&a, &err));
        assert_ok(sync_wait_go(&b, &err));
        assert_ok(sync_send_exec(&b, &err));
        sync_close(&b);
        assert_ok(sync_wait_exec(&a, &err));
}

static void an_error_arrives_whole(void **state)
{
        struct cfs_error sent = { 0 }, got = { 0 };

        (void)state;
        (void)err_path(&sent, ENOENT, "openat2", "/x", "open `%s`", "/x");
        assert_int_equal(sync_send_failed(&b, &sent), 1);
        assert_int_equal(sync_meet(&a, 1, "identity", &got), -ENOENT);
        assert_memory_equal(&got, &sent, sizeof(got));
        assert_true(a.told);
}

/* The words of a peer that is gone are better than the EPIPE of ours. */
static void a_peer_that_has_failed_and_gone_is_heard(void **state)
{
        struct cfs_error sent = { 0 };

        (void)state;
        (void)err_set(&sent, CFS_E_INVALID, "this is why");
        peer_sends(HERE, 1, NULL, 0, -1);
        (void)sync_send_failed(&b, &sent);
        sync_close(&b);
        err = (struct cfs_error){ 0 };
        assert_true(sync_meet(&a, 1, "identity", &err) < 0);
        assert_string_equal(err.text, "this is why");
}

static void a_peer_that_ends_without_a_word(void **state)
{
        (void)state;
        a.last = "mounted";
        sync_close(&b);
        assert_fails(sync_wait_go(&a, &err), ECONNRESET);
        assert_int_equal(err.code, CFS_E_DIED);
        assert_contains(err.text, "`mounted`");
        assert_fails(sync_wait_exec(&a, &err), ECONNRESET); /* it had not said that the execve is next */
        assert_fails(sync_meet(&a, 1, "identity", &err), ECONNRESET);
        assert_int_equal(sync_look(&a, &err), 1);
}

static void messages_of_the_init_are_logged(void **state)
{
        (void)state;
        log_set_handler(keep_log, NULL, LOG_LEVEL_DEBUG);
        sync_log_handler(&b, LOG_LEVEL_WARNING, "be warned");
        peer_sends(GO, 0, NULL, 0, -1);
        assert_ok(sync_wait_go(&a, &err));
        assert_string_equal(logged, "be warned");
        assert_int_equal(logged_level, LOG_LEVEL_WARNING);
}

/* ---- a hostile peer ---- */

static void another_row_or_word_is_a_mistake(void **state)
{
        const uint32_t nonsense[] = { 0x41414141, 99, 1U << 31 };

        (void)state;
        peer_sends(HERE, 8, NULL, 0, -1);
        assert_bug(sync_meet(&a, 7, "identity", &err), "is at row 8");
        for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
                peer_sends(nonsense[i], 7, NULL, 0, -1);
                assert_bug(sync_meet(&a, 7, "identity", &err), "identity");
                peer_sends(nonsense[i], 0, NULL, 0, -1);
                assert_bug(sync_wait_go(&a, &err), "unexpected packet");
                peer_sends(nonsense[i], 0, NULL, 0, -1);
                assert_bug(sync_wait_exec(&a, &err), "unexpected packet");
                peer_sends(nonsense[i], 0, NULL, 0, -1);
                assert_bug(sync_recv_fd(&a, &err), "expected a descriptor");
                peer_sends(nonsense[i], 1, NULL, 0, -1);
                assert_bug(sync_recv_pid(&a, &err), "expected a pid");
        }
}

static void a_packet_that_is_too_short(void **state)
{
        const char part[HEADER] = { FAILED };

        (void)state;
        for (size_t n = 1; n < HEADER; n++) {
                assert_int_equal(unix_send(b.fd, part, n, -1), (ssize_t)n);
                assert_bug(sync_wait_go(&a, &err), "short packet");
        }
        for (size_t n = 0; n < sizeof(struct cfs_error); n += 97) {
                peer_sends(FAILED, 0, NULL, n, -1);
                assert_bug(sync_wait_go(&a, &err), "short error packet");
        }
}

static void strings_that_do_not_end_end(void **state)
{
        char rest[sizeof(struct cfs_error)];

        (void)state;
        memset(rest, 'A', sizeof(rest));
        peer_sends(FAILED, 0, rest, sizeof(rest), -1);
        err = (struct cfs_error){ 0 };
        assert_true(sync_wait_go(&a, &err) < 0);
        assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
        assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
        assert_int_equal(strlen(err.path), sizeof(err.path) - 1);
        assert_int_equal(strlen(err.phase), sizeof(err.phase) - 1);
        assert_int_equal(strlen(err.syscall), sizeof(err.syscall) - 1);
        assert_int_equal(strlen(err.property), sizeof(err.property) - 1);
}

/* ECMA-48's sequences and a second line, which would look like a message of ours. */
static void what_would_command_a_terminal_does_not_arrive(void **state)
{
        struct cfs_error sent = { .code = (enum cfs_code)77, .caret = UINT32_MAX };

        (void)state;
        memset(sent.excerpt, 'A', sizeof(sent.excerpt));
        (void)snprintf(sent.text, sizeof(sent.text), "%s", "a\033[31m\ncfs: all is well\302\233");
        (void)snprintf(sent.hint, sizeof(sent.hint), "%s", "\033]0;title\007");
        (void)snprintf(sent.property, sizeof(sent.property), "%s", "x\033");
        peer_sends(FAILED, 0, &sent, sizeof(sent), -1);
        assert_true(sync_wait_go(&a, &err) < 0);
        assert_non_null(strstr(err.text, "a?[31m cfs: all is well??"));
        assert_string_equal(err.hint, "?]0;title?");
        assert_string_equal(err.property, "x?");
        assert_string_equal(err.excerpt, "");
        assert_int_equal(err.caret, 0);
        assert_int_equal(err.code, CFS_E_BUG);
}

/* Whatever number it names: what is returned is an error. */
static void an_error_is_never_a_success(void **state)
{
        const int numbers[] = { 0, -1, -ENOENT, INT32_MIN, INT32_MAX, 4096 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                const struct cfs_error sent = { .errnum = numbers[i] };

                peer_sends(FAILED, 0, &sent, sizeof(sent), -1);
                assert_true(sync_wait_go(&a, &err) < 0);
        }
}

static void a_message_of_any_length_and_level(void **state)
{
        char text[8000];

        (void)state;
        log_set_handler(keep_log, NULL, LOG_LEVEL_DEBUG);
        memset(text, 'x', sizeof(text));
        for (size_t n = 0; n <= sizeof(text); n += 800) {
                logged[0] = '\0';
                peer_sends(LOG, 0xffffffff, text, n, -1);
                peer_sends(GO, 0, NULL, 0, -1);
                assert_ok(sync_wait_go(&a, &err));
                assert_true(strlen(logged) <= n && strspn(logged, "x") == strlen(logged));
                assert_int_equal(logged_level, LOG_LEVEL_DEBUG);
        }
}

static void a_pid_is_a_number_above_zero(void **state)
{
        const uint32_t numbers[] = { 0, 1U << 31, UINT32_MAX };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                peer_sends(PID, numbers[i], NULL, 0, -1);
                assert_bug(sync_recv_pid(&a, &err), "expected a pid");
        }
}

/* Whatever packet a descriptor comes with: only sync_recv_fd() keeps one. */
static void descriptors_that_nothing_asked_for_are_closed(void **state)
{
        const struct cfs_error why = { 0 };
        int fds = test_count_fds();

        (void)state;
        peer_sends(LOG, 0, "x", 1, STDIN_FILENO);
        peer_sends(EXEC, 0, NULL, 0, STDIN_FILENO);
        peer_sends(LOG, 0, "x", 1, STDIN_FILENO);
        peer_sends(GO, 0, NULL, 0, STDIN_FILENO);
        assert_ok(sync_wait_go(&a, &err));
        assert_int_equal(test_count_fds(), fds);
        peer_sends(HERE, 1, NULL, 0, STDIN_FILENO);
        assert_ok(sync_meet(&a, 1, "identity", &err));
        assert_int_equal(test_count_fds(), fds);
        peer_sends(GO, 0, NULL, 0, STDIN_FILENO);
        assert_bug(sync_recv_fd(&a, &err), "expected a descriptor");
        assert_int_equal(test_count_fds(), fds);
        peer_sends(PID, 5, NULL, 0, STDIN_FILENO);
        assert_int_equal(sync_recv_pid(&a, &err), 5);
        peer_sends(FAILED, 0, &why, sizeof(why), STDIN_FILENO);
        assert_true(sync_recv_fd(&a, &err) < 0);
        peer_sends(LOG, 0, "x", 1, STDIN_FILENO);
        assert_int_equal(sync_look(&a, &err), 0);
        assert_int_equal(test_count_fds(), fds);
        peer_sends(FD, 0, NULL, 0, -1); /* and one that is missing */
        assert_bug(sync_recv_fd(&a, &err), "expected a descriptor");
}

/* ---- a peer that talks without end ---- */

static int waited;

static void count_wait(void *data)
{
        (void)data;
        waited++;
}

static void count_log(void *data, enum log_level level, const char *message)
{
        (void)level;
        (void)message;
        ++*(unsigned *)data;
}

/* Another process that sends one packet after the other, with a pause, until a is closed. */
static pid_t talk(uint32_t type, unsigned pause_us)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                struct raw p = { .type = type, .value = LOG_LEVEL_WARNING, .rest = "and on" };

                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                sync_close(&a);
                while (unix_send(b.fd, &p, HEADER + 8, -1) > 0)
                        if (pause_us)
                                clock_sleep_us(pause_us);
                _exit(0);
        }
        return pid;
}

static void end_talk(pid_t pid)
{
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_flood_has_an_end_and_so_has_the_log(void **state)
{
        const uint32_t types[] = { LOG, EXEC };
        unsigned messages = 0;

        (void)state;
        log_set_handler(count_log, &messages, LOG_LEVEL_DEBUG);
        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                pid_t pid = talk(types[i], 0);

                a.packets = 0;
                assert_bug(sync_wait_go(&a, &err), "talks on");
                end_talk(pid);
        }
        assert_in_range(messages, SYNC_MAX_MESSAGES, SYNC_MAX_MESSAGES + 1);
}

/* Not so many that the packets are counted out: the deadline goes on meanwhile. */
static void talking_is_not_answering(void **state)
{
        pid_t pid = talk(LOG, 100000);
        int64_t began = clock_now_ms();

        (void)state;
        waited = 0;
        sync_watch(&a, count_wait, NULL);
        a.deadline_ms = 3000;
        assert_true(sync_meet(&a, 1, "identity", &err) < 0);
        assert_int_equal(err.code, CFS_E_TIMEOUT);
        assert_contains(err.text, "has not come to its next step");
        assert_true(a.timed_out && waited > 0);
        assert_in_range(clock_now_ms() - began, 2500, 20000);
        end_talk(pid);
}

/* Where a hook may take as long as it likes, the user may still say that it is enough. */
static void a_signal_ends_what_talking_prolongs(void **state)
{
        pid_t pid = talk(LOG, 50000), self = getpid();
        sigset_t old;
        pid_t sender;

        (void)state;
        signals_block_ends(&old);
        sender = fork();
        if (sender == 0) {
                clock_sleep_us(300000);
                _exit(kill(self, SIGTERM) < 0);
        }
        sync_watch(&a, count_wait, NULL);
        a.forever = true;
        assert_true(sync_meet(&a, 1, "identity", &err) < 0);
        assert_contains(err.text, "ended by signal 15");
        assert_int_equal(waitpid(sender, NULL, 0), sender);
        end_talk(pid);
        assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
}

/* After a failure of ours: one look, however much there is to see. */
static void a_look_has_an_end(void **state)
{
        pid_t pid = talk(LOG, 0);

        (void)state;
        for (int i = 0; i < 20; i++)
                assert_int_equal(sync_look(&a, &err), 0);
        end_talk(pid);
}

/* Our words do not reach it (EPIPE), as if it had gone; what it sends then is searched for its error. */
static void a_peer_that_only_closes_its_ears(void **state)
{
        pid_t pid;

        (void)state;
        assert_int_equal(shutdown(b.fd, SHUT_RD), 0);
        pid = talk(HERE, 0);
        assert_bug(sync_send_go(&a, &err), "talks on");
        end_talk(pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(two_sides_meet),
                TEST(words_and_descriptors_arrive),
                TEST(an_error_arrives_whole),
                TEST(a_peer_that_has_failed_and_gone_is_heard),
                TEST(a_peer_that_ends_without_a_word),
                TEST(messages_of_the_init_are_logged),
                TEST(another_row_or_word_is_a_mistake),
                TEST(a_packet_that_is_too_short),
                TEST(strings_that_do_not_end_end),
                TEST(what_would_command_a_terminal_does_not_arrive),
                TEST(an_error_is_never_a_success),
                TEST(a_message_of_any_length_and_level),
                TEST(a_pid_is_a_number_above_zero),
                TEST(descriptors_that_nothing_asked_for_are_closed),
                TEST(a_flood_has_an_end_and_so_has_the_log),
                TEST(talking_is_not_answering),
                TEST(a_signal_ends_what_talking_prolongs),
                TEST(a_look_has_an_end),
                TEST(a_peer_that_only_closes_its_ears),
        };

        return cmocka_run_group_tests_name("sync", tests, NULL, NULL);
}
