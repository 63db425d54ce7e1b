/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device rules for cgroup v2: a BPF program. */
#ifndef LIBCFS_CGROUP_BPF_H
#define LIBCFS_CGROUP_BPF_H

#include "libcfs/cgroup/devices/rules.h"

/* The instructions; the caller frees. */
int bpf_program(const struct rules *rules, struct bpf_insn **ret, size_t *ret_n, struct cfs_error *err);

/* Loads the program and attaches it to the cgroup. replace: a program of cfs is attached already. */
int bpf_attach(int cgroup_fd, const struct rules *rules, bool replace, struct cfs_error *err);

/* Detaches the program that cfs has attached. */
int bpf_detach(int cgroup_fd);

/* Loads the program without attaching it: does the kernel's verifier accept it? 0 or -errno. */
int bpf_load(const struct bpf_insn *insn, size_t n);

#endif
