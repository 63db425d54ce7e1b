/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup hierarchies of this machine, as this process sees them. */
#ifndef LIBCFS_CGROUP_DETECT_H
#define LIBCFS_CGROUP_DETECT_H

#include "base/err.h"
#include "base/mountinfo.h"
#include "libcfs/cgroup/hierarchy/types.h"

struct detect_mount {
        char *name;  /* v1: "cpu,cpuacct", "name=systemd"; v2: ""                       */
        char *point; /* where it is mounted                                             */
        char *root;  /* which directory of the hierarchy is seen there: "/"             */
        char *own;   /* this process's cgroup, below point: "/" first; by detect_own()  */
        bool v2;
};

struct detect_host {
        enum cgroup_mode mode;
        size_t n;
        struct detect_mount mount[CGROUP_MAX_HIERARCHIES];
};

/* Reads the mount table once per process; then returns the same answer. */
int detect_hierarchies(struct detect_host **ret, struct cfs_error *err);

/* Fills in every `own`. */
int detect_own(struct detect_host *host, struct cfs_error *err);

/* Does the comma separated list `name` of a v1 hierarchy contain the controller? */
bool detect_has(const char *name, const char *controller);

/* The same for the blank separated list of cgroup.controllers. */
bool detect_lists(const char *list, const char *controller);

/* For tests: both work on texts in place of /proc/self/mountinfo and /proc/self/cgroup. */
int detect_parse_mounts(struct mountinfo *mounts, struct detect_host *host, struct cfs_error *err);
int detect_parse_own(char *cgroups, struct detect_host *host, struct cfs_error *err);
void detect_free(struct detect_host *host);

#endif
