/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container is doing now, and the OCI state document that says so.
 *
 * The record, the identity of the init and start.sock tell all but one thing: only the container's cgroup knows whether
 * it is frozen. A created container can be frozen, too, and who talks to its init then waits: it is "paused" like a
 * running one.
 */
#include "libcfs/store/status.h"
#include "base/str.h"
#include "base/user.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/record.h"
#include "libcfs/store/handle.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

static int cannot_tell(const struct state *s, int r, const char *what, struct cfs_error *err)
{
        (void)err_sys(err, -r, NULL, "%s", what);
        return err_prefix(err, r, "cannot tell the status of container `%s`", s->id);
}

/* Is the one who creates it still at work? He holds the lock. */
static int has_creator(const struct state *s, struct cfs_error *err)
{
        if (s->creating)
                return true;
        if (s->lock == LOCK_EX)
                return false;
        if (flock(s->dir_fd, LOCK_SH | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? true : cannot_tell(s, -errno, "flock of its directory", err);
        if (s->lock == 0)
                (void)flock(s->dir_fd, LOCK_UN);
        return false;
}

/* Nobody has connected to the init of a created container yet. */
static int has_start_socket(const struct state *s, struct cfs_error *err)
{
        if (faccessat(s->dir_fd, "start.sock", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return true;
        return errno == ENOENT ? false : cannot_tell(s, -errno, "look for its start.sock", err);
}

int status_recorded(const struct state *s, struct cfs_error *err)
{
        const char *phase = s->record->phase;
        struct proc_identity id;
        char what[64];
        int r;

        if (str_eq(phase, "stopped"))
                return STATUS_STOPPED;
        if (!record_identity(s, &id)) {
                r = has_creator(s, err);
                return r < 0 ? r : r ? STATUS_CREATING : STATUS_STOPPED;
        }
        r = proc_status(&id);
        if (r < 0) {
                (void)snprintf(what, sizeof(what), "look at its init, `/proc/%d/stat`", (int)id.pid);
                return cannot_tell(s, r, what, err);
        }
        if (r != PROC_ALIVE)
                return STATUS_STOPPED;
        if (str_eq(phase, "creating"))
                return STATUS_CREATING;
        if (!str_eq(phase, "created"))
                return STATUS_RUNNING;
        r = has_start_socket(s, err);
        return r < 0 ? r : r ? STATUS_CREATED : STATUS_RUNNING;
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
        }
        return "unknown";
}

struct oci_state *status_document(struct state *s, int st)
{
        const struct oci_record *rec = s->record;
        struct oci_state *doc = oci_arena_alloc(s->arena, sizeof(*doc));
        char owner[USER_NAME_SIZE];

        if (!doc)
                return NULL;
        doc->oci_version = oci_arena_strdup(s->arena, rec->oci_version ? rec->oci_version : CFS_SPEC_VERSION);
        doc->id = rec->id;
        doc->pid = st == STATUS_STOPPED || !rec->has_pid ? 0 : rec->pid;
        doc->has_pid = true;
        doc->status = oci_arena_strdup(s->arena, status_name(st));
        doc->bundle = oci_arena_strdup(s->arena, rec->bundle ? rec->bundle : "");
        doc->rootfs = rec->rootfs;
        doc->created = rec->created;
        doc->annotations = rec->annotations;
        user_name(rec->owner, owner);
        doc->owner = oci_arena_strdup(s->arena, owner);
        return doc->oci_version && doc->status && doc->bundle && doc->owner ? doc : NULL;
}

/* A container without a freezer, or whose cgroup is gone, is not paused. */
static int is_frozen(const struct state *s, struct cfs_error *err)
{
        struct cgroup *cg = NULL;
        int r;

        if (!s->record->cgroup)
                return false;
        r = cgroup_open(s->record, &cg, err);
        if (r < 0)
                return r;
        r = cgroup_is_frozen(cg);
        cgroup_close(cg);
        if (r == -ENOENT || r == -ENODEV)
                return false;
        return r < 0 ? cannot_tell(s, r, "look whether its cgroup is frozen", err) : r;
}

int status_of(struct state *s, struct cfs_error *err)
{
        int st = status_recorded(s, err), frozen;

        if (st != STATUS_RUNNING && st != STATUS_CREATED)
                return st;
        frozen = is_frozen(s, err);
        return frozen < 0 ? frozen : frozen ? STATUS_PAUSED : st;
}
