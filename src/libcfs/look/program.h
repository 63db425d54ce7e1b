/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the kernel will execute a file: see program.c. */
#ifndef LIBCFS_LOOK_PROGRAM_H
#define LIBCFS_LOOK_PROGRAM_H

#include "libcfs/look/tree.h"

enum look_answer {
        LOOK_FINE,
        LOOK_WRONG,   /* f->why says what is wrong                      */
        LOOK_UNKNOWN, /* f->why says why it cannot be told beforehand     */
};

/* Will the kernel execute the file at `path` of the tree? */
enum look_answer look_program(const struct look_tree *t, const char *path, struct look_found *f);

/* As execvp(3) finds it: a name without a slash is looked for in the directories of `path`. */
enum look_answer look_program_search(const struct look_tree *t, const char *name, const char *path,
                                     const char *cwd, struct look_found *f);

#endif
