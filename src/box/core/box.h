/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The box of one user: where its files are, and the open store.
 *
 *     ROOT/box.db               images, layers, containers, history, events: SQLite
 *     ROOT/reserve              room for these commands on a full disk: store.c
 *     ROOT/layers/N/            layer N unpacked, in the form that overlayfs reads
 *     ROOT/containers/ID/       a container: bundle (config.json, rootfs), upper and work of its overlay, log, hosts ...
 *     ROOT/networks/, ROOT/net/ network configuration lists (CNI); what was set up for which container
 *     RUN/cfs/                  the state directory of cfs: `cfs --root RUN/cfs list` shows the box's containers
 *     RUN/exits/                exit codes that conmon has written
 *
 * Threads: a struct box and what was made from it belong to one thread at a time; any number of them, in
 * threads or processes, may use the same ROOT at once, because SQLite and the states of the rows (store/)
 * order them. Functions that start a process of a container (run_*, launch_*, exec) change the calling
 * process (cfs.h): a program with threads starts `cfs-box run -d`, `start` or `exec` instead of calling them.
 */
#ifndef BOX_CORE_BOX_H
#define BOX_CORE_BOX_H

#include "base/err.h"
#include "libcfs/cfs.h"
#include "oci.h"
#include <stdbool.h>

struct sqlite3;

struct box {
        char *root, *run;
        char *programs;        /* the directory of this executable, where cfs and cfs-cni lie too     */
        int root_fd;           /* ROOT                                                                 */
        struct sqlite3 *db;    /* ROOT/box.db                                                          */
        bool long_log;         /* store.c: the write-ahead log is copied; the next change starts a new one  */
        struct cfs_runtime rt; /* RUN/cfs                                                              */
        bool rootless;         /* in a user namespace of the box's own: device nodes cannot be made    */
        bool makes_room;       /* the command frees space: it may use ROOT/reserve on a full disk        */
        bool quiet;            /* no progress                                                          */
};

#define BOX_ID_SIZE 33 /* of a container's ID: 32 hexadecimal digits and a NUL */
#define BOX_SHORT   12 /* digits of an ID that lists show                       */

#endif
