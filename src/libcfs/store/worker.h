/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Working on a container without its lock: see "The lock, and what it is not held for" in state.h.
 *
 * A verb that holds the exclusive lock and is about to wait for a program that is not cfs's steps aside: the
 * record names it as the container's worker, and the lock is free. Then it steps back: it takes the lock
 * again, and learns whether the container is still its own.
 */
#ifndef LIBCFS_STORE_WORKER_H
#define LIBCFS_STORE_WORKER_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

struct oci_record;
struct state;

/* Names us in the record, which is saved when it does not say so yet, and releases the lock. init: the
 * container's init, noted on the way when it is not 0. A shared lock is only released; without a lock
 * nothing is done. */
int worker_step_aside(struct state *s, pid_t init, struct cfs_error *err);

/* Takes the lock again, if worker_step_aside() released it. When another cfs has taken the container over
 * or removed it: CFS_E_STATE, s->lost is set, and neither the record nor what it tells of may be touched
 * any more. */
int worker_step_back(struct state *s, struct cfs_error *err);

/* record_save(), for rows that may have stepped aside: under the lock, and only while the container is
 * ours. */
int worker_save(struct state *s, struct cfs_error *err);

/* As worker_step_aside(), and sets the phase of the container. When the file system is full, the record
 * cannot be written: then it keeps the lock instead, and returns 0. */
int worker_claim(struct state *s, const char *phase, struct cfs_error *err);

/* After the work: takes the lock again when it was released, and removes this process from the record. */
int worker_done(struct state *s, struct cfs_error *err);

/* Is r the errno of a full file system? */
bool worker_no_room(int r);

/* Does the record name a worker that lives and is not this process? */
bool worker_busy(const struct oci_record *rec);

/* It is in another PID namespace, so that this cannot be told (proc_status()). */
bool worker_is_elsewhere(const struct oci_record *rec);

/* Is the worker waiting for us: did it start the hook that started us? */
bool worker_is_ancestor(const struct oci_record *rec);

/* Waits (at most 30 s) until the worker has ended. */
int worker_wait(const struct state *s, struct cfs_error *err);

#endif
