/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfs explain: the explanations of the plan, row by row, without touching anything. */
#include "libcfs/cfs.h"
#include "libcfs/container/bundle.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/walk/engine.h"

int cfs_explain(const struct cfs_runtime *rt, const char *id, const struct cfs_create_options *o,
                bool restore, void (*fn)(void *data, const char *step, const char *why, const char *line),
                void *data, struct cfs_error *err)
{
        _cleanup_ctx_ struct ctx c;
        int r;

        ctx_init(&c, restore ? WALK_RESTORE : WALK_CREATE);
        c.runtime = rt;
        c.create = o;
        c.console_socket = o->console_socket;
        c.preserve_asked = o->preserve_fds;
        c.id = id;
        c.foreground = true; /* explain the configuration, not the way it is called */
        r = ctx_facts(&c, err);
        if (r >= 0)
                r = bundle_load(&c, o->bundle, o->config, err);
        if (r >= 0)
                r = bundle_locate(&c, engine_check(&c, err), err);
        if (r >= 0)
                engine_explain(&c, fn, data);
        return r;
}
