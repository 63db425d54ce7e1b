/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a struct ctx: ctx.h says which code writes and reads each field. */
#include "libcfs/walk/ctx.h"
#include "libcfs/walk/trace.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/checkpoint/job.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/store/state.h"
#include "libcfs/process/sync.h"
#include "oci.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void ctx_init(struct ctx *c, enum walk walk)
{
        memset(c, 0, sizeof(*c));
        c->walk = walk;
        c->plan = plan;
        c->proc_fd = c->pidfd = c->listen_fd = c->signal_fd = c->rootfs_fd = c->console_fd = c->console_peer =
                c->hooks_out_fd = c->hooks_err_fd = -1;
}

static void close_fd(int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
}

void ctx_done(struct ctx *c)
{
        trace_close();
        int *const fds[] = { &c->proc_fd,      &c->pidfd,        &c->listen_fd,
                             &c->signal_fd,    &c->rootfs_fd,    &c->console_fd,
                             &c->console_peer, &c->hooks_out_fd, &c->hooks_err_fd };

        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                close_fd(fds[i]);
        checkpoint_job_close(c->job);
        namespaces_plan_free(c->namespaces);
        cgroup_close(c->cgroup);
        if (c->sync) {
                sync_close(c->sync);
                free(c->sync);
        }
        state_close(c->state);
        free(c->config_text);
        free(c->config_name);
        free(c->bundle);
        free(c->rootfs);
        free(c->exec_path);
        free(c->notify_socket);
        oci_arena_free(c->arena);
        memset(c, 0, sizeof(*c));
}

/* The inode of the initial user namespace is a constant of the kernel's ABI (PROC_USER_INIT_INO). */
#define INITIAL_USERNS_INO 0xEFFFFFFDu

/* Before we open anything: with gaps between them, what we open would be taken for the caller's. Our own
 * descriptors are close-on-exec from birth; so those without the flag are the caller's. */
static int find_inherited(struct ctx *c, struct cfs_error *err)
{
        const char *listen = getenv("LISTEN_FDS");
        uint64_t n = 0;
        int end, flags;

        if (listen && str_to_u64(listen, &n) < 0)
                n = 0;
        n += (uint64_t)c->preserve_asked + 3;
        end = n < INHERITED_FDS ? (int)n : INHERITED_FDS;
        for (int fd = 3; fd < end; fd++) {
                flags = fcntl(fd, F_GETFD);
                if (flags < 0 && errno != EBADF)
                        return err_sys(err, errno, "fcntl", "look at descriptor %d", fd);
                if (flags >= 0 && !(flags & FD_CLOEXEC))
                        c->inherited[fd / 64] |= UINT64_C(1) << (fd % 64);
        }
        return 0;
}

int ctx_facts(struct ctx *c, struct cfs_error *err)
{
        struct stat st;
        int r;

        r = find_inherited(c, err);
        if (r < 0)
                return r;
        c->euid = geteuid();
        c->proc_fd = path_open_host_proc(err);
        if (c->proc_fd < 0)
                return c->proc_fd;
        r = io_cloexec_from(c->proc_fd, 3);
        if (r < 0) /* the container would get them */
                return err_sys(err, -r, "close_range", "keep the caller's descriptors from the container");
        if (c->euid != 0 || fstatat(c->proc_fd, "self/ns/user", &st, 0) == 0)
                c->rootless = c->euid != 0 || st.st_ino != INITIAL_USERNS_INO;
        else if (errno != ENOENT) /* a kernel without user namespaces */
                return err_sys(err, errno, "fstatat", "examine `/proc/self/ns/user`");
        return 0;
}
