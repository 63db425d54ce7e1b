/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of linux.resources: what each property is called in cgroup v1, in v2, and by systemd. */
#ifndef LIBCFS_CGROUP_KNOBS_H
#define LIBCFS_CGROUP_KNOBS_H

#include "libcfs/cgroup/settings.h"

struct knob;

struct knobs_job {
        const struct oci_resources *r;
        bool v2; /* the hierarchy that has the row's controller; set by knobs_convert()        */
        const char
                *path; /* the cgroup's directory for the row, to read what an update does not say; or NULL */
        const struct knob *knob;
        struct settings *out;
        struct cfs_error *err;
};

struct knob {
        const char *property;   /* below linux.resources                                                */
        const char *controller; /* names the v1 hierarchy, and v2's controller                          */
        const char *v1, *v2;    /* the file, or "FILE|OTHER": the first that exists; NULL: not expressible.
                                 * %s: the page size                                                    */
        const char *unit;       /* systemd's property; NULL: it has none, the file is written           */
        enum setting_unit_type unit_type;
        /* Adds to job->out what is asked for: nothing, one setting or several. NULL: not a value for a file. */
        int (*convert)(struct knobs_job *job);
};

/* Ends with a row whose property is NULL. */
extern const struct knob knobs[];

/* Turns r into settings, for the hierarchies of cg. An error names the property. update: the cgroup has values
 * already, which unsaid halves of a pair are taken from. */
int knobs_convert(const struct cgroup *cg, const struct oci_resources *r, bool update, struct settings *out,
                  struct cfs_error *err);

/* All problems of r, instead of the first. v1, v2: on which kind of machine; the code tells an invalid value from one
 * that such a machine cannot express. */
void knobs_check(const struct cgroup *cg, const struct oci_resources *r,
                 void (*report)(void *data, const struct cfs_error *problem), void *data);

/* Is any resource asked for at all? (device rules aside) */
bool knobs_wanted(const struct oci_resources *r);

/* memory.checkBeforeUpdate: refuses limits below what is used now. */
int knobs_check_usage(const struct cgroup *cg, const struct oci_resources *r, struct cfs_error *err);

#endif
