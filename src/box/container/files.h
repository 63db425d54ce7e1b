/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of containers: copying in and out, what has changed, and images of it.
 */
#ifndef BOX_CONTAINER_FILES_H
#define BOX_CONTAINER_FILES_H

#include "box/core/box.h"
#include "box/core/digest.h"
#include <sys/types.h>

/* Copies between a container and the host. "-" is an archive on standard output or input. follow: when the
 * named file is a symbolic link, copies the file that it leads to. Both may move this process into another
 * mount namespace. */
int files_copy_out(const struct box *box, const char *id, const char *path, const char *to, bool follow,
                   struct cfs_error *err);
int files_copy_in(const struct box *box, const char *id, const char *from, const char *path, bool follow,
                  struct cfs_error *err);

/* files_userns.c: calls fn in a new process whose user namespace maps the IDs 0 to n_ids - 1 to those from
 * host_id on. Call it before this process has threads: locks that another thread holds would stay locked
 * in the new process. */
struct files_userns {
        pid_t pid;
        int fd;
};
int files_userns_start(uint32_t host_id, uint32_t n_ids, int (*fn)(const void *data, struct cfs_error *err),
                       const void *data, struct files_userns *ret, struct cfs_error *err);
/* Waits until fn has returned; returns its result. */
int files_userns_finish(const struct files_userns *u, struct cfs_error *err);

struct pack_options;
/* Writes an archive into a descriptor. */
int files_copy_pack(const struct pack_options *o, int to, struct cfs_error *err);
/* Writes an archive of a container's root file system, without what is mounted in it. May move this
 * process into another mount namespace. */
int files_copy_export(const struct box *box, const char *id, int to, struct cfs_error *err);

/* kind: 'A', 'C' or 'D'; path relative to the root. */
int files_diff(const struct box *box, const char *id, int (*fn)(void *data, char kind, const char *path),
               void *data, struct cfs_error *err);

struct files_commit_options {
        const char *name, *author, *message;
        const char **changes; /* "CMD word..." and so on */
};
int files_commit(const struct box *box, const char *id, const struct files_commit_options *o,
                 char ret_image[DIGEST_SIZE], struct cfs_error *err);

#endif
