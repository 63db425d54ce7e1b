/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a container's directories are, and the record of them. */
#ifndef LIBCFS_CGROUP_LAYOUT_H
#define LIBCFS_CGROUP_LAYOUT_H

#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/hierarchy/handle.h"

/* linux.cgroupsPath without ".", empty components and trailing slashes; NULL or "" gives the ID. The
 * caller frees. CFS_E_INVALID for "..", and for the root. */
int layout_inner(const char *path, const char *id, char **ret, struct cfs_error *err);

/* Appends the hierarchy of m to cg. The container's directory there is POINT/BASE/INNER. Finds out which
 * of the directories exist. */
int layout_add(struct cgroup *cg, const struct detect_mount *m, const char *base, const char *inner,
               struct oci_arena *arena, struct cfs_error *err);

/* Makes cg->rec from cg->h. */
int layout_record(struct cgroup *cg, const char *manager, const char *path, struct oci_arena *arena,
                  struct cfs_error *err);

/* Fills cg->h and cg->rec from a record; cg is zeroed. */
int layout_open(struct cgroup *cg, const struct oci_record *rec, struct cfs_error *err);

#endif
