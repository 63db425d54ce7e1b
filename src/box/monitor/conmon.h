/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conmon, the monitor of containers in the background. It holds their terminals and pipes, writes their log,
 * gets their exit code, and goes on when cfs-box ends.
 */
#ifndef BOX_MONITOR_CONMON_H
#define BOX_MONITOR_CONMON_H

#include "box/core/box.h"

struct conmon {
        const struct box *box;
        const char *id, *name, *bundle;
        bool terminal, stdin_open;
};

/* Starts conmon, which calls `cfs create`. *ret_pid is the container's init, *ret_monitor is conmon. Must
 * be called in the mount namespace in which the root file system is mounted. */
int conmon_start(const struct conmon *m, int *ret_pid, int *ret_monitor, struct cfs_error *err);

#endif
