/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An open container: its directory, its lock, its record. state.h opens and closes it. */
#ifndef LIBCFS_STORE_HANDLE_H
#define LIBCFS_STORE_HANDLE_H

#include "ocispec.h"
#include <stdbool.h>
#include <sys/stat.h>

struct oci_arena;

struct state {
        char *root; /* ROOT, absolute                                              */
        char *id;
        char *dir;      /* ROOT/ID                                                     */
        int dir_fd;     /* of ROOT/ID, O_RDONLY; holds the lock                        */
        int lock;       /* LOCK_EX, LOCK_SH or 0                                       */
        bool creating;  /* made by state_create() of this process                      */
        bool aside;     /* stepped aside: the record names us, the lock is free (worker.h) */
        bool full;      /* the record cannot be written any more: never step aside, keep the lock */
        bool head;      /* only `id` and the first properties of `record` are filled   */
        bool broken;    /* the record cannot be read; the one in memory is empty       */
        bool lost;      /* another command has taken the container over: change nothing   */
        int netns_fd;   /* of a container that is being made: keeps what was moved into it, for undo; or -1 */
        int init_pidfd; /* see status_hold(); or -1 */
        struct stat file;          /* see record_note_file() */
        struct oci_record *record; /* never NULL; strings live in arena                           */
        struct oci_arena *arena;
};

#endif
