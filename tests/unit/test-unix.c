/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/unix.h"

static int listen_at(int dir, const char *name)
{
        const struct sockaddr_un a = unix_address_at(dir, name);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
        assert_int_equal(listen(fd, 1), 0);
        return fd;
}

/* A directory of 200 characters, and in it a name of as many: longer than sun_path in both. */
static void long_paths(void **state)
{
        char top[] = "/tmp/cfs-test-unix-XXXXXX", name[101], path[512];
        int fd, dir, sock;

        (void)state;
        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        assert_non_null(mkdtemp(top));
        (void)snprintf(path, sizeof(path), "%s/%s%s", top, name, name);
        assert_int_equal(mkdir(path, 0700), 0);
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(dir >= 0);
        sock = listen_at(dir, "short");
        assert_int_equal(renameat(dir, "short", dir, name), 0);
        (void)snprintf(path, sizeof(path), "%s/%s%s/%s", top, name, name, name);
        fd = unix_connect(path, SOCK_STREAM);
        assert_true(fd >= 0);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        (void)close(fd);

        /* A name without a directory, too. */
        assert_int_equal(fchdir(dir), 0);
        fd = unix_connect(name, SOCK_STREAM);
        assert_true(fd >= 0);
        (void)close(fd);
        (void)close(sock);
        assert_int_equal(unix_connect(name, SOCK_STREAM), -ECONNREFUSED);
        assert_int_equal(unlinkat(dir, name, 0), 0);
        assert_int_equal(unix_connect(name, SOCK_STREAM), -ENOENT);
        assert_int_equal(unix_connect(path, SOCK_STREAM), -ENOENT);
        assert_int_equal(unix_connect("", SOCK_STREAM), -ENOENT);
        (void)close(dir);
        assert_int_equal(chdir("/"), 0);
        path[strlen(path) - strlen(name) - 1] = '\0';
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(rmdir(top), 0);
}

static void descriptors(void **state)
{
        int s[2], fd = -2, other;
        struct stat sent, got;
        char buf[8];

        (void)state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
        other = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(other >= 0);

        assert_int_equal(unix_send(s[0], "none", 4, -1), 4);
        assert_int_equal(unix_receive(s[1], buf, sizeof(buf), 0, &fd), 4);
        assert_int_equal(fd, -1);

        assert_int_equal(unix_send(s[0], "one", 3, other), 3);
        assert_int_equal(unix_receive(s[1], buf, sizeof(buf), 0, &fd), 3);
        assert_memory_equal(buf, "one", 3);
        assert_true(fd >= 0 && fd != other);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(fstat(other, &sent), 0);
        assert_int_equal(fstat(fd, &got), 0);
        assert_int_equal(sent.st_ino, got.st_ino);
        (void)close(fd);

        assert_int_equal(unix_receive(s[1], buf, sizeof(buf), MSG_DONTWAIT, &fd), -EAGAIN);
        assert_int_equal(fd, -1);
        (void)close(s[1]);
        assert_int_equal(unix_send(s[0], "x", 1, -1), -EPIPE); /* and no SIGPIPE */
        (void)close(s[0]);
        (void)close(other);
}

/* When a peer sends two descriptors we keep one, and none leaks. */
static void too_many(void **state)
{
        union {
                struct cmsghdr align;
                char buf[CMSG_SPACE(2 * sizeof(int))];
        } control = { 0 };
        struct iovec iov = { .iov_base = (void *)"x", .iov_len = 1 };
        struct msghdr m = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.buf,
                            .msg_controllen = sizeof(control.buf) };
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        int s[2], fd = -2, next;
        char c;

        (void)state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(2 * sizeof(int));
        memcpy(CMSG_DATA(h), s, 2 * sizeof(int));
        next = dup(0);
        (void)close(next);
        assert_int_equal(sendmsg(s[0], &m, 0), 1);
        assert_int_equal(unix_receive(s[1], &c, 1, 0, &fd), 1);
        assert_int_equal(fd, next);
        (void)close(fd);
        fd = dup(0); /* the lowest that is free: nothing was left open */
        assert_int_equal(fd, next);
        (void)close(fd);
        (void)close(s[0]);
        (void)close(s[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(long_paths),
                cmocka_unit_test(descriptors),
                cmocka_unit_test(too_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
