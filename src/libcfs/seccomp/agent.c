/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking to the seccomp agent (config-linux.md, "The Container Process State").
 *
 * One connection for each process with a filter: the JSON document as a stream, the descriptor in the ancillary data of
 * the first message and of no other, then the end of the stream, which is how the agent knows that the document is
 * complete. The listener is all the agent needs to see the memory and to answer for the calls of every process in the
 * container: its socket belongs to the host and must be reachable to nobody else.
 */
#include "libcfs/seccomp/agent.h"
#include "base/cleanup.h"
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* sun_path holds 107 bytes. A longer path is connected to through a descriptor of the socket's inode. */
static int set_address(struct sockaddr_un *a, const char *path, int *ret_fd, struct cfs_error *err)
{
        *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
        if (strlen(path) < sizeof(a->sun_path)) {
                memcpy(a->sun_path, path, strlen(path));
                return 0;
        }
        *ret_fd = open(path, O_PATH | O_CLOEXEC);
        if (*ret_fd < 0)
                return err_path(err, errno, "open", path, "failed to connect with seccomp agent `%s`", path);
        (void)snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d", *ret_fd);
        return 0;
}

int agent_connect(const char *path, struct cfs_error *err)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), inode = -1;
        struct sockaddr_un a;
        int r;

        if (fd < 0)
                return err_sys(err, errno, "socket", "make a socket");
        r = set_address(&a, path, &inode, err);
        if (r < 0)
                return err_property(err, r, "linux.seccomp.listenerPath");
        if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0) {
                r = err_path(err, errno, "connect", path, "failed to connect with seccomp agent `%s`", path);
                return err_property(err, r, "linux.seccomp.listenerPath");
        }
        return TAKE_FD(fd);
}

static ssize_t send_first(int agent, const char *json, size_t len, int listener)
{
        union {
                struct cmsghdr align;
                char buf[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec iov = { .iov_base = (void *)json, .iov_len = len };
        struct msghdr m = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.buf,
                            .msg_controllen = sizeof(control.buf) };
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        ssize_t n;

        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(h), &listener, sizeof(int));
        do
                n = sendmsg(agent, &m, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

int agent_send(int agent, const char *path, const char *json, size_t len, int listener, struct cfs_error *err)
{
        ssize_t n = send_first(agent, json, len, listener);

        for (size_t sent = 0; n >= 0;) {
                sent += (size_t)n;
                if (sent == len)
                        return 0;
                n = send(agent, json + sent, len - sent, MSG_NOSIGNAL);
                if (n < 0)
                        n = errno == EINTR ? 0 : -errno;
        }
        return err_property(
                err, err_sys(err, (int)-n, "sendmsg", "send the seccomp agent `%s` the listener", path),
                "linux.seccomp.listenerPath");
}
