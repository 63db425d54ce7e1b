/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfs ps: the pids of everything in the container's cgroup; without a cgroup, that of the init alone. */
#include "base/cleanup.h"
#include "base/proc.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"

static int cannot_look(const struct state *s, int r, struct cfs_error *err)
{
        return r == -EXDEV ? record_elsewhere(s, err)
                           : err_sys(err, -r, "read", "look at the container's init, `/proc/%d/stat`",
                                     s->record->pid);
}

static int init_alone(const struct state *s, pid_t **ret, size_t *ret_n, struct cfs_error *err)
{
        struct proc_identity id;
        pid_t *p = malloc(sizeof(*p));
        int r;

        if (!p)
                return err_nomem(err);
        *ret = p;
        *ret_n = 0;
        r = record_identity(s, &id) ? proc_status(&id) : PROC_GONE;
        if (r < 0)
                return cannot_look(s, r, err);
        if (r == PROC_ALIVE)
                p[(*ret_n)++] = id.pid;
        return 0;
}

/* An empty cgroup is an answer when the init is dead, or about to be: a process that ends leaves its
 * cgroup before it is a zombie, and in between waits for those of its PID namespace. Otherwise it was
 * moved away, or we see another directory than it is in. */
static int check_empty(const struct state *s, struct cfs_error *err)
{
        struct proc_identity id;
        struct proc_sight seen = { 0 };
        int r = record_identity(s, &id) ? proc_look(&id, &seen) : PROC_GONE;

        if (r == PROC_GONE || r == PROC_ZOMBIE || seen.ending || WEAKENED("exec-cgroup"))
                return 0;
        if (r < 0)
                return cannot_look(s, r, err);
        return err_set(
                err, CFS_E_STATE,
                "the container's cgroup `%s` is empty or not there, although its init, %d, is alive: it was "
                "moved, or the cgroup cannot be seen from here",
                s->record->cgroup->hierarchies[0]->path, (int)id.pid);
}

static int of_cgroup(const struct state *s, pid_t **ret, size_t *ret_n, struct cfs_error *err)
{
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        _cleanup_free_ pid_t *pids = NULL;
        int r = cgroup_open(s->record, &cg, err);

        if (r >= 0)
                r = cgroup_pids(cg, &pids, ret_n, err);
        if (r >= 0 && *ret_n == 0)
                r = check_empty(s, err);
        if (r >= 0)
                *ret = TAKE_PTR(pids);
        return r;
}

int cfs_ps(const struct cfs_runtime *rt, const char *id, pid_t **ret_pids, size_t *ret_n,
           struct cfs_error *err)
{
        _cleanup_state_ struct state *s = NULL;
        int r = state_open(rt->root, id, 0, &s, err);

        if (r < 0)
                return r;
        if (!s->record->cgroup || s->record->cgroup->n_hierarchies == 0)
                r = init_alone(s, ret_pids, ret_n, err);
        else
                r = of_cgroup(s, ret_pids, ret_n, err);
        return r < 0 ? err_prefix(err, r, "ps") : 0;
}
