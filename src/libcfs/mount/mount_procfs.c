/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A procfs of a PID namespace that others live in.
 *
 * A new procfs shows the PID namespace of the process that calls fsopen(2), and a process is seen by all
 * others of its PID namespace from its first moment on. A process with CAP_SYS_PTRACE there may look through
 * /proc/PID/root, cwd, fd and ns at all that it has, and make it do all that it may (pid_namespace.c). So the
 * process that goes there, the visitor, has nothing worth taking: its root is an empty directory, and the
 * only thing in its mount namespace; it has one descriptor, a socket; its environment is erased; it takes
 * none of the host's other namespaces along; and its privileges are those of a user namespace with nothing in
 * it. (Where the kernel makes none, because something lies on the runtime's root or the host forbids it, it
 * keeps CAP_SYS_ADMIN, which fsopen(2) asks for.) It does nothing but fsopen(2) and hands the context back;
 * the rest of the mount is made here.
 *
 *      we ---- fork ----> leaves all behind, setns(PID) ---- fork ----> visitor: fsopen
 *       |  <------------------------- context -----------------------------'
 *
 * runc and crun mount it from a process that has the host's root in the joined PID namespace. (Linux 6.17 has
 * an option of procfs, pidns=, that would need no visitor.)
 */
#include "base/caps.h"
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/proc.h"
#include "base/sys.h"
#include "base/unix.h"
#include "base/weakened.h"
#include "libcfs/mount/mount.h"
#include "libcfs/mount/mount_child.h"
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LAYERS 1000 /* mounts on the old root */

/* An empty file system becomes the root of a mount namespace in which there is nothing else. A runtime whose
 * own root cannot be pivoted (a ramdisk) gets there by chroot(2) alone. */
static int go_nowhere(struct cfs_error *err)
{
        _cleanup_close_ int root = -1, empty = -1;
        int r;

        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 && unshare(CLONE_NEWNS) < 0)
                return err_sys(err, errno, "unshare", "make a mount namespace");
        root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return err_sys(err, errno, "open", "open `/`");
        r = mnt_setattr(root, true, 0, 0, MS_PRIVATE, -1, err);
        if (r == -EINVAL) { /* no mount, below a chroot(2) */
                err_clear(err);
                r = 0;
        }
        if (r >= 0)
                r = empty = mnt_new_fs("tmpfs", "tmpfs", NULL, MOUNT_ATTR_RDONLY, err);
        if (r >= 0)
                r = mnt_attach(empty, root, err);
        if (r < 0)
                return r;
        if (fchdir(empty) < 0)
                return err_sys(err, errno, "fchdir", "go to an empty directory");
        if (sys_pivot_root(".", ".") < 0)
                return chroot(".") < 0 ? err_sys(err, errno, "chroot", "stay in an empty directory") : 0;
        for (int i = 0; i < MAX_LAYERS && umount2(".", MNT_DETACH) == 0; i++)
                ;
        return 0;
}

/* On descriptor 0 there is the socket in the end, and nothing on any other. */
static int leave_all(int pidns_fd, bool inside, int sock, struct cfs_error *err)
{
        const struct caps admin = { CAPS_BIT(CAP_SYS_ADMIN), CAPS_BIT(CAP_SYS_ADMIN), 0 };
        int r;

        if (setns(pidns_fd, CLONE_NEWPID) < 0)
                return err_sys(err, errno, "setns", "join the PID namespace");
        proc_forget_environment();
        if (WEAKENED("visitor"))
                return dup2(sock, 0);
        if (!inside && unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) < 0)
                return err_sys(err, errno, "unshare", "leave the host's namespaces");
        r = go_nowhere(err);
        if (r < 0)
                return r;
        r = caps_set(&admin);
        if (r < 0)
                return err_sys(err, -r, "capset", "drop capabilities");
        if (dup2(sock, 0) < 0)
                return err_sys(err, errno, "dup2", "keep the socket");
        return sys_close_range(1, ~0U, 0) < 0
                       ? err_sys(err, errno, "close_range", "close the descriptors of the host")
                       : 0;
}

static _Noreturn void say(int sock, struct mount_answer *a)
{
        ssize_t n = unix_send(sock, a, sizeof(*a), a->result > 0 ? a->result : -1);

        _exit(n < 0 ? (int)-n : 0);
}

static _Noreturn void visit(int pidns_fd, bool inside, int sock)
{
        struct clone_args args = { .exit_signal = SIGCHLD };
        struct mount_answer a = { 0 };
        int status;
        pid_t pid;

        a.result = leave_all(pidns_fd, inside, sock, &a.err);
        if (a.result < 0)
                say(sock, &a);
        pid = sys_clone3(&args);
        if (pid < 0)
                a.result = err_sys(&a.err, errno, "clone3", "make a process in the PID namespace");
        else if (pid == 0)
                a.result = mnt_open_fs("proc", &a.err);
        if (pid <= 0)
                say(0, &a);
        _exit(proc_reap(pid, &status) >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

int mount_procfs_open(int pidns_fd, bool inside, struct cfs_error *err)
{
        _cleanup_close_ int ours = -1, theirs = -1, fd = -1;
        struct mount_answer a;
        int status;
        pid_t pid = mount_child(0, "a process for a mount", &ours, &theirs, err);

        if (pid < 0)
                return pid;
        if (pid == 0)
                visit(pidns_fd, inside, theirs);
        (void)close(TAKE_FD(theirs));
        ssize_t n = unix_receive(ours, &a, sizeof(a), 0, &fd);

        if (n == 0)
                return mount_child_died(pid, "the process that opens a procfs of the joined PID namespace",
                                        err);
        (void)proc_reap(pid, &status);
        if (n < 0)
                return err_sys(err, (int)-n, "recvmsg", "hear of a procfs of the joined PID namespace");
        if (n != (ssize_t)sizeof(a) || (a.result >= 0 && fd < 0))
                return err_set(err, CFS_E_DIED, "the process that opens a procfs sent nonsense");
        return mount_child_answer(&a, err) < 0 ? a.result : TAKE_FD(fd);
}
