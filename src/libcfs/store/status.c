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
#include <fcntl.h>
#include <sys/file.h>

/* Is the one who creates it still at work? He holds the lock. */
static bool has_creator(const struct state *s)
{
        if (s->creating)
                return true;
        if (s->lock == LOCK_EX)
                return false;
        if (flock(s->dir_fd, LOCK_SH | LOCK_NB) < 0)
                return true;
        if (s->lock == 0)
                (void)flock(s->dir_fd, LOCK_UN);
        return false;
}

enum container_status status_recorded(const struct state *s)
{
        const char *phase = s->record->phase;
        struct proc_identity id;

        if (str_eq(phase, "stopped"))
                return STATUS_STOPPED;
        if (!record_identity(s, &id))
                return has_creator(s) ? STATUS_CREATING : STATUS_STOPPED;
        if (proc_status(&id) != PROC_ALIVE)
                return STATUS_STOPPED;
        if (str_eq(phase, "creating"))
                return STATUS_CREATING;
        if (str_eq(phase, "created") && faccessat(s->dir_fd, "start.sock", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return STATUS_CREATED;
        return STATUS_RUNNING;
}

const char *status_name(enum container_status st)
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

struct oci_state *status_document(struct state *s, enum container_status st)
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

enum container_status status_of(struct state *s)
{
        enum container_status st = status_recorded(s);
        struct cfs_error ignored = { 0 };
        struct cgroup *cg = NULL;

        if ((st != STATUS_RUNNING && st != STATUS_CREATED) || !s->record->cgroup)
                return st;
        if (cgroup_open(s->record, &cg, &ignored) >= 0 && cgroup_is_frozen(cg) > 0)
                st = STATUS_PAUSED;
        cgroup_close(cg);
        return st;
}
