/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The eight namespaces as one table, and the plan of what to make and what to join. */
#ifndef LIBCFS_NAMESPACES_H
#define LIBCFS_NAMESPACES_H

#include "libcfs/ctx.h"

enum { NS_USER, NS_PID, NS_MOUNT, NS_NETWORK, NS_IPC, NS_UTS, NS_CGROUP, NS_TIME, NS_COUNT };

struct ns_type {
        const char *name; /* in config.json: "network"      */
        const char *file; /* below /proc/PID/ns/: "net"      */
        uint64_t flag;    /* CLONE_NEWNET                    */
};

extern const struct ns_type ns_types[NS_COUNT];

struct namespaces_plan {
        int join_fd[NS_COUNT]; /* open namespaces to join, or -1                                     */
        bool pre_join;         /* joins happen in spawn's stage process, before the init exists      */
        int container_pidfd;   /* exec: pidfd of the container's init for one setns(2); or -1        */
        int userns_fd; /* descriptor of the container's new user namespace, for idmapped mounts; or -1 */
};

/* Index in ns_types, or -1. */
int ns_index(const char *name);

/* spawn.c's stage, or the init: setns(2) into everything in join_fd. */
int namespaces_join(const struct ctx *ctx, struct cfs_error *err);

#endif
