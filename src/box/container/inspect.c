/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that is known of one container.
 */
#include "base/cleanup.h"
#include "box/container/container.h"
#include "box/store/container.h"
#include <stdio.h>

int inspect_container(const struct box *box, const char *ref, struct oci_arena *arena,
                      struct oci_box_container **ret, struct cfs_error *err)
{
        char id[BOX_ID_SIZE], log[PATH_MAX];
        int r = store_container_find(box, ref, id, err);

        if (r >= 0)
                r = store_container_get(box, id, arena, ret, err);
        if (r < 0)
                return r;
        (void)snprintf(log, sizeof(log), "%s/log", (*ret)->bundle);
        if ((*ret)->detached && !((*ret)->log = oci_arena_strdup(arena, log)))
                return err_nomem(err);
        (*ret)->state_directory = (char *)box->rt.root;
        if (STREQ((*ret)->state, "running"))
                (*ret)->address = network_address(box, id, arena);
        return 0;
}
