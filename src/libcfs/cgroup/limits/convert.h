/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arithmetic between the units of cgroup v1, in which the specification speaks, and those of v2. */
#ifndef LIBCFS_CGROUP_CONVERT_H
#define LIBCFS_CGROUP_CONVERT_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* cpu.shares (2 to 262144, default 1024) -> cpu.weight (1 to 10000, default 100); 0 -> 0. */
uint64_t convert_shares(uint64_t shares);

/* blkio.weight (10 to 1000) -> io.weight (1 to 10000); 0 -> 0. */
uint64_t convert_io_weight(uint64_t weight);

/* CPUQuotaPerSecUSec for a quota and a period in microseconds, in systemd's steps of 10 ms. */
uint64_t convert_quota_per_second(uint64_t quota, uint64_t period);

/* "0-3,7" -> bits, lowest first, in buf. Returns how many bytes are used, -EINVAL or -ENOMEM. */
int convert_list(const char *list, uint8_t *buf, size_t size);

#endif
