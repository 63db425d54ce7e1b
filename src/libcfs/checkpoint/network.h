/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the content of a container's network namespace belongs in the images. */
#ifndef LIBCFS_CHECKPOINT_NETWORK_H
#define LIBCFS_CHECKPOINT_NETWORK_H

#include "libcfs/checkpoint/job.h"
#include "ocispec.h"
#include <sys/types.h>

/* checkpoint: leaves out a network that restore, or a hook at restore, makes again. */
void checkpoint_network_declare(struct checkpoint_job *j, const struct oci_record *rec, int proc_fd,
                                pid_t pid);

/* restore: do the images hold the network devices? True when that cannot be found out. */
bool checkpoint_network_is_saved(const struct checkpoint_job *j);

#endif
