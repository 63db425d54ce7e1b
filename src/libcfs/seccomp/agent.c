/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking to the seccomp agent (config-linux.md, "The Container Process State").
 *
 * One connection for each process with a filter: the JSON document as a stream, the descriptor in the
 * ancillary data of the first message and of no other, then the end of the stream, which is how the agent
 * knows that the document is complete. The listener is all the agent needs to see the memory and to answer
 * for the calls of every process in the container: its socket belongs to the host, and no other process may
 * be able to reach it.
 */
#include "libcfs/seccomp/agent.h"
#include "base/unix.h"

int agent_connect(const char *path, struct cfs_error *err)
{
        int fd = unix_connect(path, SOCK_STREAM);

        if (fd >= 0)
                return fd;
        return err_property(
                err, err_path(err, -fd, "connect", path, "failed to connect with seccomp agent `%s`", path),
                "linux.seccomp.listenerPath");
}

int agent_send(int agent, const char *path, const char *json, size_t len, int listener, struct cfs_error *err)
{
        ssize_t n = unix_send(agent, json, len, listener);

        for (size_t sent = 0; n >= 0;) {
                sent += (size_t)n;
                if (sent == len)
                        return 0;
                n = unix_send(agent, json + sent, len - sent, -1);
        }
        return err_property(
                err, err_sys(err, (int)-n, "sendmsg", "send the seccomp agent `%s` the listener", path),
                "linux.seccomp.listenerPath");
}
