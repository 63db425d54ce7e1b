/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No manager (--cgroup-manager disabled): the container stays in the cgroups of the process that started cfs.
 *
 * podman asks for it with --cgroups=disabled, and systems without any cgroup mount end here too. A limit in
 * the document is an error, because the kernel would not enforce it. The record remembers that there is
 * nothing to remove and nothing to kill but the init.
 */
#include "base/str.h"
#include "libcfs/cgroup/limits/limits.h"
#include "libcfs/cgroup/manager/layout.h"
#include "libcfs/cgroup/manager/manager.h"

static int refuse(const struct oci_resources *r, struct cfs_error *err)
{
        const struct cgroup nothing = { .mode = CGROUP_MODE_ABSENT };
        _cleanup_settings_ struct settings s = { 0 };
        int e;

        if (!r)
                return 0;
        e = limits_convert(&nothing, r, false, &s, err);
        if (e < 0 || s.n == 0)
                return e;
        return err_property(err, err_set(err, CFS_E_UNSUPPORTED, "cannot be set: cgroups are disabled"),
                            "linux.resources.%s", s.p[0].property);
}

static int none_plan(struct cgroup *cg, struct oci_arena *arena, struct cfs_error *err)
{
        int r = refuse(cg->rq.resources, err);

        cg->mode = CGROUP_MODE_ABSENT;
        return r < 0 ? r : layout_record(cg, "disabled", NULL, arena, err);
}

static int none_make(struct cgroup *cg, struct cfs_error *err)
{
        (void)cg;
        (void)err;
        return 0;
}

static int none_update(struct cgroup *cg, const struct oci_resources *r, struct cfs_error *err)
{
        (void)cg;
        return refuse(r, err);
}

const struct manager_ops none_ops = {
        .plan = none_plan,
        .make = none_make,
        .update = none_update,
        .remove = none_make,
};
