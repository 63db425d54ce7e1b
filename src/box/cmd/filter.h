/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --filter of `ps`: docker's words for which containers are meant.
 */
#ifndef BOX_CMD_FILTER_H
#define BOX_CMD_FILTER_H

#include "base/err.h"
#include "oci.h"
#include <stdbool.h>

/* Are all of them such as can be understood? */
int filter_check(const char *const *filters, struct cfs_error *err);
/* Is one of them about the state, so that those that do not run are meant, too? */
bool filter_has_state(const char *const *filters);
/* Those of one name are alternatives, those of different names must all hold. */
bool filter_matches(const char *const *filters, const struct oci_box_container *c);

#endif
