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

/* The first properties of a record, up to `freezer`, and with an arena also `annotations`: all that
 * `state` and `list` need when no other command works on the container. The strings point into `text`. */
struct record_head {
        struct oci_record record;
        char text[16384]; /* records are smaller, as a rule */
};

/* Reads it. dir is the container's directory: a path relative to root_fd, or absolute. False: the caller must
 * read the whole record. */
bool record_read_head(int root_fd, const char *dir, struct oci_arena *arena, struct record_head *ret);

/* Reads the record from the disk, without replacing the one in memory. The caller frees the arena. -ENOENT as
 * for record_load(). */
int record_peek(const struct state *s, struct oci_record **ret, struct oci_arena **ret_arena,
                struct cfs_error *err);

/* A new record in memory: version, id, phase "creating", owner, boot id. */
int record_new(struct state *s, struct cfs_error *err);

/* Writes the record atomically. A row calls this with the resource recorded before it makes the resource. */
int record_save(struct state *s, struct cfs_error *err);

/* The identity of the init as recorded; false when there is none yet. */
bool record_identity(const struct state *s, struct proc_identity *ret);

/* -EXDEV: that identity is one of another PID namespace (proc.h). */
int record_elsewhere(const struct state *s, struct cfs_error *err);

/* A pidfd of the init, for the caller to close: what status_hold() left, or a new one. -ESRCH when there is
 * none or it is gone, another -errno when that cannot be told. */
int record_pidfd(struct state *s);

/* Writes the init's identity into the record in memory. */
int record_note_init(struct state *s, pid_t pid, struct cfs_error *err);

/* Writes the init's identity into the record, and the record with the phase "created" into a file beside the
 * current one. */
int record_set_init(struct state *s, pid_t pid, struct cfs_error *err);

/* Puts what record_set_init() wrote in the record's place, by one rename(2). */
int record_publish_init(struct state *s, struct cfs_error *err);

/* record_note_file(), before the lock is released, remembers which file the record in memory came from.
 * record_is_that_file(), when the lock is held again: is it still the same file, so that the record need
 * not be read again? False also when that cannot be found out. */
void record_note_file(struct state *s);
bool record_is_that_file(const struct state *s);

#endif
