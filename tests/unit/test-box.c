/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parsing parts of cfs-box: quantities, ports, restart policies, users of an image, names of members,
 * lines of logs, CNI configurations, digests, the bounds of unpacking.
 */
#include "test.h"
#include "base/cleanup.h"
#include "box/bundle/parse.h"
#include "box/bundle/user.h"
#include "box/core/digest.h"
#include "box/image/member.h"
#include "box/image/unpack.h"
#include "box/monitor/log.h"
#include "box/net/cni.h"
#include "box/net/slice.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int64_t bytes(const char *text)
{
        struct cfs_error err;
        int64_t n;

        return parse_bytes("memory", text, true, &n, &err) < 0 ? -2 : n;
}

static void sizes_are_as_docker_has_them(void **state)
{
        assert_int_equal(bytes("4096"), 4096);
        assert_int_equal(bytes("512m"), 512LL << 20);
        assert_int_equal(bytes("1.5G"), 3LL << 29);
        assert_int_equal(bytes("64MiB"), 64LL << 20);
        assert_int_equal(bytes("64kb"), 65536);
        assert_int_equal(bytes("-1"), -1);
        assert_int_equal(bytes("0"), 0);
        assert_int_equal(bytes(""), -2);
        assert_int_equal(bytes("m"), -2);
        assert_int_equal(bytes("12x"), -2);
        assert_int_equal(bytes("-2"), -2);
        assert_int_equal(bytes("1 g"), -2);
        assert_int_equal(bytes("99999999999999999999"), -2);
        assert_int_equal(bytes("9999999p"), -2);
}

static void processors_are_thousandths(void **state)
{
        struct cfs_error err;
        uint64_t n;

        assert_return_code(parse_milli("cpus", "1.5", &n, &err), 0);
        assert_int_equal(n, 1500);
        assert_return_code(parse_milli("cpus", "0.01", &n, &err), 0);
        assert_int_equal(n, 10);
        assert_int_equal(parse_milli("cpus", "0", &n, &err), -EINVAL);
        assert_int_equal(parse_milli("cpus", "-1", &n, &err), -EINVAL);
        assert_int_equal(parse_milli("cpus", "two", &n, &err), -EINVAL);
        assert_non_null(strstr(err.text, "--cpus two"));
}

/* "ADDRESS HOST CONTAINER COUNT PROTOCOL", or "bad" */
static const char *port(const char *text)
{
        static char buf[128];
        struct cfs_error err;
        struct parse_port p;

        if (parse_port(text, &p, &err) < 0)
                return "bad";
        (void)snprintf(buf, sizeof(buf), "%s %u %u %u %s", p.address, p.host, p.container, p.count,
                       p.protocol);
        return buf;
}

static void ports_have_four_forms(void **state)
{
        assert_string_equal(port("80"), " 80 80 1 tcp");
        assert_string_equal(port("8080:80/udp"), " 8080 80 1 udp");
        assert_string_equal(port("127.0.0.1:8080:80"), "127.0.0.1 8080 80 1 tcp");
        assert_string_equal(port("127.0.0.1::80"), "127.0.0.1 80 80 1 tcp");
        assert_string_equal(port("[::1]:8080:80"), "::1 8080 80 1 tcp");
        assert_string_equal(port("8000-8002:80-82"), " 8000 80 3 tcp");
        assert_string_equal(port("0:80"), " 80 80 1 tcp");
        assert_string_equal(port("::1:8080:80"), "bad");
        assert_string_equal(port("1.2.3:8080:80"), "bad");
        assert_string_equal(port("8080:80:90:1"), "bad");
        assert_string_equal(port(""), "bad");
        assert_string_equal(port("0"), "bad");
        assert_string_equal(port("65536"), "bad");
        assert_string_equal(port("80:"), "bad");
        assert_string_equal(port("8000-8002:80"), "bad");
        assert_string_equal(port("82-80"), "bad");
        assert_string_equal(port("80/icmp"), "bad");
        assert_string_equal(port("ho\"st:80:80"), "bad");
}

static void restart_policies(void **state)
{
        struct cfs_error err;
        enum parse_restart p;
        unsigned max;

        assert_return_code(parse_restart("on-failure:3", &p, &max, &err), 0);
        assert_int_equal(p, PARSE_RESTART_ON_FAILURE);
        assert_int_equal(max, 3);
        assert_return_code(parse_restart("unless-stopped", &p, &max, &err), 0);
        assert_int_equal(p, PARSE_RESTART_ALWAYS);
        assert_int_equal(parse_restart("on-failure:0", &p, &max, &err), -EINVAL);
        assert_int_equal(parse_restart("on-failures", &p, &max, &err), -EINVAL);
        assert_int_equal(parse_restart("", &p, &max, &err), -EINVAL);
}

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:the web:/srv/web:/bin/false\n"
                             "1000:x:7:8::/odd:/bin/sh\nbroken:x:twelve:1::/:\n\nlast:x:9:9:no end";
static const char group[] =
        "root:x:0:\nweb:x:34:\nextra:x:50:other,web\nmore:x:51:web\nnotweb:x:52:webx,xweb\n";

static void users_are_those_of_the_image(void **state)
{
        struct cfs_error err;
        struct user u;

        assert_return_code(user_find_in(passwd, group, NULL, &u, &err), 0);
        assert_int_equal(u.uid, 0);
        assert_string_equal(u.home, "/root");
        assert_return_code(user_find_in(passwd, group, "web", &u, &err), 0);
        assert_int_equal(u.uid, 33);
        assert_int_equal(u.gid, 34);
        assert_int_equal(u.n_groups, 2);
        assert_int_equal(u.groups[0], 50);
        assert_int_equal(u.groups[1], 51);
        assert_string_equal(u.home, "/srv/web");
        assert_return_code(user_find_in(passwd, group, "web:extra", &u, &err), 0);
        assert_int_equal(u.gid, 50);
        assert_int_equal(u.n_groups, 0);
        /* A name before a number, as docker; a number that no line has stands for itself. */
        assert_return_code(user_find_in(passwd, group, "1000", &u, &err), 0);
        assert_int_equal(u.uid, 7);
        assert_return_code(user_find_in(passwd, group, "33", &u, &err), 0);
        assert_int_equal(u.gid, 34);
        assert_return_code(user_find_in(passwd, group, "4242:17", &u, &err), 0);
        assert_int_equal(u.uid, 4242);
        assert_int_equal(u.gid, 17);
        assert_string_equal(u.home, "/");
        assert_return_code(user_find_in("", "", "0", &u, &err), 0);
        assert_int_equal(user_find_in(passwd, group, "nobody", &u, &err), -ENOENT);
        assert_non_null(strstr(err.text, "`nobody`"));
        assert_int_equal(user_find_in(passwd, group, "web:none", &u, &err), -ENOENT);
        assert_true(user_find_in(passwd, group, "broken", &u, &err) < 0);
        assert_true(user_find_in(passwd, group, "4294967295", &u, &err) < 0); /* (uid_t)-1 */
}

static void member(const char *name, const char *rename, const char *wanted)
{
        _cleanup_free_ char *path = NULL;
        struct cfs_error err;
        int r = member_path(name, rename, &path, &err);

        if (!wanted) {
                assert_true(r < 0);
                return;
        }
        assert_return_code(r, 0);
        assert_string_equal(path, wanted);
}

static void names_of_members_stay_below(void **state)
{
        char longest[300];

        member("a/b", NULL, "a/b");
        member("./a//b/", NULL, "a/b");
        member("/a/./b", NULL, "a/b");
        member("./", NULL, "");
        member("...", NULL, "...");
        member("a..b/..c", NULL, "a..b/..c");
        member("..", NULL, NULL);
        member("a/../b", NULL, NULL);
        member("a/..", NULL, NULL);
        member("/..", NULL, NULL);
        member("old/x", "new", "new/x");
        member("old", "new", "new");
        memset(longest, 'n', sizeof(longest));
        longest[256] = '\0';
        member(longest, NULL, NULL);
        longest[255] = '\0';
        member(longest, NULL, longest);
}

static void lines_of_the_log(void **state)
{
        static const char good[] = "2026-01-02T03:04:05.000000006+00:00 stderr F a b",
                          part[] = "2026-01-02T03:04:05+00:00 stdout P ";
        struct log_line l;

        assert_true(log_parse(good, strlen(good), &l));
        assert_true(l.is_stderr && l.whole);
        assert_int_equal(l.len, 3);
        assert_memory_equal(l.text, "a b", 3);
        assert_true(log_parse(part, strlen(part), &l));
        assert_true(!l.is_stderr && !l.whole);
        assert_int_equal(l.len, 0);
        assert_false(log_parse("", 0, &l));
        assert_false(log_parse("no log", 6, &l));
        assert_false(log_parse(part, strlen(part) - 1, &l));
}

static void plugins_get_their_own_words_and_ours(void **state)
{
        static const char list[] =
                "{ \"name\": \"n\", \"plugins\": [ { \"type\": \"a\", \"x\": { \"y\": [ {} ] } }, {\"type\":\"b\"} ], \"z\": [ {} ] }";
        _cleanup_free_ struct slice *slices = NULL;
        _cleanup_free_ char *config = NULL, *empty = NULL;
        struct cfs_error err;
        size_t n;

        assert_return_code(slice_objects(list, "plugins", &slices, &n, &err), 0);
        assert_int_equal(n, 2);
        assert_int_equal(strncmp(list + slices[0].offset, "{ \"type\": \"a\", \"x\": { \"y\": [ {} ] } }",
                                 slices[0].len),
                         0);
        assert_return_code(cni_config(list + slices[0].offset, slices[0].len, "n", "0.4.0", "{\"ips\":[]}",
                                      NULL, &config, &err),
                           0);
        assert_string_equal(
                config,
                "{\"cniVersion\":\"0.4.0\",\"name\":\"n\",\"prevResult\":{\"ips\":[]}, \"type\": \"a\", \"x\": { \"y\": [ {} ] } }");
        assert_return_code(cni_config("{ }", 3, "n", "1.0.0", NULL, "{}", &empty, &err), 0);
        assert_string_equal(empty, "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"runtimeConfig\":{} }");
        assert_int_equal(slice_objects("{\"plugins\":[", "plugins", &slices, &n, &err), -EINVAL);
}

/* FIPS 180-4's examples; and all lengths around a block, by another division of the same bytes. */
static void digests_are_sha256(void **state)
{
        char text[DIGEST_SIZE], other[DIGEST_SIZE], data[300];
        struct digest d;

        digest_of("", 0, text);
        assert_string_equal(text, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        digest_of("abc", 3, text);
        assert_string_equal(text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, text);
        assert_string_equal(text, "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (char)(i * 7);
        for (size_t n = 0; n < sizeof(data); n++) {
                digest_of(data, n, text);
                digest_init(&d);
                for (size_t i = 0; i < n; i++)
                        digest_add(&d, data + i, 1);
                digest_text(&d, other);
                assert_string_equal(text, other);
        }
        assert_true(digest_valid(text));
        text[10] = 'G';
        assert_false(digest_valid(text));
        assert_false(digest_valid("sha256:../../etc/passwd"));
}

/* Two blocks of zeros end an archive; what comes behind them is read for its digest, and bounded. */
static void what_is_unpacked_is_bounded(void **state)
{
        const struct unpack_options o = { .name = "bomb", .max_bytes = 1000, .max_members = 10 };
        struct unpack_result result;
        struct cfs_error err;
        char block[8192] = "", dir[] = "/tmp/unpack.XXXXXX";
        int fd = memfd_create("bomb", MFD_CLOEXEC), dir_fd;

        assert_non_null(mkdtemp(dir));
        dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0 && dir_fd >= 0);
        for (int i = 0; i < 2; i++)
                assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
        assert_return_code(lseek(fd, 0, SEEK_SET), errno);
        assert_return_code(unpack_stream(fd, dir_fd, &o, &result, &err), 0);
        assert_return_code(lseek(fd, 0, SEEK_END), errno);
        for (int i = 0; i < 8; i++)
                assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
        assert_return_code(lseek(fd, 0, SEEK_SET), errno);
        assert_true(unpack_stream(fd, dir_fd, &o, &result, &err) < 0);
        assert_string_equal(err.text, "bomb: unpacked, the archive has more than 21480 bytes");
        (void)close(dir_fd);
        (void)close(fd);
        assert_return_code(rmdir(dir), errno);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sizes_are_as_docker_has_them),
                cmocka_unit_test(processors_are_thousandths),
                cmocka_unit_test(ports_have_four_forms),
                cmocka_unit_test(restart_policies),
                cmocka_unit_test(users_are_those_of_the_image),
                cmocka_unit_test(names_of_members_stay_below),
                cmocka_unit_test(lines_of_the_log),
                cmocka_unit_test(plugins_get_their_own_words_and_ours),
                cmocka_unit_test(digests_are_sha256),
                cmocka_unit_test(what_is_unpacked_is_bounded),
        };

        return cmocka_run_group_tests_name("box", tests, NULL, NULL);
}
