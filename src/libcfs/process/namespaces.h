/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The eight namespaces as one table, and the plan of what to make and what to join. */
#ifndef LIBCFS_NAMESPACES_H
#define LIBCFS_NAMESPACES_H

#include "base/err.h"
#include "ocispec.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

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
        int root_fd; /* exec into a container without a mount namespace of its own: its root; or -1 */
        struct stat host_root; /* exec into one that has its own: the runtime's root directory           */
        int container_pidfd;   /* exec: pidfd of the container's init for one setns(2); or -1        */
        int userns_fd; /* descriptor of the container's new user namespace, for idmapped mounts; or -1 */
};

/* What linux.namespaces asks for, as CLONE_NEW* of new and of joined namespaces. Pure: checks need it. */
void namespaces_flags(const struct oci_linux *l, uint64_t *ret_new, uint64_t *ret_join);

/* Which of the new ones clone3(2) does not make: the init makes them by itself when it has its IDs. */
uint64_t namespaces_late(uint64_t ns_new, uint64_t ns_join);

/* An empty plan: all descriptors -1. NULL: out of memory. */
struct namespaces_plan *namespaces_plan_new(void);

/* Closes and frees the plan; NULL is fine. */
void namespaces_plan_free(struct namespaces_plan *plan);

/* "pid network" of CLONE_NEW*, or "none", in `buf`, which is returned. */
#define NAMESPACES_NAMES 64
const char *namespaces_names(uint64_t flags, char *buf, size_t size);

/* Index in ns_types, or -1. */
int namespaces_index(const char *name);

/* spawn.c's stage, or the init: setns(2) into everything in join_fd, or for exec into `join` of the
 * container's. */
int namespaces_join(const struct namespaces_plan *plan, uint64_t join, struct cfs_error *err);

/* Enters the network namespace of process `pid`, calls fn, and returns to the namespace of before. The
 * process must have one thread. Returns what fn returned. An error when it is the runtime's own namespace:
 * fn would change the host. */
int namespaces_in_network(int proc_fd, pid_t pid, int (*fn)(void *data, struct cfs_error *err), void *data,
                          struct cfs_error *err);

#endif
