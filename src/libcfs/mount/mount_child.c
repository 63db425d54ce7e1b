/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child that makes a mount somewhere else: mount_child.h. */
#include "libcfs/mount/mount_child.h"
#include "base/err.h"
#include "base/sys.h"
#include "base/unix.h"
#include <errno.h>
#include <signal.h>

int mount_child_answer(const struct mount_answer *a, struct cfs_error *err)
{
        if (a->result < 0)
                *err = a->err;
        return a->result;
}

pid_t mount_child(uint64_t flags, const char *what, int *ret_ours, int *ret_theirs, struct cfs_error *err)
{
        struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
        int r = unix_pair(ret_ours, ret_theirs);
        pid_t pid;

        if (r < 0)
                return err_sys(err, -r, "socketpair", "make a socket");
        pid = sys_clone3(&args);
        return pid < 0 ? err_sys(err, errno, "clone3", "make %s", what) : pid;
}
