/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.seccomp compiled to the program that seccomp(2) takes: see filter.c. What others may include of this
 * directory; the words of linux.seccomp come with it. */
#ifndef LIBCFS_SECCOMP_FILTER_H
#define LIBCFS_SECCOMP_FILTER_H

#include "base/err.h"
#include "libcfs/seccomp/agent.h"
#include "libcfs/seccomp/load.h"
#include "libcfs/seccomp/names.h"
#include "ocispec.h"
#include <linux/filter.h>

struct filter {
        struct sock_filter *code; /* owned; filter_free()                                       */
        unsigned n;
        unsigned n_archs;       /* ABIs with rules, the native one included                   */
        unsigned n_calls;       /* names with an action of their own                          */
        unsigned n_conditional; /* of these, those that depend on arguments                   */
};

/* Compiles a profile whose words are valid. Unknown names of system calls are left out with a warning.
 * CFS_E_INVALID when the program is larger than the kernel takes. */
int filter_compile(const struct oci_seccomp *seccomp, struct filter *ret, struct cfs_error *err);

void filter_free(struct filter *f);

/* Whether any ABI has a system call of that name. */
bool filter_knows(const char *name);

/* The value that an action stands for, with its error number. The name is a valid one. For the unit tests. */
uint32_t filter_action(const char *name, bool has_errno, uint32_t errnum);

#endif
