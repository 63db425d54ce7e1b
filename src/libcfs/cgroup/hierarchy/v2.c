/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hierarchy of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst).
 *
 * Controllers. A directory has the files of those controllers that its parent names in
 * cgroup.subtree_control, so they are enabled from the mount point downwards. All that there are, on a
 * machine of v2 alone: statistics need them even when no limit does. On a hybrid machine, where the tree is
 * nearly empty, only what a setting asks for. "No internal processes": a directory with processes cannot
 * enable controllers for its children (EBUSY), except the root. That is why a relative path starts beside our
 * own cgroup and not below it.
 *
 * Joining. clone3(CLONE_INTO_CGROUP) makes the process inside: no migration, no grace period, and not one
 * page of it is charged to another cgroup. It needs a descriptor of the directory. Only a pids limit of 0
 * keeps a process from being born there, but not from being moved there.
 *
 * Freezing and emptying are asynchronous, and cgroup.events tells when they are done: poll(2) for POLLPRI.
 */
#include "libcfs/cgroup/hierarchy/v2.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/cgroup/hierarchy/claim.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#define FREEZE_TIMEOUT_MS 10000
#define THAW_LOOK_MS      100

/* "+cpu +io": those of the blank separated list `wanted` that dir has not enabled for its children yet. */
static int missing_in(const char *dir, const char *wanted, char *line, size_t size)
{
        char have[512], list[512], *save = list, *c;
        size_t used = 0;

        line[0] = '\0';
        if (tree_read(dir, "cgroup.subtree_control", have, sizeof(have)) < 0)
                have[0] = '\0';
        if (snprintf(list, sizeof(list), "%s", wanted) >= (int)sizeof(list))
                return -E2BIG;
        while ((c = strsep(&save, " "))) {
                if (*c && !detect_lists(have, c) && used < size)
                        used += (size_t)snprintf(line + used, size - used, "%s+%s", used ? " " : "", c);
        }
        return used < size ? (int)used : -E2BIG;
}

static int enable_in(const char *dir, const char *wanted)
{
        char line[768], *save = line, *c;
        int r, e;

        r = missing_in(dir, wanted, line, sizeof(line));
        if (r <= 0)
                return r;
        r = tree_write_quiet(dir, "cgroup.subtree_control", line);
        if (r == 0 || !strchr(line, ' '))
                return r;
        /* One that cannot be enabled (cpu, while real-time processes exist) is not to stop the others. */
        while ((c = strsep(&save, " "))) {
                e = tree_write_quiet(dir, "cgroup.subtree_control", c);
                if (e < 0)
                        log_debug("cgroups: %s cannot be enabled in `%s`: %s", c, dir, err_strerror(-e));
        }
        return r;
}

/* Enables `wanted` in every directory from the mount point to the parent of h->path. */
static int enable(const struct hierarchy *h, const char *wanted)
{
        char dir[PATH_MAX], line[768];
        size_t n = strlen(h->path), end = strlen(h->mount);
        int r = 0;

        if (n >= sizeof(dir))
                return -ENAMETOOLONG;
        memcpy(dir, h->path, n + 1);
        n = (size_t)(strrchr(dir, '/') - dir);
        if (n < end)
                return 0;
        dir[n] = '\0';
        /* The usual case: the parent has had children before. */
        if (missing_in(dir, wanted, line, sizeof(line)) == 0)
                return 0;
        for (;;) {
                char c = dir[end];
                int e;

                dir[end] = '\0';
                e = enable_in(dir, wanted);
                if (e < 0 && r == 0)
                        r = e;
                if (c == '\0')
                        return r;
                dir[end] = c;
                end = (size_t)(strchrnul(dir + end + 1, '/') - dir);
        }
}

void v2_enable(struct hierarchy *h, const char *controller)
{
        char have[512];
        int r = (int)tree_read(h->mount, "cgroup.controllers", have, sizeof(have));

        if (r >= 0 && (!controller || detect_lists(have, controller)))
                r = enable(h, controller ? controller : have);
        if (r >= 0 || r == -ENOENT)
                return;
        /* Only the user of a controller that is missing then is to hear of it: settings.c. */
        h->not_enabled = -r;
        log_debug("cgroups: not every controller can be enabled for `%s`: %s", h->path, err_strerror(-r));
}

/* Is it, or a cgroup above it, to be frozen? Or, with `above`, a cgroup above it? 1, 0, -errno. */
static int freezes(const struct hierarchy *h, bool above)
{
        char path[PATH_MAX], state[16];

        if (!h->mount || snprintf(path, sizeof(path), "%s", h->path) >= (int)sizeof(path))
                return 0;
        for (char *slash; strlen(path) > strlen(h->mount) && (slash = strrchr(path, '/')); *slash = '\0') {
                ssize_t n = above ? 0 : tree_read(path, "cgroup.freeze", state, sizeof(state));

                above = false;

                if (n < 0 && n != -ENOENT)
                        return (int)n;
                if (n > 0 && state[0] == '1')
                        return 1;
        }
        return 0;
}

/* The init would stop for ever in the middle of its work. cgroup.events says so also of a cgroup below a
 * frozen one; but with processes inside, as systemd's scope has, only once the last of them has stopped. */
static int v2_check_frozen(const struct hierarchy *h, struct cfs_error *err)
{
        char events[128];
        ssize_t n = tree_read(h->path, "cgroup.events", events, sizeof(events));

        if (n == -ENOENT)
                return 0;
        if (n >= 0)
                n = strstr(events, "frozen 1") ? 1 : h->later ? freezes(h, false) : 0;
        if (n < 0)
                return err_sys(err, (int)-n, "read", "look whether `%s` is frozen", h->path);
        return n ? err_set(err, CFS_E_STATE, "container's cgroup unexpectedly frozen: `%s`", h->path) : 0;
}

int v2_delegate(const char *path, uid_t owner, struct cfs_error *err)
{
        char list[4096], file[PATH_MAX], *save = list, *name;

        if (chown(path, owner, (gid_t)-1) < 0)
                return err_path(err, errno, "chown", path, "give `%s` to user %u", path, owner);
        if (io_read_small(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof(list)) < 0)
                (void)snprintf(list, sizeof(list), "cgroup.procs\ncgroup.threads\ncgroup.subtree_control");
        while ((name = strsep(&save, "\n"))) {
                if (!*name || strchr(name, '/') || !tree_file(file, sizeof(file), path, name))
                        continue;
                /* The list names files of controllers that may not be enabled here. */
                if (chown(file, owner, (gid_t)-1) < 0 && errno != ENOENT)
                        return err_path(err, errno, "chown", file, "give `%s` to user %u", file, owner);
        }
        return 0;
}

static int v2_make(struct hierarchy *h, const struct cgroup_request *rq, struct cfs_error *err)
{
        int r;

        r = claim_directory(h, rq, err);
        if (r < 0)
                return r;
        if (h->all)
                v2_enable(h, NULL);
        r = v2_check_frozen(h, err);
        if (r < 0)
                return r;
        return rq->delegate ? v2_delegate(h->path, rq->owner_uid, err) : 0;
}

static int v2_open(struct hierarchy *h, struct cfs_error *err)
{
        h->dir_fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (h->dir_fd < 0)
                return err_path(err, errno, "open", h->path, "open `%s`", h->path);
        return 0;
}

/* A descriptor of cgroup.events, or -errno. */
static int open_events(const struct hierarchy *h)
{
        char name[PATH_MAX];
        int fd;

        if (!tree_file(name, sizeof(name), h->path, "cgroup.events"))
                return -ENAMETOOLONG;
        fd = open(name, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Waits for a line of cgroup.events. 0, -ETIMEDOUT, -errno. */
static int wait_event(int fd, const char *line, int timeout_ms)
{
        char text[256];
        int64_t deadline = clock_now_ms() + timeout_ms;

        for (;;) {
                struct pollfd p = { .fd = fd, .events = POLLPRI };
                ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

                if (n < 0)
                        return -errno;
                text[n] = '\0';
                if (strstr(text, line))
                        return 0;
                if (clock_left_ms(deadline) == 0)
                        return -ETIMEDOUT;
                if (poll(&p, 1, clock_left_ms(deadline)) < 0 && errno != EINTR)
                        return -errno;
        }
}

int v2_wait_empty(const struct hierarchy *h, int timeout_ms)
{
        _cleanup_close_ int fd = open_events(h);
        int r = fd < 0 ? fd : wait_event(fd, "populated 0", timeout_ms);

        return r == -ENOENT || r == -ENODEV ? 0 : r;
}

static int v2_freeze(const struct hierarchy *h, bool freeze, struct cfs_error *err)
{
        /* First, so that nothing is changed when it cannot be had. */
        _cleanup_close_ int events = open_events(h);
        int r = events;

        if (r >= 0)
                r = wait_event(events, "frozen", 0); /* it can be read, too */
        if (r < 0)
                return err_sys(err, -r, "pread", "look at `%s/cgroup.events`", h->path);
        r = tree_write(h->path, "cgroup.freeze", freeze ? "1" : "0", err);
        if (r < 0)
                return r;
        /* Below a frozen one it stays frozen until that is thawed: no need to wait and see. */
        r = wait_event(events, freeze ? "frozen 1" : "frozen 0", freeze ? FREEZE_TIMEOUT_MS : THAW_LOOK_MS);
        if (r == -ETIMEDOUT && !freeze && freezes(h, true) == 0)
                r = wait_event(events, "frozen 0", FREEZE_TIMEOUT_MS);
        if (r == 0)
                return 0;
        if (!freeze && r == -ETIMEDOUT)
                return err_set(err, CFS_E_STATE, "`%s` stays frozen: a cgroup above it is frozen", h->path);
        (void)tree_write_quiet(h->path, "cgroup.freeze", freeze ? "0" : "1");
        if (r == -ETIMEDOUT)
                return err_set(err, CFS_E_TIMEOUT, "`%s` cannot be frozen: a process in it does not stop",
                               h->path);
        return err_sys(err, -r, "poll", "wait for `%s/cgroup.events`", h->path);
}

bool v2_says_frozen(const char *freeze)
{
        return freeze[0] == '1';
}

static int v2_is_frozen(const struct hierarchy *h)
{
        char state[16];
        ssize_t n = tree_read(h->path, "cgroup.freeze", state, sizeof(state));

        return n < 0 ? (int)n : v2_says_frozen(state);
}

int v2_kill(const struct hierarchy *h)
{
        return tree_write_quiet(h->path, "cgroup.kill", "1");
}

const struct hierarchy_ops v2_ops = {
        .make = v2_make,
        .open = v2_open,
        .freeze = v2_freeze,
        .is_frozen = v2_is_frozen,
        .check_frozen = v2_check_frozen,
};
