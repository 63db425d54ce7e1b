/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said to systemd: names, values, messages. The conversation itself is tested where systemd is
 * (tests/vm). */
#include "test.h"
#include "dbus/dbus.h"
#include "dbus/gvariant.h"
#include "libcfs/cgroup/manager/unit.h"
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static void names(const char *path, bool user, const char *want_slice, const char *want_unit)
{
        _cleanup_free_ char *slice = NULL, *unit = NULL;
        struct cfs_error err;

        assert_ok(unit_names(path, "web", user, &slice, &unit, &err));
        assert_string_equal(slice, want_slice);
        assert_string_equal(unit, want_unit);
}

static void units_are_named(void **state)
{
        (void)state;
        names(NULL, false, "system.slice", "cfs-web.scope");
        names("", true, "user.slice", "cfs-web.scope");
        names("machine.slice:libpod:abc", false, "machine.slice", "libpod-abc.scope");
        names("machine.slice::abc", false, "machine.slice", "abc.scope");
        names(":docker:abc", false, "system.slice", "docker-abc.scope");
        names("-:x:y", false, "-.slice", "x-y.scope");
        names("kube.slice:cri:kube-pod.slice", false, "kube.slice", "kube-pod.slice");
}

static void bad_paths_are_refused(void **state)
{
        static const char *const bad[] = { "/a/b", "a:b", "a:b:c:d", "a.slice:p:x/y", "a.slice:p:x y" };
        _cleanup_free_ char *slice = NULL, *unit = NULL;
        struct cfs_error err;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                assert_fails(unit_names(bad[i], "web", false, &slice, &unit, &err), EINVAL);
                assert_string_equal(err.property, "linux.cgroupsPath");
        }
}

static void slices_expand(void **state)
{
        static const char *const bad[] = { "a", ".slice", "a--b.slice", "-a.slice", "a-.slice", "a/b.slice" };
        static const char *const good[][2] = { { "-.slice", "" },
                                               { "system.slice", "/system.slice" },
                                               { "a-b-cd.slice", "/a.slice/a-b.slice/a-b-cd.slice" } };
        struct cfs_error err;
        char *path;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                assert_ok(unit_slice_path(good[i][0], &path, &err));
                assert_string_equal(path, good[i][1]);
                free(path);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_fails(unit_slice_path(bad[i], &path, &err), EINVAL);
}

/* "SIGNATURE: bytes in hex" of a variant; "-" when it is refused. */
static void expect(const char *text, bool seconds, const char *want)
{
        _cleanup_dbus_body_ struct dbus_body b = { 0 };
        char got[1024] = "-";

        if (gvariant_put(&b, text, seconds) == 0) {
                size_t n = (size_t)snprintf(got, sizeof(got), "%s:", b.s.p + 1);

                for (size_t i = 2 + (uint8_t)b.s.p[0]; i < b.s.len && n < sizeof(got); i++)
                        n += (size_t)snprintf(got + n, sizeof(got) - n, " %02x", (uint8_t)b.s.p[i]);
        }
        if (!STREQ(got, want))
                fail_msg("%s\n  wanted %s\n  got    %s", text, want, got);
}

static void values(void **state)
{
        (void)state;
        if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
                TEST_SKIP("the expected bytes are little-endian");
        /* A variant's signature is 3 bytes long here (length, letter, NUL): padding follows it. */
        expect("uint32 7", false, "u: 00 07 00 00 00");
        expect("7", false, "i: 00 07 00 00 00");
        expect("-1", false, "i: 00 ff ff ff ff");
        expect("byte 0x10", false, "y: 10");
        expect("int16 -2", false, "n: 00 fe ff");
        expect("uint64 5", false, "t: 00 00 00 00 00 05 00 00 00 00 00 00 00");
        expect("true", false, "b: 00 01 00 00 00");
        expect(" false ", false, "b: 00 00 00 00 00");
        expect("'ab'", false, "s: 00 02 00 00 00 61 62 00");
        expect("\"a\\\"b\"", false, "s: 00 03 00 00 00 61 22 62 00");
        expect("['a', 'b']", false, "as: 0e 00 00 00 01 00 00 00 61 00 00 00 01 00 00 00 62 00");
        expect("@as []", false, "as: 00 00 00 00");
        expect("1.5", false, "d: 00 00 00 00 00 00 00 00 00 00 00 f8 3f");
        expect("[('x', uint64 1)]", false,
               "a(st): 00 10 00 00 00 00 00 00 00 01 00 00 00 78 00 00 00 01 00 00 00 00 00 00 00");
        expect("5", true, "t: 00 00 00 00 00 40 4b 4c 00 00 00 00 00");
        expect("uint64 1", true, "t: 00 00 00 00 00 40 42 0f 00 00 00 00 00");
        expect("0.5", true, "t: 00 00 00 00 00 20 a1 07 00 00 00 00 00");
}

static void nonsense_is_refused(void **state)
{
        static const char *const bad[] = { "",           "abc",
                                           "[]",         "['a', 1]",
                                           "['a' 'b']",  "'a",
                                           "'a' x",      "(1, 2",
                                           "uint32 -1",  "byte 256",
                                           "4294967296", "--5",
                                           "uint32 x",   "@ []",
                                           "@zz []",     "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
                                           "int32 'a'",  "[1, uint32 2]",
                                           "true 1",     "@as [1]" };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                expect(bad[i], false, "-");
        expect("'5'", true, "-");
        expect("-1", true, "-");
        expect("5 s", true, "-");
        expect("nan", true, "-");
}

/* A bus of our own: answers Hello, then any call with the given text as an error, or not at all. */
static void serve(int listener, bool silent)
{
        char buf[8192];
        struct dbus_message ignored;
        int fd = accept(listener, NULL, NULL);
        ssize_t n, used = 0;
        unsigned replies = 0;

        if (fd < 0)
                _exit(1);
        while ((n = read(fd, buf + used, sizeof(buf) - (size_t)used)) > 0) {
                _cleanup_dbus_body_ struct dbus_body m = { 0 };
                size_t fields;

                used += n;
                (void)ignored;
                if (silent)
                        continue;
                if (replies++ == 0)
                        (void)!write(fd, "DATA\r\nOK 0123\r\n", 15);
                /* Serial 2 is the first call after Hello. */
                dbus_put_byte(&m, 'l');
                dbus_put_byte(&m, DBUS_ERROR);
                dbus_put_byte(&m, 0);
                dbus_put_byte(&m, 1);
                dbus_put_u32(&m, 4 + 9 + 1);
                dbus_put_u32(&m, replies);
                fields = dbus_put_array_begin(&m, 8);
                dbus_put_byte(&m, 4);
                dbus_put_signature(&m, "s");
                dbus_put_string(&m, "org.x.Failed");
                dbus_put_align(&m, 8);
                dbus_put_byte(&m, 5);
                dbus_put_signature(&m, "u");
                dbus_put_u32(&m, 2);
                dbus_put_align(&m, 8);
                dbus_put_byte(&m, 8);
                dbus_put_signature(&m, "g");
                dbus_put_signature(&m, "s");
                dbus_put_array_end(&m, fields);
                dbus_put_align(&m, 8);
                dbus_put_u32(&m, 9);
                str_add_n(&m.s, "no thanks", 10);
                /* In two parts: a message need not come in one piece. */
                (void)!write(fd, m.s.p, 20);
                usleep(10000);
                (void)!write(fd, m.s.p + 20, m.s.len - 20);
        }
        _exit(0);
}

static pid_t start_bus(char *dir, bool silent)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        char address[256];
        pid_t pid;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/bus", dir);
        assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        assert_int_equal(listen(fd, 1), 0);
        (void)snprintf(address, sizeof(address), "unix:path=%s,guid=0123", a.sun_path);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
        pid = fork();
        if (pid == 0)
                serve(fd, silent);
        close(fd);
        return pid;
}

static void an_error_answer_becomes_ours(void **state)
{
        const struct dbus_method method = { "a.b", "/", "a.b", "C", "" };
        struct dbus_answer answer = { 0 };
        char *dir = test_mkdir();
        pid_t pid = start_bus(dir, false);
        struct dbus *d;
        struct cfs_error err;

        (void)state;
        assert_ok(dbus_open(false, 5000, &d, &err));
        assert_true(dbus_call(d, &method, NULL, &answer, &err) < 0);
        assert_string_equal(answer.error, "org.x.Failed");
        assert_contains(err.text, "no thanks");
        dbus_close(d);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
        test_rmdir(dir);
}

static void silence_ends_at_the_deadline(void **state)
{
        char *dir = test_mkdir();
        pid_t pid = start_bus(dir, true);
        struct dbus *d;
        struct cfs_error err = { 0 };

        (void)state;
        assert_true(dbus_open(false, 100, &d, &err) < 0);
        assert_int_equal(err.code, CFS_E_TIMEOUT);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
        test_rmdir(dir);
}

static void without_a_bus_the_socket_is_named(void **state)
{
        struct dbus *d;
        struct cfs_error err = { 0 };

        (void)state;
        setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
        assert_true(dbus_open(false, 100, &d, &err) < 0);
        assert_contains(err.text, "/nonexistent/bus");
        assert_true(err.hint[0] != '\0');
        setenv("DBUS_SYSTEM_BUS_ADDRESS", "tcp:host=localhost", 1);
        assert_fails(dbus_open(false, 100, &d, &err), EOPNOTSUPP);
        unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

/* Every byte of a message changed, every prefix of it: read or refused, but never beyond its end. */
static void mutilated_messages_are_harmless(void **state)
{
        _cleanup_dbus_body_ struct dbus_body m = { 0 };
        struct dbus_message parsed;
        size_t fields;

        (void)state;
        dbus_put_byte(&m, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B');
        dbus_put_byte(&m, DBUS_SIGNAL);
        dbus_put_byte(&m, 0);
        dbus_put_byte(&m, 1);
        dbus_put_u32(&m, 0);
        dbus_put_u32(&m, 1);
        fields = dbus_put_array_begin(&m, 8);
        dbus_put_byte(&m, 3);
        dbus_put_signature(&m, "s");
        dbus_put_string(&m, "JobRemoved");
        dbus_put_array_end(&m, fields);
        dbus_put_align(&m, 8);
        assert_int_equal(dbus_parse(m.s.p, m.s.len, &parsed), 0);
        assert_string_equal(parsed.member, "JobRemoved");
        for (size_t n = 0; n < m.s.len; n++) {
                _cleanup_free_ char *copy = malloc(n + 1);

                memcpy(copy, m.s.p, n);
                assert_int_equal(dbus_parse(copy, n, &parsed), -EBADMSG);
        }
        for (size_t at = 0; at < m.s.len; at++) {
                for (unsigned v = 0; v < 256; v += 3) {
                        _cleanup_free_ char *copy = malloc(m.s.len);

                        memcpy(copy, m.s.p, m.s.len);
                        copy[at] = (char)v;
                        if (dbus_parse(copy, m.s.len, &parsed) == 0)
                                assert_true(strlen(parsed.member) <= 10);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(units_are_named),
                cmocka_unit_test(bad_paths_are_refused),
                cmocka_unit_test(slices_expand),
                cmocka_unit_test(values),
                cmocka_unit_test(nonsense_is_refused),
                cmocka_unit_test(an_error_answer_becomes_ours),
                cmocka_unit_test(silence_ends_at_the_deadline),
                cmocka_unit_test(without_a_bus_the_socket_is_named),
                cmocka_unit_test(mutilated_messages_are_harmless),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
