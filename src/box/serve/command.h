/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `cfs-box COMMAND` of the same store, as the words that a job executes. What a request says stands behind
 * `=` or `--`, so that it is never taken for an option.
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

/* json: its error is for command_error(), not for people. */
void command_begin(struct command *c, const struct box *box, struct oci_arena *arena, const char *name,
                   bool json);
void command_add(struct command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* An option that is left out when the value is NULL. */
void command_option(struct command *c, const char *option, const char *value);

/* Why it failed, from what it wrote on standard error. */
int command_error(const char *text, struct cfs_error *err);

#endif
