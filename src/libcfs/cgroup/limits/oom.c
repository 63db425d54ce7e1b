/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Being told when the kernel kills a process for lack of memory, without asking all the time.
 *
 * v2: memory.events counts, and inotify(7) reports IN_MODIFY when any of its counters moves; oom_kill is the
 * one. v1: an eventfd(2) is registered by writing "EVENTFD MEMORY.OOM_CONTROL" to cgroup.event_control, and
 * becomes readable when the cgroup runs out of memory, and once more when it is removed. memory.oom_control
 * has the count.
 *
 * Both descriptors are non-blocking, and become readable without a kill as well: the count decides.
 */
#include "libcfs/cgroup/limits/oom.h"
#include "base/cleanup.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

static int watch_v2(const struct hierarchy *h, int *ret_fd, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        char name[PATH_MAX];

        if (!tree_file(name, sizeof(name), h->path, "memory.events"))
                return err_sys(err, ENAMETOOLONG, NULL, "`%.256s.../memory.events`", h->path);
        fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (fd < 0)
                return err_sys(err, errno, "inotify_init1", "watch `%s`", name);
        if (inotify_add_watch(fd, name, IN_MODIFY) < 0)
                return err_path(err, errno, "inotify_add_watch", name, "watch `%s`", name);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int watch_v1(const struct hierarchy *h, int *ret_fd, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1, control = -1;
        char name[PATH_MAX], text[64];
        int r;

        if (!tree_file(name, sizeof(name), h->path, "memory.oom_control"))
                return err_sys(err, ENAMETOOLONG, NULL, "`%.256s.../memory.oom_control`", h->path);
        control = open(name, O_RDONLY | O_CLOEXEC);
        if (control < 0)
                return err_path(err, errno, "open", name, "open `%s`", name);
        fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
                return err_sys(err, errno, "eventfd", "watch `%s`", name);
        (void)snprintf(text, sizeof(text), "%d %d", fd, control);
        /* The registration keeps what it needs of both. */
        r = tree_write(h->path, "cgroup.event_control", text, err);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int oom_watch(const struct hierarchy *h, int *ret_fd, struct cfs_error *err)
{
        if (!h || h->denied)
                return err_set(err, CFS_E_UNSUPPORTED,
                               "the container has no cgroup with the memory controller");
        return h->v2 ? watch_v2(h, ret_fd, err) : watch_v1(h, ret_fd, err);
}

int oom_count(const struct hierarchy *h, uint64_t *ret)
{
        if (!h || h->denied)
                return -ENOENT;
        return tree_keyed(h->path, h->v2 ? "memory.events" : "memory.oom_control", "oom_kill", ret);
}
