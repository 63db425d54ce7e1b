/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of a job: `cfs-box COMMAND` with the server's store. Words from a request are put behind
 * `=` or `--`, so that none of them becomes an option.
 */
#ifndef BOX_SERVE_COMMAND_H
#define BOX_SERVE_COMMAND_H

#include "box/core/box.h"

struct command {
        struct oci_arena *arena;
        const char **words; /* NULL-terminated, in the arena */
        size_t n, cap;
        bool failed; /* out of memory */
};

/* json: the command prints its error as JSON, for command_error(). */
void command_begin(struct command *c, const struct box *box, struct oci_arena *arena, const char *name,
                   bool json);
void command_add(struct command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* An option that is left out when the value is NULL. */
void command_option(struct command *c, const char *option, const char *value);

/* Fills *err with the error that the command has written to standard error. */
int command_error(const char *text, struct cfs_error *err);

#endif
