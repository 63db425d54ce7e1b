/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The worker of a container: a cfs that the record names by pid and start time, so that it needs no lock to
 * be told from one that was killed.
 *
 * It has the container to itself as far as resources go: others may read, signal, freeze and enter the
 * container, and none of that writes the record. Only `delete --force` takes a container away from a worker
 * that lives. It does so under the lock, by putting its own name there (or by removing the record), and the
 * worker looks for its name when it comes back, before it makes or removes anything more.
 */
#include "libcfs/store/worker.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "libcfs/store/handle.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "oci.h"
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WAIT_MS 30000

static int self(struct proc_identity *ret, struct cfs_error *err)
{
        static struct proc_identity me; /* asked for once; a forked child asks again */
        int r = me.pid == getpid() ? 0 : proc_identify(getpid(), &me);

        if (r < 0)
                return err_sys(err, -r, "read", "read /proc/self/stat");
        *ret = me;
        return 0;
}

static bool identity(const struct oci_record *rec, struct proc_identity *ret)
{
        if (!rec->worker)
                return false;
        *ret = (struct proc_identity){ .pid = rec->worker->pid,
                                       .start_time = rec->worker->start_time,
                                       .offset_ns = rec->worker->time_offset,
                                       .pid_ns = rec->worker->pid_namespace };
        (void)snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", rec->boot_id ? rec->boot_id : "");
        return true;
}

/* 1: yes, 0: no, negative when that cannot be told. */
static int is_us(const struct oci_record *rec, struct cfs_error *err)
{
        struct proc_identity me;
        int r;

        if (!rec->worker || rec->worker->pid != getpid())
                return 0;
        r = self(&me, err);
        return r < 0 ? r : rec->worker->start_time == me.start_time;
}

bool worker_busy(const struct oci_record *rec)
{
        struct proc_identity id;
        int r;

        if (!identity(rec, &id) || is_us(rec, NULL) > 0)
                return false;
        r = proc_status(&id);
        return r < 0 || r == PROC_ALIVE; /* when it cannot be told, the container is not taken away */
}

bool worker_is_elsewhere(const struct oci_record *rec)
{
        struct proc_identity id;

        return identity(rec, &id) && proc_status(&id) == -EXDEV;
}

static int put_name(struct state *s, struct cfs_error *err)
{
        struct oci_record_worker *w = oci_arena_alloc(s->arena, sizeof(*w));
        struct proc_identity me;
        int r = w ? self(&me, err) : err_nomem(err);

        if (r < 0)
                return r;
        w->pid = me.pid;
        w->start_time = me.start_time;
        w->has_pid = w->has_start_time = true;
        w->time_offset = me.offset_ns;
        w->has_time_offset = me.offset_ns != 0;
        w->pid_namespace = me.pid_ns;
        w->has_pid_namespace = true;
        s->record->worker = w;
        return record_save(s, err);
}

int worker_step_aside(struct state *s, pid_t init, struct cfs_error *err)
{
        int r = 0;

        if (s->lock == LOCK_SH)
                lock_release(s);
        if (s->lock != LOCK_EX || s->full)
                return 0;
        if (init > 0 && !s->record->has_pid)
                r = record_note_init(s, init, err);
        if (r >= 0)
                r = is_us(s->record, err);
        if (r == 0)
                r = put_name(s, err);
        if (r < 0)
                return r;
        lock_release(s);
        s->aside = true;
        return 0;
}

int worker_claim(struct state *s, const char *phase, struct cfs_error *err)
{
        char *copy = oci_arena_strdup(s->arena, phase);
        int r;

        if (!copy)
                return err_nomem(err);
        s->record->phase = copy;
        r = put_name(s, err);
        if (worker_no_room(r)) {
                /* Removing a container makes room, so a full file system must not prevent it: it is done
                 * under the lock. */
                log_debug("%s", err->text);
                err_clear(err);
                s->record->worker = NULL;
                s->full = true;
                return 0;
        }
        return r < 0 ? r : worker_step_aside(s, 0, err);
}

bool worker_no_room(int r)
{
        return r == -ENOSPC || r == -EDQUOT;
}

static int lost(struct state *s, struct cfs_error *err)
{
        s->lost = true;
        return err_set(err, CFS_E_STATE, "another cfs has deleted container `%s` meanwhile", s->id);
}

int worker_step_back(struct state *s, struct cfs_error *err)
{
        struct oci_record *rec = NULL;
        struct oci_arena *arena = NULL;
        int r;

        if (!s->aside)
                return 0;
        r = lock_wait(s, LOCK_EX, err);
        if (r < 0)
                return r;
        s->aside = false;
        r = record_peek(s, &rec, &arena, err);
        if (r >= 0)
                r = is_us(rec, err);
        if (r == -ENOENT || r == 0 || (r > 0 && !str_eq(rec->phase, s->record->phase)))
                r = lost(s, err);
        oci_arena_free(arena);
        return r < 0 ? r : 0;
}

int worker_save(struct state *s, struct cfs_error *err)
{
        bool aside = s->aside;
        int r = worker_step_back(s, err);

        if (r >= 0)
                r = record_save(s, err);
        return r >= 0 && aside ? worker_step_aside(s, 0, err) : r;
}

int worker_done(struct state *s, struct cfs_error *err)
{
        int r = worker_step_back(s, err);

        /* The name of another one that lives is not ours to take: we were refused because of it. */
        if (r < 0 || !s->record->worker || worker_busy(s->record))
                return r;
        s->record->worker = NULL;
        return record_save(s, err);
}

/* The parent of a process, 0 when it has none that we can see. */
static pid_t parent_of(pid_t pid)
{
        char path[32], buf[4096], *p;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        if (io_read_small(AT_FDCWD, path, buf, sizeof(buf)) <= 0)
                return 0;
        p = strstr(buf, "\nPPid:\t");
        return p ? (pid_t)strtol(p + strlen("\nPPid:\t"), NULL, 10) : 0;
}

bool worker_is_ancestor(const struct oci_record *rec)
{
        if (!rec->worker)
                return false;
        for (pid_t p = getppid(); p > 1; p = parent_of(p))
                if (p == rec->worker->pid)
                        return true;
        return false;
}

int worker_wait(const struct state *s, struct cfs_error *err)
{
        struct proc_identity id;
        _cleanup_close_ int pidfd = identity(s->record, &id) ? proc_pidfd(&id) : -ESRCH;
        int r = pidfd < 0 ? pidfd : proc_wait_gone(pidfd, WAIT_MS);

        if (r == -ESRCH)
                return 0;
        if (r == -EXDEV)
                return record_elsewhere(s, err);
        if (r < 0 && r != -ETIMEDOUT)
                return err_sys(err, -r, pidfd < 0 ? "pidfd_open" : "poll",
                               "wait for the cfs (pid %d) that works on container `%s`", (int)id.pid, s->id);
        if (r == -ETIMEDOUT)
                return err_set(err, CFS_E_TIMEOUT,
                               "another cfs (pid %d) has been working on container `%s` for %d s",
                               (int)id.pid, s->id, WAIT_MS / 1000);
        return r;
}
