/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `checkpoint` and `restore` have in common: the directories, the options for CRIU, and the errors.
 *
 *   job.c          options, directories, errors
 *   external.c     which mounts are the host's, and where they come from again
 *   network.c      whether the network is in the images
 *   descriptors.c  the standard streams, which are the host's too
 */
#ifndef LIBCFS_CHECKPOINT_JOB_H
#define LIBCFS_CHECKPOINT_JOB_H

#include "criu/service.h"
#include "libcfs/cfs.h"
#include "ocispec.h"

struct oci_arena;

struct checkpoint_job {
        const char *log; /* its name in the work directory                      */
        const char *did; /* "checkpoint", as in messages                        */
        struct oci_arena *arena;
        struct criu criu;
        struct criu_options o; /* strings live in the arena, or as long as the caller's options */
        unsigned oldest;       /* version of CRIU that the options need                         */
        int timeout;           /* seconds for all that CRIU does, or 0                          */
        int images_fd, work_fd;
        char *images, *work; /* absolute paths                                                 */
};

/* Opens the directories (`make`: makes that of the images) and translates the options that both have;
 * `annotations` are the configuration's. Then looks for CRIU, and makes its socket. */
int checkpoint_job_open(struct checkpoint_job *j, const struct cfs_criu_options *asked,
                        const struct oci_string_map *annotations, bool make, struct cfs_error *err);

/* NULL is fine. Ends CRIU, too. */
void checkpoint_job_close(struct checkpoint_job *j);

/* Checks that this CRIU is new enough for the options, and sends the request. */
int checkpoint_job_send(struct checkpoint_job *j, enum criu_type type, struct cfs_error *err);

/* Adds to a list of the options. Strings are copied. */
int checkpoint_job_add(struct checkpoint_job *j, struct criu_pairs *list, const char *key, const char *value,
                       int number, struct cfs_error *err);

/* The error after CRIU has refused: with the last errors of its log, where the log is, and what to do. */
int checkpoint_job_refused(const struct checkpoint_job *j, const struct criu_response *answer,
                           struct cfs_error *err);

/* The error after the connection to CRIU has failed: adds where the log is. Returns r. */
int checkpoint_job_failed(const struct checkpoint_job *j, int r, struct cfs_error *err);

#endif
