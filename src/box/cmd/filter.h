/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --filter of `ps`: which containers to list. The keys are docker's.
 */
#ifndef BOX_CMD_FILTER_H
#define BOX_CMD_FILTER_H

#include "base/err.h"
#include "oci.h"
#include <stdbool.h>

/* An error for a filter that is not known. */
int filter_check(const char *const *filters, struct cfs_error *err);
/* Is one of them about the state? Then containers that do not run are listed, too. */
bool filter_has_state(const char *const *filters);
/* Filters with the same key are alternatives. For each key one must match. */
bool filter_matches(const char *const *filters, const struct oci_box_container *c);

#endif
