/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names, clone flags and joining of the eight namespaces (namespaces(7)).
 *
 * Joining has an order. Entering a user namespace gives full capabilities inside it and takes them away
 * outside. So namespaces that belong to the host (a network namespace that an engine made) must be entered
 * before the user namespace, and those that belong to the user namespace (a pod's) can, for an unprivileged
 * runtime, only be entered after it. Which is which cannot be asked cheaply; so each is tried before, and
 * those refused with EPERM after.
 */
#include "libcfs/process/namespaces.h"
#include "base/cleanup.h"
#include "base/sys.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

const struct ns_type ns_types[NS_COUNT] = {
        [NS_USER] = { "user", "user", CLONE_NEWUSER },
        [NS_PID] = { "pid", "pid", CLONE_NEWPID },
        [NS_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
        [NS_NETWORK] = { "network", "net", CLONE_NEWNET },
        [NS_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
        [NS_UTS] = { "uts", "uts", CLONE_NEWUTS },
        [NS_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
        [NS_TIME] = { "time", "time", CLONE_NEWTIME },
};

const char *namespaces_names(uint64_t flags, char *buf, size_t size)
{
        size_t len = 0;

        (void)snprintf(buf, size, "none");
        for (size_t i = 0; i < NS_COUNT && len < size; i++)
                if (flags & ns_types[i].flag)
                        len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? " " : "",
                                                ns_types[i].name);
        return buf;
}

int namespaces_index(const char *name)
{
        for (int i = 0; i < NS_COUNT; i++)
                if (STREQ(ns_types[i].name, name))
                        return i;
        return -1;
}

void namespaces_flags(const struct oci_linux *l, uint64_t *ret_new, uint64_t *ret_join)
{
        *ret_new = *ret_join = 0;
        for (size_t i = 0; i < l->n_namespaces; i++) {
                const struct oci_namespace *n = l->namespaces[i];
                int t = n->type ? namespaces_index(n->type) : -1;

                if (t >= 0)
                        *(n->path && *n->path ? ret_join : ret_new) |= ns_types[t].flag;
        }
}

/* The root of a cgroup namespace is the cgroup one is in, and on v1 the init has yet to enter it; the
 * offsets of a time namespace must be written first. With a user namespace the IPC namespace comes late,
 * too: the kernel makes its message queue file system at once, owned by the calling user, and that must be
 * the container's root. */
uint64_t namespaces_late(uint64_t ns_new, uint64_t ns_join)
{
        uint64_t late = CLONE_NEWCGROUP | (uint64_t)CLONE_NEWTIME;

        if ((ns_new | ns_join) & CLONE_NEWUSER)
                late |= CLONE_NEWIPC;
        return ns_new & late;
}

struct namespaces_plan *namespaces_plan_new(void)
{
        struct namespaces_plan *n = calloc(1, sizeof(*n));

        if (!n)
                return NULL;
        for (int i = 0; i < NS_COUNT; i++)
                n->join_fd[i] = -1;
        n->container_pidfd = n->userns_fd = n->root_fd = -1;
        return n;
}

static int join_failed(int i, int e, struct cfs_error *err)
{
        int r = err_sys(err, e, "setns", "join the %s namespace", ns_types[i].name);

        return err_property(err, r, "linux.namespaces");
}

/* exec: one setns(2) on the pidfd of the container's init, which the kernel applies in the right order. */
static int join_container(const struct namespaces_plan *p, uint64_t flags, struct cfs_error *err)
{
        if (!flags || setns(p->container_pidfd, (int)flags) == 0)
                return 0;
        /* When all of it has ended, the runtime says so in the place of this (exec.c). */
        if (errno == ESRCH)
                return err_set(err, CFS_E_STATE,
                               "cannot exec in the container: the first thread of the container's init has "
                               "ended, and with it what setns(2) leads to");
        return err_sys(err, errno, "setns", "join the container's namespaces");
}

int namespaces_join(const struct namespaces_plan *p, uint64_t join, struct cfs_error *err)
{
        bool later[NS_COUNT] = { false };

        if (p->container_pidfd >= 0)
                return join_container(p, join, err);
        for (int i = NS_PID; i < NS_COUNT; i++)
                if (p->join_fd[i] >= 0 && (join & ns_types[i].flag) &&
                    setns(p->join_fd[i], (int)ns_types[i].flag) < 0) {
                        if (errno != EPERM || p->join_fd[NS_USER] < 0)
                                return join_failed(i, errno, err);
                        later[i] = true;
                }
        if (p->join_fd[NS_USER] >= 0 && setns(p->join_fd[NS_USER], CLONE_NEWUSER) < 0)
                return join_failed(NS_USER, errno, err);
        for (int i = NS_PID; i < NS_COUNT; i++)
                if (later[i] && setns(p->join_fd[i], (int)ns_types[i].flag) < 0)
                        return join_failed(i, errno, err);
        return 0;
}

int namespaces_in_network(int proc_fd, pid_t pid, int (*fn)(void *data, struct cfs_error *err), void *data,
                          struct cfs_error *err)
{
        char path[32];
        _cleanup_close_ int own = openat(proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC), theirs = -1;
        struct stat a, b;
        int r;

        (void)snprintf(path, sizeof(path), "%d/ns/net", (int)pid);
        theirs = own < 0 ? -1 : openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
        if (theirs < 0)
                return err_sys(err, errno, "open", "open the network namespace of process %d", (int)pid);
        if (fstat(own, &a) == 0 && fstat(theirs, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
                return err_set(err, CFS_E_STATE, "process %d is in the network namespace of the runtime",
                               (int)pid);
        if (setns(theirs, CLONE_NEWNET) < 0)
                return err_sys(err, errno, "setns", "join the network namespace of process %d", (int)pid);
        r = fn(data, err);
        if (setns(own, CLONE_NEWNET) < 0 && r >= 0)
                return err_sys(err, errno, "setns", "go back to the network namespace of the runtime");
        return r;
}

void namespaces_plan_free(struct namespaces_plan *p)
{
        if (!p)
                return;
        for (int i = 0; i < NS_COUNT; i++)
                if (p->join_fd[i] >= 0)
                        (void)close(p->join_fd[i]);
        if (p->container_pidfd >= 0)
                (void)close(p->container_pidfd);
        if (p->userns_fd >= 0)
                (void)close(p->userns_fd);
        if (p->root_fd >= 0)
                (void)close(p->root_fd);
        free(p);
}
