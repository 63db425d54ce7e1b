/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.rootfsPropagation (config-linux.md, "Rootfs Mount Propagation"; mount_namespaces(7)).
 *
 * A new mount namespace begins as a copy of the runtime's, in which shared mounts are peers of the originals:
 * what is mounted on one appears on the other. So the first thing is to choose how much of that is to stay,
 * for the whole tree, or our own mounts would show up on the host.
 *
 *   nothing said   slaves: what the host mounts later below a bind mount appears in the container, never the reverse
 *   shared, ...    as asked, so that a volume bound with rshared works both ways
 *   unbindable     slaves for now: an unbindable mount could not be cloned, not even to become the root
 *
 * pivot_root(2) wants neither the new root nor its parent to be shared; root_init() sees to that. The
 * property's own sentence, that it is the root's propagation inside, is made true by root_propagation_init().
 *
 * In a namespace that is not new (joined, or the runtime's own) nothing is changed: other processes use it.
 */
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <sched.h>
#include <string.h>

static const struct {
        const char *name;
        uint64_t flag;
} names[] = {
        { "private", MS_PRIVATE },       { "rprivate", MS_PRIVATE | MS_REC },
        { "shared", MS_SHARED },         { "rshared", MS_SHARED | MS_REC },
        { "slave", MS_SLAVE },           { "rslave", MS_SLAVE | MS_REC },
        { "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
};

void rootfs_propagation_check(const struct ctx *c, struct problems *p)
{
        const char *name = c->linux_->rootfs_propagation;

        if (!name)
                return;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (strcmp(names[i].name, name) == 0)
                        return;
        problem(p, "linux.rootfsPropagation",
                "`%s` is not a propagation (private, shared, slave or unbindable, or one of these with an r in front)",
                name);
}

int rootfs_propagation_init(struct ctx *c, struct cfs_error *err)
{
        uint64_t flag = MS_SLAVE | MS_REC;
        struct mount_attr attr = { 0 };
        int r;

        if (!(c->ns_new & CLONE_NEWNS))
                return 0;
        for (size_t i = 0; c->linux_->rootfs_propagation && i < sizeof(names) / sizeof(names[0]); i++)
                if (strcmp(names[i].name, c->linux_->rootfs_propagation) == 0 &&
                    !(names[i].flag & MS_UNBINDABLE))
                        flag = names[i].flag;
        attr.propagation = flag & ~(uint64_t)MS_REC;
        if (mount_setattr(AT_FDCWD, "/", flag & MS_REC ? AT_RECURSIVE : 0, &attr, sizeof(attr)) == 0)
                return 0;
        r = err_sys(err, errno, "mount_setattr", "set the propagation of `/`");
        if (r == -EINVAL)
                return err_hint(
                        err, r,
                        "the runtime's root directory is not a mount point: it runs in a chroot, where "
                        "no container can have a mount namespace");
        return r;
}

void rootfs_propagation_explain(const struct ctx *c, struct report *r)
{
        if (c->ns_new & CLONE_NEWNS)
                report_line(r, "make the copied mounts %s",
                            !c->linux_->rootfs_propagation ||
                                            strstr(c->linux_->rootfs_propagation, "unbindable")
                                    ? "rslave"
                                    : c->linux_->rootfs_propagation);
}
