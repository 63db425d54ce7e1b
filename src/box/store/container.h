/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers in the store. A command changes the state of a container by one UPDATE that also names the old
 * state. So when two commands try it at once, one succeeds, and the other gets an error with the present
 * state.
 */
#ifndef BOX_STORE_CONTAINER_H
#define BOX_STORE_CONTAINER_H

#include "box/core/box.h"
#include <limits.h>

/* A condition for SELECT, worded as in the partial index, so that SQLite uses the index. For `state IN
 * (...)` it would make a temporary table. */
#define STORE_BUSY "state<>'created' AND state<>'exited'"

/* A row of the table; see box.json for what each is. Lives in an arena. */
struct oci_box_container;

/* Writes the row in state "creating", owned by this process. The name must be free. `runs`: in state
 * "running", with this process in place of its init, and its run is in the history. */
int store_container_insert(const struct box *box, const struct oci_box_container *c, const char *stop_signal,
                           const char *userns, bool runs, struct cfs_error *err);
/* Undoes `runs`: the state is "creating" again, and the run is removed from the history. */
int store_container_not_started(const struct box *box, const char *id, struct cfs_error *err);

/* The bundle of `run --rm` in the foreground lies in the run directory, which is in memory: it goes with the
 * machine, as the container does. What the container writes is in ROOT/containers/ID all the same. */
bool store_container_in_memory(const struct oci_box_container *c);
int store_container_bundle(const struct box *box, const char *id, bool in_memory, char ret[PATH_MAX],
                           struct cfs_error *err);

/* The ID that a name, or the beginning of an ID, means. */
int store_container_find(const struct box *box, const char *ref, char ret_id[BOX_ID_SIZE],
                         struct cfs_error *err);

/* All containers, or with !all those that run; with an id that one only. The newest first, in `arena`. */
int store_container_list(const struct box *box, const char *id, bool all, struct oci_arena *arena,
                         struct oci_box_container ***ret, size_t *ret_n, struct cfs_error *err);

/* One, or an error when it does not exist. */
int store_container_get(const struct box *box, const char *id, struct oci_arena *arena,
                        struct oci_box_container **ret, struct cfs_error *err);

/* Changes the state from one of `from` (separated by blanks) to `to`, with this process as owner. When it
 * is in another state, the error names that. `doing` is for messages: "start". */
int store_container_move(const struct box *box, const char *id, const char *from, const char *to,
                         const char *doing, struct cfs_error *err);

/* Changes the state to "running", and adds the run to the history. `pid` is the init, `monitor` the
 * process that will record its end. */
int store_container_started(const struct box *box, const char *id, int pid, int monitor,
                            struct cfs_error *err);

/* Records the end of a container. exit_code: -1 unknown. `end`: exited, killed, oom, failed or lost. The
 * state becomes "removing", with this process as owner, when `remove`; otherwise "exited". Returns 0 when
 * the end was recorded before. */
int store_container_ended(const struct box *box, const char *id, int exit_code, const char *end, bool remove,
                          struct cfs_error *err);

int store_container_delete(const struct box *box, const char *id, struct cfs_error *err);

#endif
