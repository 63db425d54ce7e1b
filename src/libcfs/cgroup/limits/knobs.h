/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of linux.resources: what each property is called in cgroup v1, in v2, and by systemd. */
#ifndef LIBCFS_CGROUP_KNOBS_H
#define LIBCFS_CGROUP_KNOBS_H

#include "libcfs/cgroup/limits/settings.h"

struct knob;

struct knobs_job {
        const struct oci_resources *r;
        bool v2; /* the hierarchy that has the row's controller; set by knobs_convert()        */
        const char
                *path; /* the cgroup's directory for the row, to read what an update does not say; or NULL */
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
        const char
                *unit; /* systemd's property, "V1|V2" when v1 has another; NULL: none, the file is written */
        enum setting_unit_type unit_type;
        /* Adds to job->out what is asked for: nothing, one setting or several. NULL: not a value for a file. */
        int (*convert)(struct knobs_job *job);
};

/* Ends with a row whose property is NULL. */
extern const struct knob knobs[];

#endif
