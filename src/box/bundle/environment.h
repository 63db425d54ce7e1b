/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of --env, and the lines of --env-file and --label-file.
 */
#ifndef BOX_BUNDLE_ENVIRONMENT_H
#define BOX_BUNDLE_ENVIRONMENT_H

#include "base/err.h"
#include "oci.h"

/* Calls fn with each NAME=VALUE: first those of the files, then those of --env. A NAME alone takes its
 * value from the environment of cfs-box, and is left out when it is not there. Stops at a negative result
 * of fn. */
int environment_each(const char *const *files, const char *const *words,
                     int (*fn)(void *data, const char *pair), void *data, struct cfs_error *err);

/* The same for the lines of files of labels, where a NAME alone has no value. */
int environment_labels(const char *const *files, int (*fn)(void *data, const char *pair), void *data,
                       struct cfs_error *err);

#endif
