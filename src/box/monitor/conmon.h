/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conmon, the monitor of detached containers: it holds their terminals and pipes, writes their log, knows
 * their exit code, and outlives us.
 */
#ifndef BOX_MONITOR_CONMON_H
#define BOX_MONITOR_CONMON_H

#include "box/core/box.h"

struct conmon {
        const struct box *box;
        const char *id, *name, *bundle;
        bool terminal, stdin_open;
};

/* Starts conmon, which has the runtime create the container. The container's init and conmon itself. Needs
 * the mount namespace in which the root file system is mounted. */
int conmon_start(const struct conmon *m, int *ret_pid, int *ret_monitor, struct cfs_error *err);

#endif
