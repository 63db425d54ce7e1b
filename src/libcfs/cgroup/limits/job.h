/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a row of the table of knobs is given when its property is converted, and the functions by which it
 * adds settings. */
#ifndef LIBCFS_CGROUP_JOB_H
#define LIBCFS_CGROUP_JOB_H

#include "libcfs/cgroup/limits/settings.h"

struct knob;

struct knobs_job {
        const struct oci_resources *r;
        const char *controller; /* of the row, and of those before it that have the same; set by limits.c */
        const struct hierarchy
                *h; /* which has it; NULL: none does                                          */
        bool v2;    /* so will it be written                                                  */
        /* the cgroup's directory for the row, to read what an update does not say; or NULL */
        const char *path;
        const struct knob *knob;
        char at[64]; /* what an error's property has behind the knob's: "[1].pageSize"                    */
        struct settings *out;
        struct cfs_error *err;
};

struct knob {
        const char *property;   /* below linux.resources                                                */
        const char *controller; /* names the v1 hierarchy, and v2's controller                          */
        const char *v1, *v2;    /* the file, or "FILE|OTHER": the first that exists; NULL: not expressible.
                                 * %s: the page size                                                    */
        /* systemd's property, "V1|V2" when v1 has another; NULL: none, the file is written */
        const char *unit;
        enum setting_unit_type unit_type;
        /* Adds to job->out what is asked for: nothing, one setting or several. NULL: not a value for a
         * file. */
        int (*convert)(struct knobs_job *job);
};

#define JOB_UNLIMITED UINT64_MAX

/* Adds a setting without a file, for a property of the unit; NULL: out of memory, and an error in j->err. */
struct setting *job_add(struct knobs_job *j, const char *unit, const char *text);

/* The same with a number. since: the first version of systemd that knows the property; 0: all. 0 or
 * negative. */
int job_add_property(struct knobs_job *j, const char *unit, uint64_t value, unsigned since);

/* The quota and the period that the cgroup has now: an update may name only one of the two. JOB_UNLIMITED and
 * the kernel's default period when the cgroup has none. 0, or negative with an error. */
int job_bandwidth(struct knobs_job *j, uint64_t *ret_quota, uint64_t *ret_period);

#endif
