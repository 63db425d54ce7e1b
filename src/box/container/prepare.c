/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a row and a directory to a bundle that can run: the root file system is mounted, config.json written.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/container/volumes.h"
#include "box/rootfs/overlay.h"
#include "box/store/image.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int prepare_mount(struct container *c, struct cfs_error *err)
{
        _cleanup_free_ int64_t *layers = NULL;
        struct overlay o = { .id = c->id,
                             .bundle = c->dir,
                             .own = c->own,
                             .host_id = c->host_id,
                             .n_ids = c->n_ids,
                             .throwaway = c->throwaway };
        int r = store_image_layers(c->box, c->image, &layers, &o.n_layers, err);

        if (r < 0)
                return r;
        if (o.n_layers == 0)
                return err_set(err, CFS_E_INVALID, "image %.19s has no layers", c->image);
        o.layers = layers;
        r = overlay_private(c->box, err);
        return r < 0 ? r : overlay_mount(c->box, &o, err);
}

int prepare_config(const struct container *c, const char *dir, int root_fd, struct cfs_error *err)
{
        struct config_fills fills = { 0 };
        const struct config_input in = { .box = c->box,
                                         .o = c->o,
                                         .image = c->config->config,
                                         .id = c->id,
                                         .hostname = c->hostname,
                                         .dir = dir,
                                         .root_fd = root_fd,
                                         .net = c->net,
                                         .net_name = c->net_name,
                                         .known_name = network_has_names(c) ? c->name : NULL,
                                         .ports = c->ports,
                                         .n_ports = c->n_ports,
                                         .host_id = c->host_id,
                                         .n_ids = c->n_ids,
                                         .from = c->from,
                                         .fills = &fills };
        _cleanup_free_ char *text = NULL, *path = NULL;
        int r = config_build(&in, &text, err);

        if (r >= 0)
                r = str_printf(&path, err, "%s/config.json", dir);
        if (r >= 0)
                r = io_write_new(AT_FDCWD, path, text, strlen(text), 0600, err);
        if (r >= 0)
                r = volumes_fill(c, &fills, root_fd, err);
        free(fills.list);
        return r;
}

int prepare_container(struct container *c, struct cfs_error *err)
{
        _cleanup_close_ int root = prepare_mount(c, err);
        int r = 0;

        if (root < 0)
                return root;
        if (c->o)
                r = prepare_config(c, c->dir, root, err);
        return r < 0 ? r : TAKE_FD(root);
}
