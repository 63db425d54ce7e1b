/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network namespace in place of that of a container that has ended, for CNI plugins that must take down its
 * network.
 */
#ifndef BOX_NET_STAND_IN_H
#define BOX_NET_STAND_IN_H

#include "base/err.h"
#include <stddef.h>
#include <sys/types.h>

/* A process in a network namespace with an interface of that name and these addresses ("ADDRESS/PREFIX"):
 * *ret_pid, to be ended by ask_end(). */
int stand_in_begin(const char *interface, const char *const *addresses, size_t n, pid_t *ret_pid,
                   struct cfs_error *err);

#endif
