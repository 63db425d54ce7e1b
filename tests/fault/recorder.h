/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a traced process changes below one directory: inject's mode `record`. */
#ifndef TESTS_FAULT_RECORDER_H
#define TESTS_FAULT_RECORDER_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* The directory, absolute and without symbolic links. */
void recorder_begin(const char *dir, FILE *out);

/* At the entry of a call, and at its exit: its line is written when it has succeeded. */
void recorder_enter(pid_t pid, long nr, const uint64_t args[6]);
void recorder_exit(pid_t pid, long result);

#endif
