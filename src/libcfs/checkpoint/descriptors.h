/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard streams and descriptors that were passed on: what is at their other end is not part of the
 * container. */
#ifndef LIBCFS_CHECKPOINT_DESCRIPTORS_H
#define LIBCFS_CHECKPOINT_DESCRIPTORS_H

#include "libcfs/checkpoint/job.h"
#include <sys/types.h>

/* checkpoint: what the container got at create (the record's names) or has now (pid) is external to the
 * images, and its names are left there as descriptors.json. */
int checkpoint_descriptors_save(struct checkpoint_job *j, int proc_fd, pid_t pid, char *const *recorded,
                                size_t n_recorded, struct cfs_error *err);

/* restore: descriptors 0 to n - 1 of the caller take the places of those that the images name. */
int checkpoint_descriptors_load(struct checkpoint_job *j, size_t n, struct cfs_error *err);

#endif
