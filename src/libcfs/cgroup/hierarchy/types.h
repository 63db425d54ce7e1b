/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the callers of the cgroup layer say to it and hear from it; see cgroup.h. */
#ifndef LIBCFS_CGROUP_TYPES_H
#define LIBCFS_CGROUP_TYPES_H

#include "ocispec.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_NONE };
enum cgroup_mode { CGROUP_MODE_V1, CGROUP_MODE_V2, CGROUP_MODE_HYBRID, CGROUP_MODE_ABSENT };

struct cgroup_request {
        enum cgroup_manager manager;
        const char *id;
        const char *path;                      /* linux.cgroupsPath or NULL                             */
        const char *owner;                     /* the container's state directory, to mark them; or NULL */
        const struct oci_resources *resources; /* linux.resources or NULL                               */
        struct oci_device *const *devices;     /* linux.devices: the init makes them inside the cgroup  */
        size_t n_devices;
        const struct oci_string_map *annotations; /* org.systemd.property.*; or NULL                    */
        bool rootless;   /* failing to make a cgroup is tolerated when nothing was asked of it          */
        bool late;       /* the init exists before its cgroups, and opens what it enters through        */
        bool delegate;   /* cgroup namespace private and /sys/fs/cgroup writable: chown to the owner    */
        uid_t owner_uid; /* host uid of the container's root, for delegation                            */
};

/* For a mount of type cgroup inside the container: one entry per hierarchy. */
struct cgroup_view {
        const char *name; /* directory below /sys/fs/cgroup: "cpu", hybrid's v2 "unified"; v2 alone: ""     */
        /* host path of the hierarchy's mount point */
        const char *mount;
        const char *path; /* the container's cgroup below it, "/" first                                     */
        /* v1 mount options for a fresh mount ("cpu,cpuacct", "name=systemd"); v2: NULL */
        const char *options;
        bool v2;
};

#define CGROUP_MAX_HIERARCHIES 24

#endif
