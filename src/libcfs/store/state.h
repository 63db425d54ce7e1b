/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state store: one directory per container, ROOT/ID, mode 0700.
 *
 *      state.json    the record (libocispec/schema/record.json), replaced atomically
 *      start.sock    the init of a created container waits here for `start`; removed once started
 *      state.json.next   the record as `create` will publish it
 *      seccomp.bpf, notify/, ...   what rows keep for later verbs
 *
 * The lock is flock(2) on the directory itself: exclusive for create, start, delete, update...; shared for
 * exec. The kernel frees it when cfs dies, so that a crash never leaves a container locked.
 *
 * It is held while cfs itself works, which takes a moment, and never while cfs waits for programs of others:
 * hooks, the service manager, an engine's sockets. They may take for ever, and they may call cfs on the very
 * container. Before such a wait the verb steps aside (worker.h): it writes its identity into the record, as
 * `worker`, and frees the lock; after it, it takes the lock and looks whether the record still has its name.
 *
 *      phase      worker       lock   what that is, and the status that the container has
 *      creating   any          held   being created                                             creating
 *      creating   lives        free   being created; hooks, or systemd, are waited for          creating
 *      creating   ended, none  free   its creator was killed: only `delete` is left             stopped (*)
 *      created    none         any    has executed nothing (created), or the program            created, running
 *      created    lives        free   a start in front of the execve: startContainer hooks      created
 *      created    ended        free   its start was killed: as above                            created, running
 *      running    lives        free   poststart hooks are run                                   running
 *      running    ended, none  any    a running container                                       running
 *      deleting   lives        free   being undone; poststop hooks, or systemd, are waited for  stopped
 *      deleting   ended        free   its delete was killed: the next one goes on               stopped
 *
 * That is as long as the init lives: without it a container that got as far as "created" is stopped. (*)
 * Should the init of a creator that was killed live on, frozen, the container counts as creating.
 *
 * What other commands may do in between: read, signal, freeze, limit or enter the container, which is every
 * command but start and delete. A second `start` is refused. `delete` without --force is refused, but waits
 * for another delete; `delete --force` takes the container over from a creator or a start that lives: it puts
 * its own name into the record, kills the init, undoes. The one that has lost finds that out when it steps
 * back, and touches nothing more.
 *
 * Crash consistency: a row calls record_save() with the resource recorded *before* it makes it. A runtime
 * killed with SIGKILL between any two system calls leaves a record from which undo removes everything. A
 * directory without a record is a create that died before it made anything, or a delete that died when all
 * was undone: the next command that opens it with an exclusive lock removes it.
 */
#ifndef LIBCFS_STATE_H
#define LIBCFS_STATE_H

#include "base/err.h"
#include "libcfs/store/handle.h"

/* 1..255 (it names a directory) of [A-Za-z0-9_+.-], not "." or "..": else CFS_E_INVALID "invalid container
 * ID format: ...". */
int state_check_id(const char *id, struct cfs_error *err);

/* Makes ROOT (0700, sticky for users) if needed, and ROOT/ID, locked exclusively. The record holds
 * version, id, phase, owner and boot id, and is not yet written. CFS_E_EXISTS "container with given ID
 * already exists" when it is taken. Reclaimed are: a directory without a record whose lock is free; and
 * one whose record belongs to an earlier boot and has nothing to undo that survives a boot. */
int state_create(const char *root, const char *id, struct state **ret, struct cfs_error *err);

/* Opens an existing container. lock: LOCK_EX, LOCK_SH or 0 (no lock: `state`, `list`). Waits for a lock at
 * most 30 s; with LOCK_NB not at all: CFS_E_TIMEOUT. CFS_E_NOT_FOUND "container `ID` does not exist" when
 * missing. */
int state_open(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err);

/* The same, where the caller has called store_root_check(). */
int state_open_checked(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err);

/* For a caller that needs only what record_read_head() reads: fills *s, which need not be closed. False: the
 * caller must use state_open(). */
struct record_head;
bool state_open_head(const char *root, const char *id, struct oci_arena *arena, struct record_head *head,
                     struct state *s);

/* state_open() for a container that is open already and whose lock was released: uses the directory of
 * `old`, and takes it from `old`. CFS_E_NOT_FOUND also when another container has its ID now, in another
 * directory. */
int state_open_again(struct state *old, int lock, struct state **ret, struct cfs_error *err);

/* Opens a container whose record cannot be understood, as state_open(); s->broken is set. */
int state_open_broken(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err);

/* Removes ROOT/ID and all it holds, the record first; no links followed, nothing beyond a mount. s stays
 * open. */
int state_remove(struct state *s, struct cfs_error *err);

/* In a forked child: closes the descriptors without unlocking. */
void state_forget_in_child(struct state *s);

/* Closes, unlocks, frees. NULL is fine. */
void state_close(struct state *s);

static inline void state_close_p(struct state **s)
{
        state_close(*s);
}
#define _cleanup_state_ __attribute__((cleanup(state_close_p)))

#endif
