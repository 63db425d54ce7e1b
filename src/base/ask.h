/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets a child process find something out and return it as one number. The child may enter a namespace for
 * that. This process must not: setns(2) into a mount namespace changes its root and working directory, and it
 * could not leave a user namespace again.
 */
#ifndef BASE_ASK_H
#define BASE_ASK_H

#include "base/cfs-error.h"
#include <stdint.h>
#include <sys/types.h>

/*
 * Forks a child that calls f(data), a number of zero or more, or -errno.
 *
 * With ret_pid NULL the child then ends. Otherwise it stays as f() left it until ask_end(*ret_pid), so that
 * the caller can look at it in procfs; it dies with the caller's thread (PR_SET_PDEATHSIG).
 *
 * Returns 0 with what f() returned in *ret. When there is no answer (the child could not be made, or was
 * killed), returns -errno with *err filled, and no child is left. `where` is for that message: "the
 * container's mount namespace".
 */
int ask_child(int64_t (*f)(const void *data), const void *data, const char *where, int64_t *ret,
              pid_t *ret_pid, struct cfs_error *err);

/* Kills a child that stayed, and reaps it. */
void ask_end(pid_t pid);

#endif
