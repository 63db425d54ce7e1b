/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container that is made and not run: its row, its directory and its configuration, which `start` finds.
 */
#include "box/container/container.h"
#include "box/rootfs/overlay.h"
#include "box/store/container.h"
#include <unistd.h>

int make_container(const struct box *box, const char *image, const struct run_options *o,
                   char ret_id[BOX_ID_SIZE], struct cfs_error *err)
{
        struct run_options background = *o;
        struct container c;
        int root, r;

        background.detach = true;
        r = create_container(&c, box, image, &background, err);
        if (r < 0)
                return r;
        r = root = prepare_container(&c, err);
        if (root >= 0) {
                (void)close(root);
                overlay_unmount(box, c.dir, c.own);
                r = run_write_cidfile(&c, err);
        }
        if (r >= 0)
                r = store_container_move(box, c.id, "creating", "created", "create", err);
        if (r < 0)
                create_undo(&c);
        else
                (void)snprintf(ret_id, BOX_ID_SIZE, "%s", c.id);
        create_release(&c);
        return r < 0 ? r : 0;
}
