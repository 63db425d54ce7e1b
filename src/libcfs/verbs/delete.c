/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs delete: remove what create made (runtime.md, "Delete"), by walking the undo column of the plan
 * backwards.
 *
 * The specification asks for `stopped`; a created container is killed first, as engines rely on; a running
 * one only with --force. --force also succeeds when there is no such container, so that engines can clean up
 * after anything. Deleting works from the record alone, whatever was left of it: a create that was killed
 * half way is deleted like any other.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "libcfs/cfs.h"
#include "libcfs/container/destroy.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "libcfs/store/worker.h"
#include "oci.h"
#include <sys/file.h>

/* Nothing is known of the container but its ID. What it may have left is for people to find. */
static int delete_broken(const char *root, const char *id, const char *why, struct cfs_error *err)
{
        _cleanup_state_ struct state *s = NULL;
        int r = state_open_broken(root, id, LOCK_EX, &s, err);

        if (r >= 0)
                r = state_remove(s, err);
        if (r >= 0)
                log_error(
                        "container `%s`: %s: its state directory is removed; its processes, cgroup, mounts, devices and "
                        "poststop hooks are unknown, and nothing of them is undone",
                        id, why);
        return r;
}

/* Without --force only what has stopped, or was created and is neither paused nor being started. */
static int check_stopped(struct state *s, int st, struct cfs_error *err)
{
        struct cfs_error ignored = { 0 };

        if (st == STATUS_CREATED)
                st = status_of(s, err);
        if (st < 0)
                return st;
        if (st == STATUS_RUNNING || st == STATUS_PAUSED || (st == STATUS_CREATING && worker_busy(s->record)))
                return err_set(err, CFS_E_STATE, "cannot delete container %s that is not stopped: %s", s->id,
                               status_name(status_of(s, &ignored)));
        if (worker_busy(s->record))
                return err_set(err, CFS_E_STATE,
                               "cannot delete container %s that is not stopped: pid %d is starting it", s->id,
                               (int)s->record->worker->pid);
        return 0;
}

int cfs_delete(const struct cfs_runtime *rt, const char *id, bool force, struct cfs_error *err)
{
        struct cfs_error ignored = { 0 };
        _cleanup_state_ struct state *s = NULL;
        int r = destroy_open(rt->root, id, force, &s, err);

        if (r != 0) {
                if (r > 0 || (force && err->code == CFS_E_NOT_FOUND))
                        return 0;
                if (force && err->code == CFS_E_INVALID && state_check_id(id, &ignored) >= 0) {
                        const struct cfs_error why = *err;

                        err_clear(err);
                        return delete_broken(rt->root, id, why.text, err);
                }
                return r;
        }
        /* When it cannot be told whether the init runs, it may be running: also --force removes nothing
         * that it could not end. */
        r = status_recorded(s, err);
        if (r == -EXDEV && force) {
                err_clear(err); /* what is in the cgroup can be ended all the same: destroy_stop() */
                r = 0;
        }
        if (r >= 0 && !force)
                r = check_stopped(s, r, err);
        if (r >= 0)
                r = destroy_container(s, err);
        return r < 0 ? r : 0;
}
