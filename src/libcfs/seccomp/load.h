/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Putting a filter into force, and handing its listener to the seccomp agent: see load.c. */
#ifndef LIBCFS_SECCOMP_LOAD_H
#define LIBCFS_SECCOMP_LOAD_H

#include "base/err.h"
#include <linux/filter.h>

/* A filter, ready to be loaded. */
struct load_program {
        struct sock_filter *code;
        unsigned n;
        unsigned flags;
};

/* For a child that shares memory with its parent (vfork(2)), and has one thread: one system call. 0 or
 * -errno. */
int load_for_child(const struct load_program *program);

/* Loads a filter for the calling thread, which is the only one of its process. With
 * SECCOMP_FILTER_FLAG_NEW_LISTENER among the flags, `deliver` is given the listener, which it does not
 * own, before load_filter() returns; it runs in this process's memory, but in a thread without the filter. */
int load_filter(const struct sock_filter *code, unsigned n, unsigned flags,
                int (*deliver)(void *data, int listener, struct cfs_error *err), void *data,
                struct cfs_error *err);

#endif
