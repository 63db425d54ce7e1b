/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts whose content belongs to the host. checkpoint names them in the images, and restore says where their
 * content is now. */
#ifndef LIBCFS_CHECKPOINT_EXTERNAL_H
#define LIBCFS_CHECKPOINT_EXTERNAL_H

#include "libcfs/checkpoint/job.h"
#include <sys/types.h>

struct cgroup;

/* checkpoint: declares them, by looking at the mounts of the container's init. */
int checkpoint_external_declare(struct checkpoint_job *j, int proc_fd, pid_t pid, struct cfs_error *err);

/* What restore knows of the container that is to be. */
struct checkpoint_sources {
        const struct oci_config *config;
        const struct oci_linux *linux_;
        const struct cgroup *cgroup;
        const char *bundle, *rootfs;
        const char *notify; /* directory behind /run/notify */
        int proc_fd;
};

/* restore: tells CRIU where the content of each of them is now. CRIU ignores those that the images do not
 * name. */
int checkpoint_external_map(struct checkpoint_job *j, const struct checkpoint_sources *s,
                            struct cfs_error *err);

/* restore: makes the mount points that create would have made: CRIU makes none. */
int checkpoint_external_targets(struct checkpoint_job *j, const struct checkpoint_sources *s,
                                struct cfs_error *err);

#endif
