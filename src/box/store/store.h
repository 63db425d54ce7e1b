/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store: one SQLite database in WAL mode, and the directories that its rows describe.
 *
 * The rule that makes kill -9 and power cuts harmless: a row is written before the resource that it
 * describes, in a state that says so and with the identity of the process that works on it; and completed
 * after. repair_all() (container/repair.h) finds rows whose process is gone and removes or completes what
 * they describe.
 */
#ifndef BOX_STORE_STORE_H
#define BOX_STORE_STORE_H

#include "box/core/box.h"

struct sqlite3_stmt;

/* Opens the store below box->root, makes it where there is none, and brings its schema up to date. */
int store_open(struct box *box, struct cfs_error *err);
void store_close(struct box *box);

/* A statement with its parameters bound: 's' const char * (NULL: null), 'i' int64_t. */
int store_query(const struct box *box, struct sqlite3_stmt **ret, struct cfs_error *err, const char *sql,
                const char *types, ...);
/* The next row: 1, none: 0, or an error. */
int store_step(const struct box *box, struct sqlite3_stmt *stmt, struct cfs_error *err);
/* A statement without rows. The number of rows that it changed. */
int store_exec(const struct box *box, struct cfs_error *err, const char *sql, const char *types, ...);
/* The number of the row that the last INSERT of this connection made. (RETURNING would make a table of its
 * answer, with a cache of pages for it.) */
int64_t store_last_row(const struct box *box);
/* One number: 1 and *ret, or 0 when there is no row. */
int store_number(const struct box *box, int64_t *ret, struct cfs_error *err, const char *sql,
                 const char *types, ...);
/* One text, a copy that the caller frees: 1, or 0 when there is no row or it is null. */
int store_text(const struct box *box, char **ret, struct cfs_error *err, const char *sql, const char *types,
               ...);

int store_begin(const struct box *box, struct cfs_error *err);
/* The commit survives a power cut: it succeeds when it is on the disk, else it has not happened. */
int store_begin_durable(const struct box *box, struct cfs_error *err);
/* Commits when r >= 0, else rolls back. Returns r, or why the commit failed. `durable`: it was begun so. */
int store_end(const struct box *box, int r, bool durable, struct cfs_error *err);

void store_finalize(struct sqlite3_stmt **stmt);
#define _cleanup_stmt_ __attribute__((cleanup(store_finalize)))

/* The text of a column, "" for null; valid until the next step. */
const char *store_column(struct sqlite3_stmt *stmt, int i);
int64_t store_column_int(struct sqlite3_stmt *stmt, int i);
bool store_column_null(struct sqlite3_stmt *stmt, int i);

/* Lists in one column: the words with '\x1f' behind each. */
int store_join(char *const *words, size_t n, char **ret, struct cfs_error *err);
int store_split(const char *text, struct oci_arena *arena, char ***ret, size_t *ret_n, struct cfs_error *err);

/* Room for one more in a list of pointers that is in the arena and was begun here, with list NULL and n 0:
 * the list itself, a larger copy, or NULL (out of memory). */
void *store_list_grow(struct oci_arena *arena, void *list, size_t n);

/* This process, as rows name their owner; and whether the one that a row names still lives. */
const char *store_self(void);
bool store_owner_alive(const char *owner); /* true as well when that cannot be found out */

/* A number that is another after any change of the store, by whichever process. */
int store_version(const struct box *box, int64_t *ret, struct cfs_error *err);

int64_t store_now(void);

#endif
