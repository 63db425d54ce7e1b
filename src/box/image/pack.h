/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packing a directory into a tar archive, always the same bytes for the same tree: names sorted, pax headers,
 * no access times. A thread writes it into a pipe, from which the caller reads.
 */
#ifndef BOX_IMAGE_PACK_H
#define BOX_IMAGE_PACK_H

#include "base/err.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct pack_options {
        int dir_fd;
        const char *name; /* of the directory, for messages                                         */
        const char *only; /* this entry of the directory alone; NULL: all, with the directory itself */
        bool overlay;     /* it is a layer of overlayfs: whiteouts become ".wh.NAME"                 */
        /* ... of a container: the empty files on which the box mounts /etc/hosts and so on are left out */
        bool upper;
        bool gzip;
        bool one_file_system;     /* leave out what is mounted below                                        */
        int skip_fd;              /* a directory to leave out; 0: none                                      */
        uint32_t first_id, n_ids; /* owners in this range are moved down to zero; n_ids 0: none         */
};

struct pack {
        struct pack_options o;
        pthread_t thread;
        int write_fd, result;
        struct cfs_error err;
};

/* Starts it; *ret_fd is where the archive comes from. `p` must stay until pack_finish(). */
int pack_start(struct pack *p, const struct pack_options *o, int *ret_fd, struct cfs_error *err);

/* After the caller has read everything, or has closed the read end: waits for the thread. Returns its
 * result. */
int pack_finish(struct pack *p, struct cfs_error *err);

#endif
