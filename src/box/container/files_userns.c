/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing into the files of a container with a user namespace. To the kernel the host's root is not an
 * owner that its file system knows: what is written there has to come from a process whose user namespace
 * has the same map.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/proc.h"
#include "box/container/files.h"
#include "box/rootfs/overlay.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <unistd.h>

static int become_root_of(int userns, struct cfs_error *err)
{
        if (setns(userns, CLONE_NEWUSER) < 0)
                return err_sys(err, errno, "setns", "join the container's user namespace");
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return err_sys(err, errno, "setresuid", "become root of the container's user namespace");
        return 0;
}

int files_userns_start(uint32_t host_id, uint32_t n_ids, int (*fn)(const void *data, struct cfs_error *err),
                       const void *data, struct files_userns *ret, struct cfs_error *err)
{
        _cleanup_close_ int userns = overlay_userns(host_id, n_ids, err);
        struct cfs_error theirs = { 0 };
        int fds[2], r;

        if (userns < 0)
                return userns;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        ret->pid = fork();
        if (ret->pid == 0) {
                (void)close(fds[0]);
                r = become_root_of(userns, &theirs);
                if (r >= 0)
                        r = fn(data, &theirs);
                if (r < 0)
                        (void)io_write_all(fds[1], &theirs, sizeof(theirs));
                _exit(r < 0);
        }
        (void)close(fds[1]);
        ret->fd = fds[0];
        if (ret->pid > 0)
                return 0;
        (void)close(fds[0]);
        return err_sys(err, errno, "fork", "start a process");
}

int files_userns_finish(const struct files_userns *u, struct cfs_error *err)
{
        struct cfs_error theirs;
        int status = 0, r = read(u->fd, &theirs, sizeof(theirs)) == (ssize_t)sizeof(theirs) ? -EIO : 0;

        (void)close(u->fd);
        (void)proc_reap(u->pid, &status);
        if (r < 0)
                *err = theirs;
        else if (status != 0)
                r = err_set(err, CFS_E_DIED, "the process that writes into the container was killed");
        return r;
}
