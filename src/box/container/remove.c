/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removing a container: the row goes last, so that a removal that was cut short is finished by the next
 * command.
 */
#include "box/container/volumes.h"
#include "box/core/directory.h"
#include "box/store/container.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

void remove_state(const struct box *box, const char *id)
{
        struct cfs_error ignored;
        char path[PATH_MAX];

        /* Mostly there is none any more. */
        if (snprintf(path, sizeof(path), "%s/%s", box->rt.root, id) < (int)sizeof(path) &&
            faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                return;
        (void)cfs_delete(&box->rt, id, true, &ignored);
}

int remove_files(const struct box *box, const char *id, unsigned flags, struct cfs_error *err)
{
        char path[PATH_MAX];
        int r;

        (void)snprintf(path, sizeof(path), "containers/%s", id);
        r = directory_remove(box, path, err);
        if (r >= 0)
                r = store_container_bundle(box, id, true, path, err);
        if (r >= 0)
                r = directory_remove(box, path, err);
        if (r >= 0 && flags & REMOVE_VOLUMES)
                r = volumes_remove_unnamed(box, id, err);
        return r;
}

int remove_claimed(const struct box *box, const char *id, unsigned flags, struct cfs_error *err)
{
        int r = remove_files(box, id, flags, err);

        return r < 0 ? r : store_container_delete(box, id, err);
}

int remove_container(const struct box *box, const char *id, unsigned flags, struct cfs_error *err)
{
        struct cfs_error ignored;
        char path[PATH_MAX];
        bool force = flags & REMOVE_FORCE;
        int code, r;

        if (force) {
                r = stop_kill(box, id, SIGKILL, &ignored);
                if (r >= 0)
                        (void)stop_wait(box, id, 10000, &code, &ignored);
        }
        r = store_container_move(
                box, id, force ? "created exited removing creating starting" : "created exited removing",
                "removing", "remove", err);
        if (r < 0)
                return err->code == CFS_E_NOT_FOUND && force ? 0 : r; /* --rm was faster */
        remove_state(box, id);
        (void)snprintf(path, sizeof(path), "%s/exits/%s", box->run, id);
        (void)unlink(path);
        return remove_claimed(box, id, flags, err);
}
