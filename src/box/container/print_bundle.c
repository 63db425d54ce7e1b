/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run --print-bundle DIR: an OCI bundle that stands alone, for any runtime: the root file system as a copy in
 * place of an overlay, and the configuration as for a container of the box, without what would lie in the
 * store.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/container/volumes.h"
#include "box/image/layer.h"
#include "box/rootfs/overlay.h"
#include "box/store/container.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int print_bundle_fill(struct container *c, int dir_fd, const char *dir, struct cfs_error *err)
{
        _cleanup_close_ int root = -1, to = -1;
        int r;

        if (mkdirat(dir_fd, "rootfs", 0755) < 0 ||
            (to = openat(dir_fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
                return err_path(err, errno, "mkdir", dir, "make `%s/rootfs`", dir);
        (void)snprintf(c->dir, sizeof(c->dir), "%s", dir);
        r = network_files(c, err);
        if (r < 0)
                return r;
        r = store_container_bundle(c->box, c->id, false, c->dir, err);
        if (r < 0)
                return r;
        root = prepare_mount(c, err);
        if (root < 0)
                return root;
        r = tree_copy(c->box, root, to, "the image", 0, 0, err);
        return r < 0 ? r : prepare_config(c, dir, root, err);
}

int print_bundle(const struct box *box, const char *image, const struct run_options *o, struct cfs_error *err)
{
        _cleanup_free_ char *dir = NULL;
        _cleanup_close_ int fd = -1;
        struct cfs_error later;
        struct container c;
        int r;

        if (o->detach)
                return err_set(err, CFS_E_INVALID, "--print-bundle runs nothing: --detach excludes it");
        if (mkdir(o->print_bundle, 0755) < 0)
                return err_path(err, errno, "mkdir", o->print_bundle, "make directory `%s`", o->print_bundle);
        dir = realpath(o->print_bundle, NULL);
        fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (fd < 0)
                return err_path(err, errno, "open", o->print_bundle, "open `%s`", o->print_bundle);
        r = create_container(&c, box, image, o, err);
        if (r < 0) {
                (void)rmdir(dir);
                return r;
        }
        r = print_bundle_fill(&c, fd, dir, err);
        overlay_unmount(box, c.dir, c.own);
        (void)remove_container(box, c.id, REMOVE_FORCE, &later);
        create_release(&c);
        return r < 0 ? r : 0;
}
