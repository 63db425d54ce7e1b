/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times that people write.
 */
#ifndef BOX_CORE_TIME_H
#define BOX_CORE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970, or a time such as 2026-01-31T12:00:00Z (RFC 3339, UTC only). */
bool time_parse(const char *text, int64_t *ret);

#endif
