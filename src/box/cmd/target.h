/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that --output names. It is there when the command has succeeded, and until then what was there
 * before: half an archive is not one, and the old one may be all that the user has.
 */
#ifndef BOX_CMD_TARGET_H
#define BOX_CMD_TARGET_H

#include "base/err.h"
#include <stdbool.h>

struct target {
        int fd;     /* to write to                                                                       */
        char *path; /* the file has no name yet, and gets this one; NULL: it was written as it is        */
        int dir_fd; /* its directory, from before the command went into a mount namespace of its own, in
                     * which linkat(2) would find another mount (EXDEV)                                  */
};

/* `path`: NULL or "-" is standard output, which must not be a terminal (docker says the same). */
int target_open(struct target *t, const char *path, struct cfs_error *err);
/* Puts the file into its place when r is not negative. Frees everything. Returns 0, r, or why that failed. */
int target_close(struct target *t, int r, struct cfs_error *err);

#endif
