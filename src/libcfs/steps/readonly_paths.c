/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.readonlyPaths: what must not be written inside is bind-mounted onto itself, read-only, with all that
 * is mounted below (a masked path, say).
 *
 * The root is made read-only where it is: a new mount on top of it would not be seen by processes whose root
 * it already is.
 *
 * A path that does not exist is passed over. The clone inherits the flags of its mount (nosuid, nodev, noexec
 * of /proc), and mount_setattr(2) adds to them.
 */
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/mount/mount.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <sched.h>

void readonly_paths_check(const struct ctx *c, struct problems *p)
{
        if (c->linux_->n_readonly_paths > 0 && !ctx_has_ns(c, CLONE_NEWNS))
                problem(p, "linux.readonlyPaths",
                        "unable to restrict sys entries without a private MNT namespace");
        for (size_t i = 0; i < c->linux_->n_readonly_paths; i++)
                if (!path_is_absolute(c->linux_->readonly_paths[i]))
                        problem(p, PROP("linux.readonlyPaths[%zu]", i), "`%s` is not an absolute path",
                                c->linux_->readonly_paths[i]);
}

/* Was the path listed before? It would be mounted onto itself once more. */
static bool is_repeated(const struct ctx *c, size_t i)
{
        const char *path = mount_target_clean(c->linux_->readonly_paths[i], c->arena);

        for (size_t j = 0; path && j < i; j++) {
                const char *other = mount_target_clean(c->linux_->readonly_paths[j], c->arena);

                if (other && STREQ(other, path))
                        return true;
        }
        return false;
}

static int protect(int root_fd, const char *path, struct oci_arena *arena, struct cfs_error *err)
{
        _cleanup_close_ int target = mount_target_reach(root_fd, path, arena), fd = -1;

        /* EACCES: no user of the container can reach it. */
        if (target == -ENOENT || target == -ENOTDIR || target == -EACCES)
                return 0;
        if (target < 0)
                return err_sys(err, -target, "openat2", "open `%s`", path);
        fd = mnt_clone_readonly(target, err);
        return fd < 0 ? fd : mnt_attach(fd, target, err);
}

int readonly_paths_init(struct ctx *c, struct cfs_error *err)
{
        for (size_t i = 0; i < c->linux_->n_readonly_paths; i++) {
                const char *path = c->linux_->readonly_paths[i];
                int r;

                if (is_repeated(c, i))
                        continue;
                if (mount_target_is_root(path, c->arena))
                        r = mnt_setattr(c->rootfs_fd, true, MOUNT_ATTR_RDONLY, 0, 0, -1, err);
                else
                        r = protect(c->rootfs_fd, path, c->arena, err);
                if (r < 0)
                        return err_property(err, r, "linux.readonlyPaths[%zu]", i);
        }
        return 0;
}

void readonly_paths_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->linux_->n_readonly_paths; i++)
                report_line(r, "make %s read-only", c->linux_->readonly_paths[i]);
}
