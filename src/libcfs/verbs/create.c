/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfs create: build the container and leave its init waiting for `start` (runtime.md, "Create"). */
#include "libcfs/container/build.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"

int cfs_create(const struct cfs_runtime *rt, const char *id, const struct cfs_create_options *o,
               struct cfs_error *err)
{
        _cleanup_ctx_ struct ctx c;
        int r;

        ctx_init(&c, WALK_CREATE);
        c.wait_for_start = true;
        r = build_load(&c, rt, id, o, err);
        if (r >= 0)
                r = build_container(&c, err);
        return r < 0 ? r : 0;
}
