/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removing a container: the row goes last, so that a removal that was cut short is finished by the next
 * command.
 */
#include "base/cleanup.h"
#include "base/rmtree.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/store/container.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

static int remove_directory(const struct box *box, const char *id, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        char path[64];
        int r;

        (void)snprintf(path, sizeof(path), "containers/%s", id);
        fd = openat(box->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : err_sys(err, errno, "openat", "open %s/%s", box->root, path);
        r = rmtree_contents(fd);
        if (r >= 0 && unlinkat(box->root_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
                r = -errno;
        return r < 0 ? err_sys(err, -r, "unlinkat", "remove %s/%s", box->root, path) : 0;
}

int remove_container(const struct box *box, const char *id, bool force, struct cfs_error *err)
{
        struct cfs_error ignored;
        char path[PATH_MAX];
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
        (void)cfs_delete(&box->rt, id, true, &ignored);
        (void)snprintf(path, sizeof(path), "%s/exits/%s", box->run, id);
        (void)unlink(path);
        r = remove_directory(box, id, err);
        return r < 0 ? r : store_container_delete(box, id, err);
}
