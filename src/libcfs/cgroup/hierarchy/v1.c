/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One hierarchy of cgroup v1 (cgroups(7), Documentation/admin-guide/cgroup-v1).
 *
 * Joining. Writing another process's pid to cgroup.procs takes the semaphore that every fork and exit holds
 * for reading, and waits for an RCU grace period, 7 to 15 ms. A single-threaded process that writes "0" to
 * `tasks` moves itself without either: so the runtime opens `tasks` and the init writes.
 *
 * cpuset. A new cpuset has no CPUs and no memory nodes, and no process can join it (ENOSPC) until it has.
 * They are copied from the parent; where the parent has none, the parent gets those of its own parent first.
 *
 * freezer. FREEZING becomes FROZEN when every task has come to a stop, and there is no event that tells. A
 * task that forks while it is being frozen can keep the group in FREEZING for ever; thawing and freezing
 * again helps. SIGKILL does not reach a frozen task until it is thawed. Before Linux 6.1 a task that slept
 * counted as frozen where it was; since then a frozen one has a state of its own, which /proc/PID/stat shows
 * as R, or as D (6.14), and never as asleep.
 */
#include "libcfs/cgroup/hierarchy/v1.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "libcfs/cgroup/hierarchy/claim.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/utsname.h>

#define FREEZE_ATTEMPTS 2000 /* milliseconds */
#define FREEZE_AGAIN    50

/* Fills in cpuset.cpus or cpuset.mems of path, whose mount point is the first `top` bytes of it, from its
 * parent. */
static int cpuset_inherit(const char *path, size_t top, const char *file, struct cfs_error *err)
{
        char parent[PATH_MAX], value[4096];
        size_t n = strlen(path);
        ssize_t r;
        char *slash;

        /* The buffers are large, but paths are short, and a parent that already has its own ends the
         * recursion. */
        if (n >= sizeof(parent))
                return err_sys(err, ENAMETOOLONG, NULL, "`%.256s...`", path);
        memcpy(parent, path, n + 1);
        slash = strrchr(parent, '/');
        if (!slash || (size_t)(slash - parent) < top)
                return err_set(err, CFS_E_SYSTEM, "`%s/%s` is empty: the hierarchy's root has none", path,
                               file);
        *slash = '\0';
        r = tree_read(parent, file, value, sizeof(value));
        if (r == 0) {
                int e = cpuset_inherit(parent, top, file, err);

                if (e < 0)
                        return e;
                r = tree_read(parent, file, value, sizeof(value));
        }
        if (r < 0)
                return err_sys(err, (int)-r, "read", "read `%s/%s`", parent, file);
        return tree_write(path, file, value, err);
}

static int cpuset_fill(const struct hierarchy *h, struct cfs_error *err)
{
        static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
        char value[64];

        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                int r;

                /* Not empty: it was there before, or its parent has cgroup.clone_children. */
                if (!h->made && tree_read(h->path, files[i], value, sizeof(value)) > 0)
                        continue;
                r = cpuset_inherit(h->path, strlen(h->mount), files[i], err);
                if (r < 0)
                        return r;
        }
        return 0;
}

bool v1_says_frozen(const char *state)
{
        return !STREQ(state, "THAWED");
}

static int is_frozen(const struct hierarchy *h)
{
        char state[32];
        ssize_t n = tree_read(h->path, "freezer.state", state, sizeof(state));

        return n < 0 ? (int)n : v1_says_frozen(state);
}

bool v1_freezes_asleep(void)
{
        static unsigned long version; /* major * 1000 + minor */
        struct utsname u;
        char *dot = NULL;

        if (version == 0 && uname(&u) == 0) {
                version = strtoul(u.release, &dot, 10) * 1000;
                if (*dot == '.')
                        version += strtoul(dot + 1, NULL, 10);
        }
        return version < 6001;
}

/* The init would stop for ever in the middle of its work. freezer.state says FROZEN also below a frozen
 * one. */
static int v1_check_frozen(const struct hierarchy *h, struct cfs_error *err)
{
        int r = detect_has(h->name, "freezer") ? is_frozen(h) : 0;

        if (r < 0 && r != -ENOENT)
                return err_sys(err, -r, "read", "look whether `%s` is frozen", h->path);
        if (r == 1)
                return err_set(err, CFS_E_STATE, "container's cgroup unexpectedly frozen: `%s`", h->path);
        return 0;
}

static int v1_make(struct hierarchy *h, const struct cgroup_request *rq, struct cfs_error *err)
{
        int r;

        r = claim_directory(h, rq, err);
        if (r < 0)
                return r;
        if (detect_has(h->name, "cpuset")) {
                r = cpuset_fill(h, err);
                if (r < 0)
                        return r;
        }
        return v1_check_frozen(h, err);
}

static int v1_open(struct hierarchy *h, struct cfs_error *err)
{
        char name[PATH_MAX];

        if (!tree_file(name, sizeof(name), h->path, "tasks"))
                return err_sys(err, ENAMETOOLONG, NULL, "`%.256s.../tasks`", h->path);
        h->enter_fd = open(name, O_WRONLY | O_CLOEXEC);
        if (h->enter_fd < 0)
                return err_path(err, errno, "open", name, "open `%s`", name);
        return 0;
}

static int v1_freeze(const struct hierarchy *h, bool freeze, struct cfs_error *err)
{
        const char *state = freeze ? "FROZEN" : "THAWED";
        uint64_t above;
        char now[32];

        for (unsigned i = 0; i < FREEZE_ATTEMPTS; i++) {
                ssize_t n;
                int r;

                if (freeze && i % FREEZE_AGAIN == FREEZE_AGAIN - 1)
                        (void)tree_write_quiet(h->path, "freezer.state", "THAWED");
                r = tree_write(h->path, "freezer.state", state, err);
                if (r < 0)
                        return r;
                n = tree_read(h->path, "freezer.state", now, sizeof(now));
                if (n < 0)
                        return err_sys(err, (int)-n, "read", "read `%s/freezer.state`", h->path);
                if (STREQ(now, state))
                        return 0;
                /* The last processes are on their way; only a parent can keep us from thawing. */
                if (!freeze && tree_number(h->path, "freezer.parent_freezing", &above) == 0 && above)
                        return err_set(err, CFS_E_STATE, "`%s` stays frozen: a cgroup above it is frozen",
                                       h->path);
                clock_sleep_us(1000);
        }
        if (freeze)
                (void)tree_write_quiet(h->path, "freezer.state", "THAWED");
        return err_set(err, CFS_E_TIMEOUT, "`%s/freezer.state` does not become %s", h->path, state);
}

const struct hierarchy_ops v1_ops = {
        .make = v1_make,
        .open = v1_open,
        .freeze = v1_freeze,
        .is_frozen = is_frozen,
        .check_frozen = v1_check_frozen,
};
