/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directories and networks of containers without a row. A row is written before what it describes is made,
 * and deleted after that was removed; a power cut may have kept the second of these and lost the first.
 * Then no command knows the container, and what it has written stays until this removes it.
 */
#include "base/cleanup.h"
#include "box/container/container.h"
#include "box/container/repair.h"
#include "box/core/directory.h"
#include "box/store/container.h"
#include "box/store/store.h"
#include <fcntl.h>
#include <stdio.h>

/* "ID" or "ID.json" of a container that has no row: 1 and its ID. */
static int is_orphan(const struct box *box, const char *name, char ret_id[BOX_ID_SIZE], struct cfs_error *err)
{
        size_t len = strspn(name, "0123456789abcdef");
        int64_t rows;
        int r;

        if (len != BOX_ID_SIZE - 1 || (name[len] && !STREQ(name + len, ".json")))
                return 0;
        (void)snprintf(ret_id, BOX_ID_SIZE, "%.*s", (int)len, name);
        r = store_number(box, &rows, err, "SELECT count(*) FROM containers WHERE id=?", "s", ret_id);
        return r < 0 ? r : rows == 0;
}

/* Not one that runs: its store was removed below it. */
static int remove_one(const struct box *box, const char *id, struct cfs_error *err)
{
        struct cfs_error refused = { 0 };
        int r;

        if (cfs_delete(&box->rt, id, false, &refused) < 0 && refused.code != CFS_E_NOT_FOUND)
                return 0;
        ended_network(box, id);
        r = remove_files(box, id, REMOVE_VOLUMES, err);
        return r < 0 ? r : 1;
}

static int remove_in(const struct box *box, int dir_fd, const char *path, struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = directory_open(&d, dir_fd, path, path, err), removed = 0;

        while (r >= 0 && (r = directory_next(&d, path, err)) > 0) {
                char id[BOX_ID_SIZE];

                r = is_orphan(box, d.name, id, err);
                if (r > 0)
                        r = remove_one(box, id, err);
                removed += r > 0;
        }
        return r < 0 ? r : removed;
}

int orphans_remove(const struct box *box, struct cfs_error *err)
{
        char bundles[PATH_MAX];
        int r, removed = 0;

        if (snprintf(bundles, sizeof(bundles), "%s/bundles", box->run) >= (int)sizeof(bundles))
                return err_set(err, CFS_E_INVALID, "the run directory's path is too long");
        r = remove_in(box, box->root_fd, "containers", err);
        if (r >= 0) {
                removed += r;
                r = remove_in(box, AT_FDCWD, bundles, err);
        }
        if (r >= 0) {
                removed += r;
                r = remove_in(box, box->root_fd, "net", err);
        }
        return r < 0 ? r : removed + r;
}
