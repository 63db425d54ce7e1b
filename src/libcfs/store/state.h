/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state store: one directory per container, ROOT/ID, mode 0700.
 *
 *      state.json    the record (libocispec/schema/record.json), replaced atomically
 *      start.sock    the init of a created container waits here for `start`; removed once started
 *      seccomp.bpf, notify/, ...   what rows keep for later verbs
 *
 * The lock is flock(2) on the directory itself: exclusive for create, start, delete, update...; shared for exec. The
 * kernel frees it when cfs dies, so that a crash never leaves a container locked.
 *
 * Crash consistency: a row calls record_save() with the resource recorded *before* it makes it. A runtime killed with
 * SIGKILL between any two system calls leaves a record from which undo removes everything. A directory without a
 * record is a create that died before it made anything, or a delete that died when all was undone: whoever opens it
 * with an exclusive lock removes it.
 */
#ifndef LIBCFS_STATE_H
#define LIBCFS_STATE_H

#include "base/err.h"
#include "libcfs/store/handle.h"

/* 1..255 (it names a directory) of [A-Za-z0-9_+.-], not "." or "..": else CFS_E_INVALID "invalid container ID format:
 * ...". */
int state_check_id(const char *id, struct cfs_error *err);

/* Makes ROOT (0700, sticky for users) if needed, and ROOT/ID, locked exclusively. The record holds version, id, phase,
 * owner and boot id, and is not yet written. CFS_E_EXISTS "container with given ID already exists" when it is taken.
 * Reclaimed are: a directory without a record whose lock is free; and one whose record belongs to an earlier boot and
 * has nothing to undo that survives a boot. */
int state_create(const char *root, const char *id, struct state **ret, struct cfs_error *err);

/* Opens an existing container. lock: LOCK_EX, LOCK_SH or 0 (no lock: `state`, `list`). Waits for a lock at most 30 s.
 * CFS_E_NOT_FOUND "container `ID` does not exist" when missing. */
int state_open(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err);

/* Removes ROOT/ID and all it holds, the record first; no links followed, nothing beyond a mount. s stays open. */
int state_remove(struct state *s, struct cfs_error *err);

/* In a forked child: closes the descriptors without unlocking. */
void state_forget_in_child(struct state *s);

/* Closes, unlocks, frees. NULL is fine. */
void state_close(struct state *s);

#endif
