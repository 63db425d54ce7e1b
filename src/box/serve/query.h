/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parameters of a request: what stands behind the `?` of its address.
 */
#ifndef BOX_SERVE_QUERY_H
#define BOX_SERVE_QUERY_H

#include "box/serve/server.h"

/* The value of a parameter: NULL when it is missing, "" when it has no value. */
const char *query_text(const struct request *q, const char *name);
/* As a boolean: "1", "true" and no value are true. *ret is unchanged when the parameter is missing, here and
 * below. */
int query_flag(const struct request *q, const char *name, bool *ret, struct cfs_error *err);
/* As a number of zero or more. */
int query_number(const struct request *q, const char *name, int64_t *ret, struct cfs_error *err);
/* Seconds since 1970, or a time. */
int query_time(const struct request *q, const char *name, int64_t *ret, struct cfs_error *err);

#endif
