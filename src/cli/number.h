/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers on the command line. All return 0 or a negative errno, without a message: the caller knows what the
 * number is.
 */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdint.h>

/* A whole decimal number, with a sign. */
int number_int(const char *s, int64_t *ret);

/* An amount of memory: bytes, or with one of the suffixes k, m, g, t, p (powers of 1024; "kb", "KiB" too),
 * or -1. */
int number_size(const char *s, int64_t *ret);

/* A length of time as Go writes it: "5s", "100ms", "1m30s", "1.5h". In milliseconds. */
int number_duration(const char *s, uint64_t *ret_ms);

#endif
