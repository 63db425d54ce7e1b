/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filling new volumes, as docker does: what the image has at the place where an empty volume is mounted is
 * copied into it first.
 *
 * The copy is made in the container's own directory and then moved, entry by entry: a crash leaves no half
 * of a copy, and the volume's own directory stays, which another container may have mounted already.
 */
#include "box/container/volumes.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"
#include "box/core/directory.h"
#include "box/core/volume.h"
#include "box/store/volumes.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* 1, 0 or an error. */
static int is_empty(int dir_fd, const char *name, struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = directory_open(&d, dir_fd, ".", name, err);

        if (r >= 0)
                r = directory_next(&d, name, err);
        return r < 0 ? r : r == 0;
}

static int move_entries(int from, int to, const char *name, struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        struct stat st;
        int r = directory_open(&d, from, ".", name, err);

        if (r < 0)
                return r;
        if (fstat(from, &st) < 0)
                return err_sys(err, errno, "fstat", "look at the copy for volume `%s`", name);
        if (fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
                return err_sys(err, errno, "fchown", "set the owner of volume `%s`", name);
        while ((r = directory_next(&d, name, err)) > 0)
                /* One that is there is of another container, which was faster. */
                if (renameat2(from, d.name, to, d.name, RENAME_NOREPLACE) < 0 && errno != EEXIST)
                        return err_sys(err, errno, "renameat2", "put `%s` into volume `%s`", d.name, name);
        return r;
}

static int fill(const struct container *c, const struct config_fill *f, int root_fd, struct cfs_error *err)
{
        _cleanup_close_ int volume = -1, from = -1, copy = -1;
        struct cfs_error ignored = { 0 };
        char path[192];
        int r;

        (void)snprintf(path, sizeof(path), "volumes/%s", f->name);
        volume = openat(c->box->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (volume < 0)
                return err_sys(err, errno, "openat", "open volume `%s`", f->name);
        r = is_empty(volume, f->name, err);
        if (r <= 0)
                return r < 0 ? err_prefix(err, r, "volume `%s`", f->name) : 0;
        from = path_open_in_root(root_fd, f->destination, O_RDONLY | O_DIRECTORY | O_NONBLOCK, NULL);
        if (from < 0) /* the image has nothing there, or no directory */
                return from == -ENOENT || from == -ENOTDIR || from == -ELOOP
                               ? 0
                               : err_sys(err, -from, "openat2", "open `%s` of the image", f->destination);
        (void)snprintf(path, sizeof(path), "containers/%s/fill", c->id);
        if (mkdirat(c->box->root_fd, path, 0700) < 0 ||
            (copy = openat(c->box->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
                return err_sys(err, errno, "mkdirat", "make %s/%s", c->box->root, path);
        r = tree_copy(c->box, from, copy, f->destination, c->host_id, c->n_ids, err);
        if (r >= 0)
                r = move_entries(copy, volume, f->name, err);
        (void)directory_remove(c->box, path, r < 0 ? &ignored : err);
        return r < 0 ? err_prefix(err, r, "volume `%s`", f->name) : 0;
}

int volumes_fill(const struct container *c, const struct config_fills *fills, int root_fd,
                 struct cfs_error *err)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < fills->n; i++)
                r = fill(c, &fills->list[i], root_fd, err);
        return r;
}

int volumes_remove_unnamed(const struct box *box, const char *id, struct cfs_error *err)
{
        char path[96], name[BOX_ID_SIZE + 16];
        int r = 0;

        for (unsigned i = 0; r >= 0; i++) {
                _cleanup_oci_arena_ struct oci_arena *arena = NULL;
                struct oci_box_volume **list = NULL, *v = NULL;
                struct cfs_error ignored;
                size_t n = 0;

                (void)snprintf(name, sizeof(name), "%s-%u", id, i);
                (void)snprintf(path, sizeof(path), "volumes/%s", name);
                if (faccessat(box->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                        return errno == ENOENT
                                       ? 0
                                       : err_sys(err, errno, "faccessat", "look for %s/%s", box->root, path);
                arena = oci_arena_new();
                r = arena ? volumes_list(box, arena, &list, &n, err) : err_nomem(err);
                if (r >= 0 && volumes_find(list, n, name, &v, &ignored) >= 0 && v->n_containers == 0)
                        r = volumes_remove(box, v, err);
        }
        return r;
}
