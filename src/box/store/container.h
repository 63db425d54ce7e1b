/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers in the store. Their states move by one UPDATE that names the state before, so of two commands at
 * once one wins and the other hears which state the container is in now.
 */
#ifndef BOX_STORE_CONTAINER_H
#define BOX_STORE_CONTAINER_H

#include "box/core/box.h"

/* A row of the table; see box.json for what each is. Lives in an arena. */
struct oci_box_container;

/* Writes the row in state "creating", owned by this process. The name must be free. */
int store_container_insert(const struct box *box, const struct oci_box_container *c, const char *stop_signal,
                           const char *userns, struct cfs_error *err);

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

/* It has ended. exit_code: -1 unknown. `end`: exited, killed, oom, failed, lost. Returns 0 when that was
 * known already. */
int store_container_ended(const struct box *box, const char *id, int exit_code, const char *end,
                          struct cfs_error *err);

int store_container_delete(const struct box *box, const char *id, struct cfs_error *err);

#endif
