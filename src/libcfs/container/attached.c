/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of a foreground run or restore.
 *
 * The lock is released while the container runs, so that exec, kill and update can come in; before it is
 * deleted the lock is taken and the record read again: another cfs may have deleted the container meanwhile,
 * and used its ID again, in another directory.
 */
#include "libcfs/container/attached.h"
#include "libcfs/container/foreground.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/cfs.h"
#include "libcfs/container/destroy.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include <sys/file.h>

/* By the directory that is open, which is ours whatever its name leads to now. When another cfs works on it:
 * as `delete --force` does. */
static int open_again(const struct ctx *c, struct state **ret, struct cfs_error *err)
{
        int r;

        /* What the record says is in memory, as a rule: no other command has written another one. */
        if (lock_try(c->state, LOCK_EX) == 0 && record_is_that_file(c->state)) {
                *ret = c->state;
                return 0;
        }
        r = state_open_again(c->state, LOCK_EX | LOCK_NB, ret, err);
        if (r < 0 ? err->code != CFS_E_TIMEOUT : !str_eq((*ret)->record->phase, "deleting"))
                return r;
        err_clear(err);
        state_close(*ret);
        *ret = NULL;
        return destroy_open(c->runtime->root, c->id, true, ret, err);
}

static int delete_own(const struct ctx *c, const struct proc_identity *own, struct cfs_error *err)
{
        struct proc_identity now;
        const char *id = c->id;
        struct state *s = NULL;
        int r = open_again(c, &s, err);

        if ((r < 0 && err->code == CFS_E_NOT_FOUND) || r == 1)
                return 0;
        if (r >= 0 && record_identity(s, &now) && now.pid == own->pid && now.start_time == own->start_time)
                /* We have reaped it: there is nothing to look for, and nothing that could not be seen. */
                r = !c->pid ? destroy_undo(c->plan, s, err) : destroy_container(s, err);
        if (r < 0)
                r = err_prefix(err, r, "delete container `%s` (`cfs delete --force %s` tries again)", id, id);
        if (s != c->state)
                state_close(s);
        return r;
}

int attached_wait(struct ctx *c, struct foreground *f, struct notify *n, bool keep, struct cfs_error *err)
{
        struct proc_identity own = { 0 };
        bool known = record_identity(c->state, &own);
        struct cfs_error why = { 0 };
        int code, r;

        record_note_file(c->state);
        lock_release(c->state);
        code = foreground_wait(f, c, n, err);
        if (keep || !known)
                return code;
        r = delete_own(c, &own, code < 0 ? &why : err);
        if (r >= 0 || code < 0)
                return code;
        /* The exit code is the program's, unless it would say that all is well. */
        if (code == 0)
                return r;
        log_error("%s", err->text);
        return code;
}
