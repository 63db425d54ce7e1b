/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources, turned into settings. */
#ifndef LIBCFS_CGROUP_LIMITS_H
#define LIBCFS_CGROUP_LIMITS_H

#include "libcfs/cgroup/limits/settings.h"

/* Turns r into settings, for the hierarchies of cg. An error names the property. update: the cgroup has
 * values already; when r names only one of two values that belong together, the other one stays. */
int limits_convert(const struct cgroup *cg, const struct oci_resources *r, bool update, struct settings *out,
                   struct cfs_error *err);

struct knob;

/* The settings of one row of the table. */
int limits_convert_row(const struct cgroup *cg, const struct knob *k, const struct oci_resources *r,
                       struct settings *out, struct cfs_error *err);

/* All problems of r, instead of the first. The code tells an invalid value from one that these hierarchies
 * cannot express. */
void limits_check(const struct cgroup *cg, const struct oci_resources *r,
                  void (*report)(void *data, const struct cfs_error *problem), void *data);

/* Reports the limits that the kernel would refuse, without writing any (with `host`, also those that this
 * machine lacks something for): see look.c. */
void limits_look(const struct cgroup *cg, const struct oci_resources *r, bool host,
                 void (*report)(void *data, const struct cfs_error *problem), void *data);

/* memory.checkBeforeUpdate: refuses limits below what is used now. */
int limits_check_usage(const struct cgroup *cg, const struct oci_resources *r, struct cfs_error *err);

#endif
