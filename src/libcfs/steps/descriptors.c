/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which descriptors the program gets: 0, 1, 2, then LISTEN_FDS (sd_listen_fds(3)), then --preserve-fds; nothing else
 * (runtime.md does not ask for more, CVE-2024-21626 shows why).
 *
 * The runtime's own are all close-on-exec, and so are those that its caller left open: io_cloexec_from(3) at start-up.
 * That protects the program, not us: before the init looks up the working directory and the program as the user wrote
 * them, every descriptor that leads to a directory must be gone, or a path like /proc/self/fd/7/.. would lead to the
 * host. What may stay are sockets, the terminal, and what the user asked to hand over.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include "libcfs/process/sync.h"
#include "libcfs/walk/trace.h"
#include <fcntl.h>
#include <stdlib.h>

/* LISTEN_PID names the process that shall take the descriptors: us, or they are not ours to pass (sd_listen_fds(3)). */
static int listen_fds_from_env(void)
{
        const char *n = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
        uint64_t count, p;

        if (!n || str_to_u64(n, &count) < 0 || count > 4096)
                return 0;
        if (pid && (str_to_u64(pid, &p) < 0 || p != (uint64_t)getpid()))
                return 0;
        return (int)count;
}

int descriptors_prepare(struct ctx *c, struct cfs_error *err)
{
        c->listen_fds = listen_fds_from_env();
        c->preserve_fds = c->listen_fds + c->preserve_asked;
        for (int fd = 3; fd < 3 + c->preserve_fds; fd++)
                if (fd >= 3 + c->inherited_fds)
                        return err_set(err, CFS_E_INVALID,
                                       "descriptor %d is to be passed to the container (%s), but is not open",
                                       fd, fd < 3 + c->listen_fds ? "LISTEN_FDS" : "--preserve-fds");
        return 0;
}

static int compare_int(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}

int descriptors_host_init(struct ctx *c, struct cfs_error *err)
{
        int keep[] = { 2 + c->preserve_fds, c->sync->fd,     c->listen_fd,
                       trace_fd(),          c->hooks_out_fd, c->hooks_err_fd };
        unsigned next = 3;

        (void)err;
        qsort(keep, ARRAY_SIZE(keep), sizeof(keep[0]), compare_int);
        for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
                if (keep[i] < 0)
                        continue;
                if ((unsigned)keep[i] > next && keep[i] > 2 + c->preserve_fds)
                        (void)sys_close_range(next, (unsigned)keep[i] - 1, 0);
                if ((unsigned)keep[i] >= next)
                        next = (unsigned)keep[i] + 1;
        }
        (void)sys_close_range(next, ~0u, 0);
        c->proc_fd = c->rootfs_fd = -1;
        return 0;
}

int descriptors_init(struct ctx *c, struct cfs_error *err)
{
        for (int fd = 3; fd < 3 + c->preserve_fds; fd++)
                if (fcntl(fd, F_SETFD, 0) < 0)
                        return err_sys(err, errno, "fcntl", "pass descriptor %d to the container", fd);
        return 0;
}

void descriptors_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "the program gets descriptors 0, 1, 2 and the %d after them", c->preserve_fds);
}
