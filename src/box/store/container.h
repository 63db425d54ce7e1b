/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers in the store. Their states move by one UPDATE that names the state before, so of two commands at
 * once one wins and the other hears which state the container is in now.
 */
#ifndef BOX_STORE_CONTAINER_H
#define BOX_STORE_CONTAINER_H

#include "box/core/box.h"
#include <limits.h>

/* A condition on rows, in the words of the index that has them. SQLite would make a table of the values in
 * `state IN (...)`. */
#define STORE_BUSY "state<>'created' AND state<>'exited'"

/* A row of the table; see box.json for what each is. Lives in an arena. */
struct oci_box_container;

/* Writes the row in state "creating", owned by this process. The name must be free. `runs`: in state
 * "running", with this process in place of its init, and its run is in the history. */
int store_container_insert(const struct box *box, const struct oci_box_container *c, const char *stop_signal,
                           const char *userns, bool runs, struct cfs_error *err);
/* Takes the latter back: it is "creating" again, and no run of it is known. */
int store_container_not_started(const struct box *box, const char *id, struct cfs_error *err);

/* The bundle of `run --rm` in the foreground lies in the run directory, which is in memory: it goes with the
 * machine, as the container does. What the container writes is in ROOT/containers/ID all the same. */
bool store_container_in_memory(const struct oci_box_container *c);
int store_container_bundle(const struct box *box, const char *id, bool in_memory, char ret[PATH_MAX],
                           struct cfs_error *err);

/* The ID that a name, or the beginning of an ID, means. */
int store_container_find(const struct box *box, const char *ref, char ret_id[BOX_ID_SIZE],
                         struct cfs_error *err);

/* Those in any state (all), or those that run, the newest first; only `id` unless that is NULL. Lives in
 * `arena`. */
int store_container_list(const struct box *box, const char *id, bool all, struct oci_arena *arena,
                         struct oci_box_container ***ret, size_t *ret_n, struct cfs_error *err);

/* One, or an error when it does not exist. */
int store_container_get(const struct box *box, const char *id, struct oci_arena *arena,
                        struct oci_box_container **ret, struct cfs_error *err);

/* From one of the states `from` (separated by blanks) to `to`, owned by this process. An error names the
 * state it is in. `doing` is for messages: "start". */
int store_container_move(const struct box *box, const char *id, const char *from, const char *to,
                         const char *doing, struct cfs_error *err);

/* It runs now: the init is `pid`, and `monitor` is the process that will see its end. Adds the run to the
 * history. */
int store_container_started(const struct box *box, const char *id, int pid, int monitor,
                            struct cfs_error *err);

/* It has ended. exit_code: -1 unknown. `end`: exited, killed, oom, failed, lost. `remove`: its state is then
 * "removing", owned by this process, and "exited" otherwise. Returns 0 when the end was known already. */
int store_container_ended(const struct box *box, const char *id, int exit_code, const char *end, bool remove,
                          struct cfs_error *err);

int store_container_delete(const struct box *box, const char *id, struct cfs_error *err);

#endif
