/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfs state (runtime.md, "Query State"). Takes no lock: reads one file that is replaced atomically. */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/user.h"
#include "libcfs/cfs.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "oci.h"
#include <stdlib.h>

int cfs_state(const struct cfs_runtime *rt, const char *id, char **ret_json, struct cfs_error *err)
{
        _cleanup_state_ struct state *s = NULL;
        struct user_name owner = { 0 };
        struct oci_state *doc;
        int r = state_open(rt->root, id, 0, &s, err), st;

        if (r < 0)
                return r;
        st = status_of(s, err);
        if (st < 0)
                return st;
        doc = status_document(s, st, &owner);
        return doc ? oci_encode(&oci_state_type, doc, 2, ret_json, NULL, err) : err_nomem(err);
}
