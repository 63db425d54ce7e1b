/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container is doing now, and the OCI state document that says so.
 *
 * The record, the identities of the init and of the cfs that works on it, and whether the init has executed a
 * program tell all but one thing: only the container's cgroup knows whether it is frozen. A created container
 * can be frozen, too, and a command that talks to its init then waits: it is "paused" like a running one.
 */
#include "libcfs/store/status.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/user.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "libcfs/store/worker.h"
#include "libcfs/store/handle.h"
#include "oci.h"
#include <errno.h>
#include <sys/file.h>

static int cannot_tell(const struct state *s, int r, const char *call, const char *what,
                       struct cfs_error *err)
{
        (void)err_sys(err, -r, call, "%s", what);
        return err_prefix(err, r, "cannot tell the status of container `%s`", s->id);
}

static int init_status(const struct state *s, const struct proc_identity *id, struct proc_sight *ret,
                       struct cfs_error *err)
{
        const char *boot;
        char what[64];
        int r = proc_look(id, ret);

        if (r >= 0)
                return r;
        if (r == -EXDEV)
                return record_elsewhere(s, err);
        if (proc_boot_id(&boot) < 0) /* a procfs with subset=pid, for one */
                return cannot_tell(s, r, "openat",
                                   "read the id of this boot, `/proc/sys/kernel/random/boot_id`", err);
        (void)snprintf(what, sizeof(what), "look at its init, `/proc/%d/stat`", (int)id->pid);
        return cannot_tell(s, r, "openat", what, err);
}

/* "creating", but is its creator still at work? It holds the lock, or has stepped aside and lives. */
static int status_creating(struct state *s, struct cfs_error *err)
{
        struct proc_identity id;
        int r;

        if (s->creating || worker_busy(s->record))
                return STATUS_CREATING;
        /* Its creator was killed and its init lives: delete has to kill that. */
        if (record_identity(s, &id)) {
                r = init_status(s, &id, NULL, err);
                if (r < 0 || r == PROC_ALIVE)
                        return r < 0 ? r : STATUS_CREATING;
        }
        if (s->lock)
                return STATUS_STOPPED;
        r = lock_try(s, LOCK_SH);
        if (r == -EWOULDBLOCK)
                return STATUS_CREATING;
        if (r < 0)
                return cannot_tell(s, r, "flock", "flock of its directory", err);
        /* The lock was free, so we have it. The record that we have read may have been replaced meanwhile:
         * read it again under the lock. */
        r = record_load(s, err);
        r = r == -ENOENT ? STATUS_STOPPED : r < 0 ? r : status_recorded(s, err);
        lock_release(s);
        return r;
}

/* As status_recorded(). *ret is what was seen of an init that lives, as far as it is known. */
static int recorded(struct state *s, struct proc_sight *ret, struct cfs_error *err)
{
        const char *phase = s->record->phase;
        struct proc_identity id;
        int r;

        if (str_eq(phase, "stopped") || str_eq(phase, "deleting"))
                return STATUS_STOPPED;
        if (str_eq(phase, "creating"))
                return status_creating(s, err);
        if (!record_identity(s, &id))
                return STATUS_STOPPED;
        r = init_status(s, &id, ret, err);
        if (r < 0)
                return r;
        if (r != PROC_ALIVE)
                return STATUS_STOPPED;
        /* "created" is what the record says until a command has had the time to write something else; a
         * `start` may have been killed meanwhile. Whether the init runs the user's program by now, the kernel
         * knows. */
        return str_eq(phase, "created") && !ret->executed ? STATUS_CREATED : STATUS_RUNNING;
}

int status_recorded(struct state *s, struct cfs_error *err)
{
        struct proc_sight seen;

        return recorded(s, &seen, err);
}

const char *status_name(int st)
{
        switch (st) {
        case STATUS_CREATING:
                return "creating";
        case STATUS_CREATED:
                return "created";
        case STATUS_RUNNING:
                return "running";
        case STATUS_PAUSED:
                return "paused";
        case STATUS_STOPPED:
                return "stopped";
        case STATUS_BROKEN:
                return "broken";
        }
        return "unknown";
}

void status_document(const struct state *s, int st, struct user_name *owner, struct oci_state *ret)
{
        const struct oci_record *rec = s->record;

        *ret = (struct oci_state){
                .oci_version = rec->oci_version ? rec->oci_version : (char *)CFS_SPEC_VERSION,
                .id = rec->id,
                .pid = st == STATUS_STOPPED || !rec->has_pid ? 0 : rec->pid,
                .has_pid = true,
                .status = (char *)status_name(st),
                .bundle = rec->bundle ? rec->bundle : (char *)"",
                .rootfs = rec->rootfs,
                .created = rec->created,
                .annotations = rec->annotations,
                .owner = (char *)user_name(owner, rec->owner),
        };
}

/* By the head of the record alone, for list. */
static int head_is_frozen(const struct state *s, bool asleep)
{
        int r = cgroup_freezer_says(s->record->freezer, asleep);

        return r == 0 && s->record->other_freezer ? cgroup_freezer_says(s->record->other_freezer, asleep) : r;
}

/* A container without a freezer, or whose cgroup is gone, is not paused. */
static int is_frozen(const struct state *s, bool asleep, struct cfs_error *err)
{
        struct cgroup *cg = NULL;
        int r;

        if (!s->head && !s->record->cgroup)
                return false;
        r = s->head ? 0 : cgroup_open(s->record, &cg, err);
        if (r < 0)
                return r;
        r = s->head ? head_is_frozen(s, asleep) : cgroup_is_frozen(cg);
        cgroup_close(cg);
        if (r == -ENOENT || r == -ENODEV)
                return false;
        return r < 0 ? cannot_tell(s, r, "openat", "look whether its cgroup is frozen", err) : r;
}

int status_of(struct state *s, struct cfs_error *err)
{
        struct proc_sight seen = { 0 };
        int st = recorded(s, &seen, err), frozen;

        if (st != STATUS_RUNNING && st != STATUS_CREATED)
                return st;
        frozen = is_frozen(s, seen.asleep, err);
        return frozen < 0 ? frozen : frozen ? STATUS_PAUSED : st;
}

int status_hold(struct state *s, bool frozen, struct cfs_error *err)
{
        /* While it is being created the record may be read anew, and name another process. */
        bool settled = !str_eq(s->record->phase, "creating");
        struct proc_identity id;
        bool known = settled && record_identity(s, &id);
        _cleanup_close_ int pidfd = known ? sys_pidfd_open(id.pid, 0) : -1;
        int st = frozen ? status_of(s, err) : status_recorded(s, err);
        int r = known && st >= 0 && st != STATUS_STOPPED ? proc_same_pids(&id) : 0;

        if (r < 0)
                return r == -EXDEV ? record_elsewhere(s, err)
                                   : cannot_tell(s, r, "stat", "look at cfs's own PID namespace", err);
        if (st == STATUS_CREATED || st == STATUS_RUNNING || st == STATUS_PAUSED)
                s->init_pidfd = TAKE_FD(pidfd);
        return st;
}
