/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's unit: its name, where it is, and its properties. */
#ifndef LIBCFS_CGROUP_UNIT_H
#define LIBCFS_CGROUP_UNIT_H

#include "dbus/dbus.h"
#include "libcfs/cgroup/limits/settings.h"

/* linux.cgroupsPath "SLICE:PREFIX:NAME" -> the slice and the unit's name; NULL gives the defaults. The
 * caller frees. */
int unit_names(const char *path, const char *id, bool user, char **ret_slice, char **ret_unit,
               struct cfs_error *err);

/* "a-b.slice" -> "/a.slice/a-b.slice"; "-.slice" -> "". The caller frees. */
int unit_slice_path(const char *slice, char **ret, struct cfs_error *err);

/* Is it a slice itself, which processes join by its cgroup? */
bool unit_is_slice(const char *unit);

/* The properties, a(sv), for StartTransientUnit: all of them, and of settings those that systemd knows. */
int unit_put_start(struct dbus_body *b, const struct cgroup *cg, pid_t pid, const struct settings *s,
                   unsigned version, struct cfs_error *err);

/* The same for SetUnitProperties: only settings. Returns how many there are. */
size_t unit_put_settings(struct dbus_body *b, const struct settings *s, unsigned version);

/* Must the version of systemd be known for them? */
bool unit_needs_version(const struct settings *s);

/* The annotation run.oci.systemd.subgroup: the name of the container's own directory below the unit's, or
 * NULL. */
int unit_subgroup(const struct oci_string_map *annotations, const char **ret, struct cfs_error *err);

/* Reports each malformed annotation of those that are for systemd. */
void unit_check_annotations(const struct oci_string_map *annotations,
                            void (*report)(void *data, const struct cfs_error *problem), void *data);

#endif
