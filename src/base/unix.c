/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unix(7): a socket's path has at most 107 bytes, and the directories of containers are longer than that
 * soon. A path through /proc/self/fd is short whatever it leads to; connect(2) also takes one to a descriptor
 * of the socket file itself, opened with O_PATH.
 *
 * A descriptor travels as ancillary data (SCM_RIGHTS), in a buffer that must be aligned for its header.
 */
#include "base/unix.h"
#include "base/cleanup.h"
#include <fcntl.h>
#include <string.h>
#include <sys/time.h>

#define UNIX_PATIENCE_S 10

/* Room for one descriptor. */
union control {
        struct cmsghdr align;
        char buf[CMSG_SPACE(sizeof(int))];
};

struct sockaddr_un unix_address_at(int dir_fd, const char *name)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };

        (void)snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dir_fd, name);
        return a;
}

int unix_pair(int *ret_ours, int *ret_theirs)
{
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        *ret_ours = fds[0];
        *ret_theirs = fds[1];
        return 0;
}

int unix_connect(const char *path, int type)
{
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), inode = -1;
        const struct timeval patience = { .tv_sec = UNIX_PATIENCE_S };
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        size_t n = strlen(path);

        if (fd < 0)
                return -errno;
        if (n == 0)
                return -ENOENT;
        if (n < sizeof(a.sun_path)) {
                memcpy(a.sun_path, path, n);
        } else {
                inode = open(path, O_PATH | O_CLOEXEC);
                if (inode < 0)
                        return -errno;
                (void)snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d", inode);
        }
        /* Without that, connect(2) and sendmsg(2) wait for ever for a listener that does not accept. */
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
                return -errno;
        while (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
                if (errno != EINTR)
                        return errno == EAGAIN ? -ETIMEDOUT : -errno;
        return TAKE_FD(fd);
}

ssize_t unix_send_to(int sock, const struct sockaddr_un *to, socklen_t to_len, const void *data, size_t len,
                     int fd)
{
        union control control = { 0 };
        struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
        struct msghdr m = { .msg_name = (void *)to, .msg_namelen = to_len, .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t n;

        if (fd >= 0) {
                m.msg_control = control.buf;
                m.msg_controllen = sizeof(control.buf);
                struct cmsghdr *h = CMSG_FIRSTHDR(&m);

                h->cmsg_level = SOL_SOCKET;
                h->cmsg_type = SCM_RIGHTS;
                h->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(h), &fd, sizeof(int));
        }
        do
                n = sendmsg(sock, &m, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

ssize_t unix_send(int sock, const void *data, size_t len, int fd)
{
        return unix_send_to(sock, NULL, 0, data, len, fd);
}

ssize_t unix_receive(int sock, void *buf, size_t size, int flags, int *ret_fd)
{
        union control control = { 0 };
        struct iovec iov = { .iov_base = buf, .iov_len = size };
        struct msghdr m = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.buf,
                            .msg_controllen =
                                    CMSG_LEN(sizeof(int)) }; /* CMSG_SPACE would have room for two */
        struct cmsghdr *h;
        ssize_t n;

        *ret_fd = -1;
        do
                n = recvmsg(sock, &m, flags | MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        h = CMSG_FIRSTHDR(&m);
        if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
            h->cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(ret_fd, CMSG_DATA(h), sizeof(int));
        return n;
}
