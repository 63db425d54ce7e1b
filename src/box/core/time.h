/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Times that people write.
 */
#ifndef BOX_CORE_TIME_H
#define BOX_CORE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970; 90s or 1h30m: so long ago; or a time such as 2026-01-31T12:00:00Z,
 * 2026-01-31T12:00:00+01:00, and without a zone in local time 2026-01-31T12:00:00, 2026-01-31. */
bool time_parse(const char *text, int64_t *ret);
bool time_parse_ns(const char *text, int64_t *ret); /* in nanoseconds */

#endif
