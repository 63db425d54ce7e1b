/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state store: one directory per container, ROOT/ID, mode 0700.
 *
 *      state.json    the record (libocispec/schema/record.json), replaced atomically
 *      lock          flock(2): exclusive for create, start, delete, update...; shared for exec. Freed by the kernel
 *                    when cfs dies, so that a crash never leaves a container locked
 *      start.sock    the init of a created container waits here for `start`; removed once started
 *      seccomp.bpf, notify/, ...   what rows keep for later verbs
 *
 * Crash consistency: a row calls state_save() with the resource recorded *before* it makes it. A runtime killed with
 * SIGKILL between any two system calls leaves a record from which undo removes everything. A directory without a
 * readable record is a create that died before it made anything: reclaimed by the next create, and by delete.
 */
#ifndef LIBCFS_STATE_H
#define LIBCFS_STATE_H

#include "base/err.h"
#include "base/proc.h"
#include "ocispec.h"
#include <stdbool.h>

struct oci_arena;

struct state {
        char *root; /* ROOT, absolute                                              */
        char *id;
        char *dir;                 /* ROOT/ID                                                     */
        int dir_fd;                /* O_PATH or O_RDONLY directory                                */
        int lock_fd;               /* -1: not locked by us                                        */
        struct oci_record *record; /* never NULL; strings live in arena                           */
        struct oci_arena *arena;
};

enum container_status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };

/* 1..1024 of [A-Za-z0-9_+.-], not "." or "..": CFS_E_INVALID "invalid container ID format: ..." otherwise. */
int state_check_id(const char *id, struct cfs_error *err);

/* Makes ROOT (0700 and parents) if needed, and ROOT/ID, locked exclusively; the record is empty and not yet written.
 * CFS_E_EXISTS "container with given ID already exists" when it is taken; a directory that a dead create left
 * (no record, lock free) is reclaimed; one whose record belongs to an earlier boot and has nothing to undo, too. */
int state_create(const char *root, const char *id, struct state **ret, struct cfs_error *err);

/* Opens an existing container. lock: LOCK_EX, LOCK_SH or 0 (no lock: `state`, `list`). Waits for a lock at most 30 s.
 * CFS_E_NOT_FOUND "container `ID` does not exist" when missing. */
int state_open(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err);

/* Writes the record atomically. */
int state_save(struct state *s, struct cfs_error *err);

/* What the container is doing now: from the init's identity, start.sock and (for paused) the cgroup freezer, which
 * the caller asks separately (cgroup.h). Never STATUS_PAUSED by itself. */
enum container_status state_status(const struct state *s);
const char *state_status_name(enum container_status st);

/* The identity of the init as recorded; false when there is none yet. */
bool state_identity(const struct state *s, struct proc_identity *ret);

/* Records the init. */
int state_set_init(struct state *s, pid_t pid, struct cfs_error *err);

/* Removes ROOT/ID and all it holds (it holds only what cfs made); one file system, no links followed. */
int state_remove(struct state *s, struct cfs_error *err);

/* Releases the lock and keeps the rest: for a foreground run and exec, which must not block other verbs. */
void state_unlock(struct state *s);

/* In a forked child: closes the descriptors without unlocking. */
void state_forget_in_child(struct state *s);

/* Closes, unlocks, frees. NULL is fine. */
void state_close(struct state *s);

/* Calls fn for every container below root, in order of ID, unlocked; a container that vanishes meanwhile is skipped.
 * A missing root is an empty one unless must_exist. Stops at fn's first non-zero and returns it. */
int state_foreach(const char *root, bool must_exist, int (*fn)(void *data, struct state *s), void *data,
                  struct cfs_error *err);

/* The OCI state JSON document of the container in the arena of s. pid is 0 when stopped. */
struct oci_state *state_document(struct state *s, enum container_status st);

#endif
