/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container is doing now, and the OCI state document that says so.
 *
 * The record, the identities of the init and of the cfs that works on it, and start.sock tell all but one thing: only the container's cgroup knows whether
 * it is frozen. A created container can be frozen, too, and who talks to its init then waits: it is "paused" like a
 * running one.
 */
#include "libcfs/store/status.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/unix.h"
#include "base/user.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "libcfs/store/worker.h"
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

static int init_status(const struct state *s, const struct proc_identity *id, struct cfs_error *err)
{
        char what[64];
        int r = proc_status(id);

        if (r >= 0)
                return r;
        (void)snprintf(what, sizeof(what), "look at its init, `/proc/%d/stat`", (int)id->pid);
        return cannot_tell(s, r, what, err);
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
                r = init_status(s, &id, err);
                if (r < 0 || r == PROC_ALIVE)
                        return r < 0 ? r : STATUS_CREATING;
        }
        if (s->lock)
                return STATUS_STOPPED;
        r = lock_try(s, LOCK_SH);
        if (r == -EWOULDBLOCK)
                return STATUS_CREATING;
        if (r < 0)
                return cannot_tell(s, r, "flock of its directory", err);
        /* Nobody has it now. What we have read may be what somebody has just replaced: under the lock it is true. */
        r = record_load(s, err);
        r = r == -ENOENT ? STATUS_STOPPED : r < 0 ? r : status_recorded(s, err);
        lock_release(s);
        return r;
}

/* Nobody has connected to the init of a created container yet. */
static int has_start_socket(const struct state *s, struct cfs_error *err)
{
        if (faccessat(s->dir_fd, "start.sock", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return true;
        return errno == ENOENT ? false : cannot_tell(s, -errno, "look for its start.sock", err);
}

/* Does anybody listen on start.sock? The init does until it executes the program. */
static bool init_waits(const struct state *s)
{
        const struct sockaddr_un a = unix_address_at(s->dir_fd, "start.sock");
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        return fd >= 0 && (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 || errno != ECONNREFUSED);
}

/* "created" is what the record says until the program runs and somebody has had the time to say so. */
static int status_created(const struct state *s, struct cfs_error *err)
{
        int r;

        if (worker_busy(s->record)) /* a `start` or `run` in front of the execve */
                return STATUS_CREATED;
        r = has_start_socket(s, err);
        if (r > 0 && worker_dead(s->record))
                r = init_waits(s);
        return r < 0 ? r : r ? STATUS_CREATED : STATUS_RUNNING;
}

int status_recorded(struct state *s, struct cfs_error *err)
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
        r = init_status(s, &id, err);
        if (r < 0)
                return r;
        if (r != PROC_ALIVE)
                return STATUS_STOPPED;
        return str_eq(phase, "created") ? status_created(s, err) : STATUS_RUNNING;
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
