/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfs state (runtime.md, "Query State"). Takes no lock: reads one file that is replaced atomically. */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/user.h"
#include "libcfs/cfs.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "oci.h"
#include <stdlib.h>

static int show(struct state *s, char **ret_json, struct cfs_error *err)
{
        struct user_name owner = { 0 };
        struct oci_state doc;
        int st = status_of(s, err);

        if (st < 0)
                return st;
        status_document(s, st, &owner, &doc);
        return oci_encode(&oci_state_type, &doc, 2, ret_json, NULL, err);
}

int cfs_state(const struct cfs_runtime *rt, const char *id, char **ret_json, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        _cleanup_state_ struct state *s = NULL;
        _not_zeroed_ struct record_head head;
        struct state known;
        int r;

        if (state_open_head(rt->root, id, arena, &head, &known))
                return show(&known, ret_json, err);
        r = state_open(rt->root, id, 0, &s, err);
        return r < 0 ? r : show(s, ret_json, err);
}
