/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run --print-bundle DIR: an OCI bundle that stands alone, for any runtime: the root file system as a copy in
 * place of an overlay, and the configuration as for a container of the box, without what would lie in the
 * store.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/image/layer.h"
#include "box/image/pack.h"
#include "box/image/unpack.h"
#include "box/rootfs/overlay.h"
#include "box/store/container.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int copy_tree(const struct box *box, int from, int to, struct cfs_error *err)
{
        const struct pack_options po = { .dir_fd = from, .name = "the image", .one_file_system = true };
        const struct unpack_options uo = { .name = "the image",
                                           .rootless = box->rootless,
                                           .keep_owner = true,
                                           .max_bytes = UNPACK_MAX_BYTES,
                                           .max_members = UNPACK_MAX_MEMBERS };
        struct unpack_result result;
        struct cfs_error pack_err;
        struct pack p;
        int fd, packed, r = pack_start(&p, &po, &fd, err);

        if (r < 0)
                return r;
        r = unpack_stream(fd, to, &uo, &result, err);
        (void)close(fd);
        packed = pack_finish(&p, &pack_err);
        if (packed < 0 && (r >= 0 || pack_err.errnum != EPIPE)) {
                *err = pack_err;
                r = packed;
        }
        return r;
}

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
        (void)snprintf(c->dir, sizeof(c->dir), "%s/containers/%s", c->box->root, c->id);
        root = prepare_mount(c, err);
        if (root < 0)
                return root;
        r = copy_tree(c->box, root, to, err);
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
        overlay_unmount(box, c.id);
        (void)remove_container(box, c.id, true, &later);
        create_release(&c);
        return r < 0 ? r : 0;
}
