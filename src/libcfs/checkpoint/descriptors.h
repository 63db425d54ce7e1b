/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard streams, and descriptors that were passed on to the container. The files and pipes that they
 * lead to belong to the host, so they are not in the images. */
#ifndef LIBCFS_CHECKPOINT_DESCRIPTORS_H
#define LIBCFS_CHECKPOINT_DESCRIPTORS_H

#include "libcfs/checkpoint/job.h"
#include <sys/types.h>

/* checkpoint: tells CRIU that these files are external. Their names are those that the container got at
 * create (`recorded`) or has now (`pid`). Writes the names to descriptors.json beside the images. */
int checkpoint_descriptors_save(struct checkpoint_job *j, int proc_fd, pid_t pid, char *const *recorded,
                                size_t n_recorded, struct cfs_error *err);

/* restore: descriptors 0 to n - 1 of the caller take the places of those that the images name. */
int checkpoint_descriptors_load(struct checkpoint_job *j, size_t n, struct cfs_error *err);

#endif
