/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts that are made in another place than where we are: in a namespace that the container joins, or in a
 * copy of the mount namespace that nothing else sees.
 *
 * A detached mount belongs to no namespace, and a descriptor leads to it from any process. So a child goes to
 * the other place, makes the mount there, and ends; it shares our table of descriptors (CLONE_FILES), so what
 * it opened is ours. Its memory is a copy: what it returns beside the descriptor is an error message, through
 * a socket.
 *
 * What shows a PID namespace is made in another way, since there are others who look: mount_procfs.c.
 */
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/proc.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include "libcfs/mount/mount_child.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

static int go(const struct mount_aside *a, struct cfs_error *err)
{
        if (a->ns_fd >= 0 && setns(a->ns_fd, (int)a->ns) < 0)
                return err_sys(err, errno, "setns", "enter the namespace that the file system shows");
        if (!a->copy)
                return 0;
        if (unshare(CLONE_NEWNS) < 0)
                return err_sys(err, errno, "unshare", "make a mount namespace");
        return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &(struct mount_attr){ .propagation = MS_PRIVATE },
                             sizeof(struct mount_attr)) < 0
                       ? err_sys(err, errno, "mount_setattr", "make the copied mounts private")
                       : 0;
}

static _Noreturn void mount_aside_child(struct mount_env *e, const struct mount_aside *a, int sock)
{
        struct mount_answer reply = { 0 }; /* the result: a descriptor */

        reply.result = go(a, &reply.err);
        if (reply.result >= 0) {
                int fd = -1, r = a->make(e, a->data, &fd, &reply.err);

                reply.result = r < 0 ? r : fd;
        }
        _exit(write(sock, &reply, sizeof(reply)) < 0 ? errno : 0);
}

int mount_aside(struct mount_env *e, const struct mount_aside *a, int *ret_fd, struct cfs_error *err)
{
        _cleanup_close_ int ours = -1, theirs = -1;
        struct mount_answer reply;
        int status, r;
        pid_t pid = mount_child(CLONE_FILES, "a process for a mount", &ours, &theirs, err);

        if (pid < 0)
                return pid;
        if (pid == 0)
                mount_aside_child(e, a, theirs);
        r = mount_child_wait(ours, pid, "the process that makes a mount", err);
        if (r < 0)
                return r;
        (void)proc_reap(pid, &status);
        if (recv(ours, &reply, sizeof(reply), MSG_DONTWAIT) != (ssize_t)sizeof(reply))
                return err_sys(err, errno, "recvfrom", "hear of the process that makes a mount");
        if (mount_child_answer(&reply, err) < 0)
                return reply.result;
        *ret_fd = reply.result;
        return 0;
}
