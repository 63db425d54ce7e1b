/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The descriptor-based mount API: a mount is made, or cloned, detached from any tree; gets its flags while no
 * process can see it; and is then attached to a target that is a descriptor, never a path that a hostile
 * process could exchange.
 *
 * A descriptor belongs to the mount namespace in which it was opened. After unshare(2) or setns(2) an older
 * descriptor can no longer be cloned, changed or be a target (EINVAL). Detached mounts can still be attached.
 *
 * Do not include <linux/mount.h> yourself: <sys/mount.h> (base/sys.h) has it.
 */
#ifndef BASE_MNT_H
#define BASE_MNT_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* A new mount of a file system, detached: its descriptor. `source` may be NULL. `keyvals` (may be NULL)
 * are options of the file system, "key=value" or "flag" ("ro" is one, for the superblock); they end with
 * NULL. `attr_flags` are MOUNT_ATTR_*. The error holds what the kernel says about the guilty option. */
int mnt_new_fs(const char *fstype, const char *source, const char *const *keyvals, unsigned attr_flags,
               struct cfs_error *err);

/* mnt_new_fs() in two steps, where another process must take the first one: a procfs shows the PID
 * namespace of the process that called fsopen(2). mnt_open_fs() is fsopen(2) and returns its descriptor;
 * mnt_finish_fs() sets the options and returns the mount. */
int mnt_open_fs(const char *fstype, struct cfs_error *err);
int mnt_finish_fs(int fs_fd, const char *fstype, const char *source, const char *const *keyvals,
                  unsigned attr_flags, struct cfs_error *err);

/* Whether the kernel has the file system and accepts the options. Mounts nothing. */
int mnt_try_options(const char *fstype, const char *const *keyvals, struct cfs_error *err);

/* A detached clone of fd with all mounts below it, read-only. */
int mnt_clone_readonly(int fd, struct cfs_error *err);

/* A detached clone of what is at `path`, with all mounts below it when `recursive`. With path "" dirfd
 * itself is cloned. A link at the end of `path` is followed: host paths only. */
int mnt_clone(int dirfd, const char *path, bool recursive, struct cfs_error *err);

/* Changes a mount: sets and clears MOUNT_ATTR_*, then propagation (MS_PRIVATE..., 0: leave). With
 * userns_fd >= 0 also maps ids by that user namespace (detached mounts only). Setting an atime flag clears
 * the others. */
int mnt_setattr(int mnt_fd, bool recursive, uint64_t set, uint64_t clr, uint64_t propagation, int userns_fd,
                struct cfs_error *err);

/* Attaches a detached mount (or moves one) onto what target_fd refers to. */
int mnt_attach(int mnt_fd, int target_fd, struct cfs_error *err);

/* The same onto `name`, one component, in a directory. A link there is mounted on, not followed. */
int mnt_attach_at(int mnt_fd, int dirfd, const char *name, struct cfs_error *err);

#endif
