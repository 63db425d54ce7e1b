/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child that makes (a part of) a mount somewhere else, and the socket by which it answers. What it does
 * there and how it ends differs: mount_aside.c, mount_procfs.c, mount_idmap.c.
 */
#ifndef LIBCFS_MOUNT_CHILD_H
#define LIBCFS_MOUNT_CHILD_H

#include "base/cfs-error.h"
#include <stdint.h>
#include <sys/types.h>

/* An answer. A descriptor that it speaks of is in a table that both share, or comes in the same message. */
struct mount_answer {
        int result; /* zero or more, or -errno with `err` filled */
        struct cfs_error err;
};

/* The result; of a failure, *err becomes what the child wrote. */
int mount_child_answer(const struct mount_answer *a, struct cfs_error *err);

/* clone3(2) with `flags`, of a process that ends when its parent does, and a pair of sockets, one end for
 * each of the two. Returns 0 in the child and its pid in the parent, which reaps it; -errno with *err filled,
 * `what` saying what the process was for. */
pid_t mount_child(uint64_t flags, const char *what, int *ret_ours, int *ret_theirs, struct cfs_error *err);

/* Waits until the child has answered: 0, and it is not reaped. It has ended without, which a socket does not
 * tell where both share one table of descriptors, or cannot be waited for: an error, and it is ended and
 * reaped. */
int mount_child_wait(int ours, pid_t pid, const char *what, struct cfs_error *err);

/* Ends and reaps a child that waits for the end of its socket. */
void mount_child_end(int ours, pid_t pid);

/* After a child has ended without an answer: reaps it. Its exit status is the errno of why it could not
 * answer. */
int mount_child_died(pid_t pid, const char *what, struct cfs_error *err);

#endif
