/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.mountLabel: the SELinux context of the file systems that are made for the container.
 *
 * A label is the mount's (option context=, and then that of a single file cannot be changed), or each file's
 * own (the attribute security.selinux, where the policy says that the file system has labels). The first is
 * what keeps two containers apart whose programs run as the same type: all that is on the tmpfs of one has
 * its categories.
 *
 *   proc, sysfs, cgroup2    show the kernel, and the policy labels what is in them
 *   mqueue                  exists with its IPC namespace already, so that a context comes too late (EINVAL: "same
 *                           superblock, different security settings"). Its directory is labelled instead, and
 *                           queues take the label of the process that makes them
 *   bind mounts             have the labels of their files: engines relabel volumes before they call us
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

static bool takes_context(const char *type)
{
        return !STREQ(type, "proc") && !STREQ(type, "sysfs") && !STREQ(type, "mqueue");
}

int mount_label_option(const struct mount_env *e, const char *type, const struct mount_options *o,
                       const char **ret)
{
        const char *option = e->label_type ? e->label_type : "context";
        size_t size;
        char *s;

        *ret = NULL;
        /* What the mount says itself counts; the kernel takes only one of the two. */
        if (!e->label || !takes_context(type) ||
            (o && (mount_options_data(o, "context") || mount_options_data(o, "defcontext"))))
                return 0;
        size = strlen(e->label) + strlen(option) + sizeof("=");
        s = oci_arena_alloc(e->arena, size);
        if (!s)
                return -ENOMEM;
        (void)snprintf(s, size, "%s=%s", option, e->label);
        *ret = s;
        return 0;
}

int mount_label_mqueue(const struct mount_env *e, int fd, struct cfs_error *err)
{
        _cleanup_close_ int dir = -1;

        /* Without an IPC namespace of the container's it is the host's directory. */
        if (!e->label || !(e->ns & CLONE_NEWIPC))
                return 0;
        dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(err, errno, "openat", "open the file system to label it");
        if (fsetxattr(dir, "security.selinux", e->label, strlen(e->label) + 1, 0) == 0)
                return 0;
        /* The policy gives the files of this file system no labels of their own. */
        if (errno == EOPNOTSUPP)
                return 0;
        return err_sys(err, errno, "fsetxattr", "label the file system `%.200s`", e->label);
}
