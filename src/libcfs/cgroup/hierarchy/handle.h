/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a cgroup handle. A container has one directory in each hierarchy. A machine with cgroup v1
 * has about one hierarchy for each controller, one with v2 has a single hierarchy, and a hybrid machine has
 * hierarchies of both kinds. Each hierarchy has the operations of its kind (v1_ops, v2_ops).
 */
#ifndef LIBCFS_CGROUP_HANDLE_H
#define LIBCFS_CGROUP_HANDLE_H

#include "base/err.h"
#include "libcfs/cgroup/hierarchy/types.h"

struct dbus;
struct hierarchy;
struct oci_arena;

/* What a hierarchy can do: v1_ops, v2_ops. */
struct hierarchy_ops {
        /* Makes h->path, ready for processes and limits. CFS_E_STATE when it belongs to another container. */
        int (*make)(struct hierarchy *h, const struct cgroup_request *rq, struct cfs_error *err);
        /* Opens what entering needs. */
        int (*open)(struct hierarchy *h, struct cfs_error *err);
        int (*freeze)(const struct hierarchy *h, bool freeze, struct cfs_error *err);
        int (*is_frozen)(const struct hierarchy *h); /* 1, 0, -errno */
        /* CFS_E_STATE when a process that gets into h->path would stop at once: it, or a cgroup above it,
         * is frozen. */
        int (*check_frozen)(const struct hierarchy *h, struct cfs_error *err);
};

struct hierarchy {
        const struct hierarchy_ops *ops;
        const char *name;  /* v1: controllers "cpu,cpuacct" or "name=systemd"; v2: ""                  */
        const char *mount; /* where it is mounted; NULL in a handle from a record                      */
        const char *path;  /* the container's directory, absolute                                      */
        bool v2;
        bool created;     /* path did not exist before                                                 */
        bool made;        /* this process has made it                                                  */
        bool claim;       /* the first one that is not denied: it gets the container's mark (claim.h)  */
        bool denied;      /* this ordinary user may not make it                                        */
        bool later;       /* systemd makes it, when the process exists                                 */
        bool all;         /* v2: enable every controller, not only those that a setting needs          */
        int not_enabled;  /* v2: the errno because of which not every controller could be enabled, or 0 */
        unsigned parents; /* how many directories above path belong to the container's path (inner)    */
        unsigned missing; /* how many of these did not exist before                                    */
        int dir_fd;       /* v2: for CLONE_INTO_CGROUP and BPF; or -1                                  */
        int enter_fd;     /* where the init writes "0"; or -1                                          */
};

struct manager_ops;

struct cgroup {
        const struct manager_ops *manager;
        enum cgroup_mode mode;
        struct cgroup_request rq; /* of plan; zero in a handle from a record                           */
        struct oci_record_cgroup *rec;
        size_t n;
        struct hierarchy h[CGROUP_MAX_HIERARCHIES];
        struct cgroup_view views[CGROUP_MAX_HIERARCHIES];
        bool devices_later; /* a hybrid machine's second lock on devices is still to be put on          */
        struct dbus *bus;   /* systemd: from plan to attach, or NULL                                  */
        size_t n_not_ours;  /* an unfinished create's: entries of h without its mark; then n is 0     */
        bool others;        /* these bear another container's                                          */
        bool exec;          /* systemd moves exec's process                                           */
        size_t n_owned;
        char *owned[CGROUP_MAX_HIERARCHIES]; /* strings that live as long as the handle                */
};

/* Who makes, fills and removes the directories: cgroupfs_ops, systemd_ops, none_ops. */
struct manager_ops {
        /* Fills cg->h and cg->rec from cg->rq; touches nothing. */
        int (*plan)(struct cgroup *cg, struct oci_arena *arena, struct cfs_error *err);
        int (*make)(struct cgroup *cg, struct cfs_error *err);
        int (*attach)(struct cgroup *cg, pid_t pid, struct cfs_error *err); /* NULL: not needed        */
        int (*update)(struct cgroup *cg, const struct oci_resources *r, struct cfs_error *err);
        int (*remove)(struct cgroup *cg, struct cfs_error *err);
};

#endif
