/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of one container: what later commands, and undo, know of it. */
#ifndef LIBCFS_STORE_RECORD_H
#define LIBCFS_STORE_RECORD_H

#include "base/err.h"
#include "base/proc.h"
#include "ocispec.h"
#include <stdbool.h>

struct state;
struct oci_arena;

#define RECORD_NAME "state.json"

/* Reads and decodes the record. -ENOENT, without a message, when there is none. */
int record_load(struct state *s, struct cfs_error *err);

/* What `state` and `list` show of a container that nothing is being done with: the record's first properties,
 * up to `freezer`, and with an arena `annotations`. Its strings are in the text. */
struct record_head {
        struct oci_record record;
        char text[16384]; /* records are smaller, as a rule */
};

/* Reads it from the state directory, or by an absolute path of the container's directory. False: the whole
 * has to be read. */
bool record_read_head(int root_fd, const char *dir, struct oci_arena *arena, struct record_head *ret);

/* The record as it is on disk now, beside the one in memory: freed with the arena. -ENOENT as above. */
int record_peek(const struct state *s, struct oci_record **ret, struct oci_arena **ret_arena,
                struct cfs_error *err);

/* A new record in memory: version, id, phase "creating", owner, boot id. */
int record_new(struct state *s, struct cfs_error *err);

/* Writes the record atomically. A row calls this with the resource recorded before it makes the resource. */
int record_save(struct state *s, struct cfs_error *err);

/* The identity of the init as recorded; false when there is none yet. */
bool record_identity(const struct state *s, struct proc_identity *ret);

/* A pidfd of the init, for the caller to close: what status_hold() left, or a new one. -ESRCH when there is
 * none or it is gone, another -errno when that cannot be told. */
int record_pidfd(struct state *s);

/* Notes the init's identity in memory. */
int record_note_init(struct state *s, pid_t pid, struct cfs_error *err);

/* Notes the init, and writes the record as it will be, with the phase "created", beside the one that there
 * is. */
int record_set_init(struct state *s, pid_t pid, struct cfs_error *err);

/* Puts what record_set_init() wrote in the record's place, by one rename(2). */
int record_publish_init(struct state *s, struct cfs_error *err);

/* Before the lock is released: the record in memory is what the file says. And, under the lock again: it
 * still is, since no other command has replaced the file. False also when that cannot be told. */
void record_note_file(struct state *s);
bool record_is_that_file(const struct state *s);

#endif
