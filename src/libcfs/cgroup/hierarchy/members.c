/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listing, signalling and removing all processes of a cgroup.
 *
 * Every process of a container is in every hierarchy, so one of them is enough to find all: v2's, if there is
 * one.
 *
 * Killing. v2 does it in the kernel, forks included, and frozen processes as well (cgroup.kill, Linux 5.14).
 * v1 has nothing but lists of pids, which a fork bomb outruns: so the cgroup is frozen, all are signalled,
 * and thawed. Without a freezer the list is read again until it is empty.
 *
 * Removing. rmdir fails with EBUSY while a process is inside, and for a moment after it has died. The usual
 * delete finds the cgroup empty, so rmdir comes first and everything else after it has failed.
 */
#include "libcfs/cgroup/hierarchy/members.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"
#include "libcfs/cgroup/hierarchy/claim.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/hierarchy/others.h"
#include "libcfs/cgroup/hierarchy/v2.h"
#include <signal.h>

#define REMOVE_TIMEOUT_MS 10000
#define KILL_ROUNDS       200

static const struct hierarchy *find_v2(const struct cgroup *cg)
{
        for (size_t i = 0; i < cg->n; i++) {
                if (cg->h[i].v2 && !cg->h[i].denied)
                        return &cg->h[i];
        }
        return NULL;
}

static const struct hierarchy *find_v1(const struct cgroup *cg, const char *controller)
{
        for (size_t i = 0; i < cg->n; i++) {
                if (!cg->h[i].v2 && !cg->h[i].denied && detect_has(cg->h[i].name, controller))
                        return &cg->h[i];
        }
        return NULL;
}

const struct hierarchy *members_freezer(const struct cgroup *cg)
{
        const struct hierarchy *v2 = find_v2(cg);

        return v2 ? v2 : find_v1(cg, "freezer");
}

const struct hierarchy *members_freezer_v1(const struct cgroup *cg)
{
        return find_v1(cg, "freezer");
}

static int compare(const void *a, const void *b)
{
        pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

        return x < y ? -1 : x > y;
}

/* The hierarchy whose list is taken for all; or NULL. */
static const struct hierarchy *any_hierarchy(const struct cgroup *cg)
{
        const struct hierarchy *h = members_freezer(cg);

        if (!h)
                h = find_v1(cg, "pids");
        for (size_t i = 0; !h && i < cg->n; i++)
                h = cg->h[i].denied ? NULL : &cg->h[i];
        return h;
}

static int collect(const struct hierarchy *h, const struct tree_kept *kept, struct tree_pids *ret)
{
        size_t n = 0;
        int r;

        if (!h)
                return 0;
        r = tree_collect(h->path, "cgroup.procs", kept, ret);
        if (r < 0)
                return r;
        if (ret->n > 0)
                qsort(ret->p, ret->n, sizeof(*ret->p), compare);
        for (size_t i = 0; i < ret->n; i++) {
                if (n == 0 || ret->p[n - 1] != ret->p[i])
                        ret->p[n++] = ret->p[i];
        }
        ret->n = n;
        return 0;
}

int members_list(const struct cgroup *cg, struct tree_pids *ret, struct cfs_error *err)
{
        _cleanup_tree_kept_ struct tree_kept kept = { 0 };
        struct tree_pids pids = { 0 };
        int r = others_find(cg, &kept, err);

        if (r < 0)
                return r;
        r = collect(any_hierarchy(cg), &kept, &pids);
        if (r < 0) {
                free(pids.p);
                return err_sys(err, -r, "getdents64", "read the container's cgroup");
        }
        if (pids.n == 0 && pids.hidden > 0) {
                free(pids.p);
                (void)err_set(
                        err, CFS_E_STATE,
                        "the %zu process(es) in the container's cgroup are of another PID namespace than cfs",
                        pids.hidden);
                return -EXDEV;
        }
        *ret = pids;
        return 0;
}

/* Signals those that are there now. Returns how many, or -errno. */
static int signal_all(const struct hierarchy *h, const struct tree_kept *kept, int sig)
{
        _cleanup_free_ pid_t *p = NULL;
        struct tree_pids pids = { 0 };
        int n = 0, r;

        r = collect(h, kept, &pids);
        p = pids.p;
        if (r < 0)
                return r;
        for (size_t i = 0; i < pids.n; i++) {
                if (p[i] <= 1 || p[i] == getpid())
                        continue;
                if (kill(p[i], sig) == 0)
                        n++;
                else if (errno != ESRCH)
                        return -errno;
        }
        return n;
}

/* Lists and signals until no process is left. Returns how many were signalled, or -errno. */
static int kill_by_list(const struct cgroup *cg, const struct hierarchy *freezer,
                        const struct tree_kept *kept)
{
        struct cfs_error ignored = { 0 };
        int n = 0, r = 0;

        for (unsigned i = 0; i < KILL_ROUNDS; i++) {
                bool frozen = freezer && freezer->ops->freeze(freezer, true, &ignored) == 0;

                r = signal_all(any_hierarchy(cg), kept, SIGKILL);
                if (freezer)
                        (void)freezer->ops->freeze(freezer, false, &ignored);
                if (r > 0)
                        n += r;
                /* While frozen, no process could fork between the list and the signal. */
                if (r <= 0 || frozen)
                        break;
                clock_sleep_us(5000);
        }
        return r < 0 ? r : n;
}

static void wake(const struct cgroup *cg, const struct tree_kept *kept)
{
        const struct hierarchy *v1 = find_v1(cg, "freezer");

        if (v1)
                tree_write_all(v1->path, "freezer.state", "THAWED", kept);
}

void members_wake(const struct cgroup *cg)
{
        _cleanup_tree_kept_ struct tree_kept kept = { 0 };
        struct cfs_error ignored = { 0 };

        if (!find_v1(cg, "freezer"))
                return;
        (void)others_find(cg, &kept, &ignored);
        wake(cg, &kept);
}

int members_kill(const struct cgroup *cg, int sig, struct cfs_error *err)
{
        const struct hierarchy *freezer = members_freezer(cg);
        _cleanup_tree_kept_ struct tree_kept kept = { 0 };
        struct cfs_error ignored = { 0 };
        bool was_frozen;
        int r = others_find(cg, &kept, err);

        if (r < 0)
                return r;
        if (sig == SIGKILL && freezer && freezer->v2 && kept.n == 0) {
                r = v2_kill(freezer);
                /* They may also be frozen by the freezer of v1. */
                wake(cg, &kept);
                if (r == 0)
                        return 1;
        }
        if (sig == SIGKILL) {
                r = kill_by_list(cg, freezer, &kept);
                wake(cg, &kept); /* a cgroup below may be frozen by itself */
        } else {
                was_frozen = freezer && freezer->ops->is_frozen(freezer) == 1;
                if (freezer && !was_frozen)
                        (void)freezer->ops->freeze(freezer, true, &ignored);
                r = signal_all(any_hierarchy(cg), &kept, sig);
                if (freezer && !was_frozen)
                        (void)freezer->ops->freeze(freezer, false, &ignored);
        }
        return r < 0 ? err_sys(err, -r, "kill", "signal the processes of the container's cgroup") : r > 0;
}

/* Waits a little for the killed to be gone. */
static void wait_a_moment(const struct hierarchy *h, unsigned round)
{
        if (!h->v2 || v2_wait_empty(h, 100) == 0)
                clock_sleep_us(round < 20 ? 500 : 5000);
}

/* Other containers are below: the last of them removes the directory, which may be us. */
static bool leave_to_others(const struct hierarchy *h)
{
        tree_mark(h->path);
        claim_release(h);
        return rmdir(h->path) < 0 && errno != ENOENT;
}

static int remove_one(struct cgroup *cg, const struct hierarchy *h, int64_t deadline, struct cfs_error *err)
{
        bool created = h->created || tree_is_marked(h->path);
        int r;

        for (unsigned round = 0;; round++) {
                _cleanup_tree_kept_ struct tree_kept kept = { 0 };

                if (created && rmdir(h->path) == 0)
                        break;
                r = others_find(cg, &kept, err);
                if (r < 0)
                        return r;
                /* A directory that was there before stays; so do not the processes that we put into it. */
                if (created)
                        r = tree_remove(h->path, &kept);
                else
                        r = tree_check_empty(h->path, &kept, &(struct cfs_error){ 0 }) < 0 ? -EBUSY : 0;
                if (r == 0)
                        break;
                if (r > 0 && leave_to_others(h))
                        return 0;
                if (r > 0)
                        continue; /* they have left */
                if (r != -EBUSY)
                        return err_path(err, -r, "rmdir", h->path, "remove cgroup `%s`", h->path);
                if (clock_now_ms() > deadline)
                        return err_set(err, CFS_E_TIMEOUT,
                                       "remove cgroup `%s`: there are still processes in it that do not die",
                                       h->path);
                if (round % 20 == 0) {
                        r = members_kill(cg, SIGKILL, err);
                        if (r < 0)
                                return r;
                        /* A process may have been put here by hand, and into no other hierarchy. */
                        if (round > 0)
                                (void)signal_all(h, &kept, SIGKILL);
                }
                wait_a_moment(h, round);
        }
        if (!created) {
                claim_release(h);
                return 0;
        }
        r = h->parents > 0 ? tree_remove_parents(h->path, h->parents, h->missing) : 0;
        return r < 0 ? err_path(err, -r, "rmdir", h->path, "remove the cgroups above `%s`", h->path) : 0;
}

/* By another container, since cgroup_open() looked. */
static bool is_claimed(struct cgroup *cg)
{
        struct cfs_error ignored = { 0 };
        int r;

        cg->n = cg->n_not_ours;
        r = claim_find(cg, cg->rec->owner, false, &ignored);
        cg->n = 0;
        return r != CLAIM_NONE;
}

void members_leave(struct cgroup *cg)
{
        /* Another container may begin at any time to make the very directories. It makes and marks the first
         * one first, so that is where it shows; the first one of ours to be removed is the same. */
        for (size_t i = 0; i < cg->n_not_ours; i++) {
                const struct hierarchy *h = &cg->h[i];

                if (!h->created || h->denied)
                        continue;
                cg->others = cg->others || is_claimed(cg);
                if (cg->others)
                        tree_mark(h->path);
                else if (rmdir(h->path) == 0 || errno == ENOENT)
                        (void)tree_remove_parents(h->path, h->parents, h->missing);
        }
}

int members_remove(struct cgroup *cg, struct cfs_error *err)
{
        int64_t deadline = clock_now_ms() + REMOVE_TIMEOUT_MS;
        struct cfs_error again;
        int r = 0;

        /* The first one last: it says whose they are. */
        for (size_t i = cg->n; i-- > 0;) {
                int e;

                if (cg->h[i].denied)
                        continue;
                e = remove_one(cg, &cg->h[i], deadline, r < 0 ? &again : err);
                if (e < 0 && r == 0)
                        r = e;
        }
        return r;
}
