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
        struct state *s = NULL;
        int r = state_open(rt->root, id, 0, &s, err);

        if (r < 0)
                return r;
        int st = status_of(s, err);
        struct user_name owner = { 0 };
        struct oci_state *doc = st < 0 ? NULL : status_document(s, st, &owner);

        if (st < 0)
                r = st;
        else
                r = doc ? oci_encode(&oci_state_type, doc, 2, ret_json, NULL, err) : err_nomem(err);
        state_close(s);
        return r < 0 ? r : 0;
}
