/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box doctor.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/container/container.h"
#include "box/core/process.h"
#include "box/image/layer.h"
#include "box/net/networks.h"
#include "box/store/container.h"
#include "box/store/image.h"
#include "box/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

/* ---- doctor -------------------------------------------------------------------------------------------- */

struct report {
        struct box *box;
        unsigned bad;
};

__attribute__((format(printf, 5, 6))) static void tell(struct report *r, bool needed, bool good,
                                                       const char *what, const char *fmt, ...)
{
        va_list ap;

        printf("%-7s %-12s ", good ? "ok" : needed ? "MISSING" : "limited", what);
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        putchar('\n');
        r->bad += needed && !good;
}

static void program(struct report *r, bool needed, const char *name, const char *what_for,
                    const char *package)
{
        _cleanup_free_ char *path = process_find(name);

        if (path)
                tell(r, needed, true, name, "%s", path);
        else
                tell(r, needed, false, name, "%s; apt-get install %s", what_for, package);
}

static void siblings(struct report *r)
{
        static const char *const names[] = { "cfs", "cfs-cni", "cfs-box-init" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                char path[PATH_MAX];

                (void)snprintf(path, sizeof(path), "%s/%s", r->box->programs, names[i]);
                if (access(path, X_OK) == 0)
                        tell(r, true, true, names[i], "%s", path);
                else
                        tell(r, i < 2, false, names[i], "is not in %s; install cfs as a whole: make install",
                             r->box->programs);
        }
}

static bool in_filesystems(const char *name)
{
        _cleanup_free_ char *text = NULL;
        struct cfs_error ignored;
        char wanted[32];

        (void)snprintf(wanted, sizeof(wanted), "\t%s\n", name);
        return io_read_file(AT_FDCWD, "/proc/filesystems", 1U << 16, &text, NULL, &ignored) >= 0 &&
               strstr(text, wanted);
}

static void overlay(struct report *r)
{
        char path[PATH_MAX];
        bool xattrs;

        if (!in_filesystems("overlay"))
                tell(r, true, false, "overlayfs", "the kernel has it not, or not loaded; modprobe overlay");
        else
                tell(r, true, true, "overlayfs", "layers of images are mounted, not copied");
        (void)snprintf(path, sizeof(path), "%s/layers", r->box->root);
        xattrs = setxattr(path, "user.cfs-box", "1", 1, 0) == 0;
        (void)removexattr(path, "user.cfs-box");
        if (xattrs)
                tell(r, true, true, "store", "%s: a file system with extended attributes", r->box->root);
        else
                tell(r, true, false, "store",
                     "%s: its file system has no extended attributes; choose another with --root",
                     r->box->root);
}

static void space(struct report *r)
{
        struct statvfs vfs;

        if (statvfs(r->box->root, &vfs) == 0) {
                double gb = (double)vfs.f_bavail * (double)vfs.f_frsize / 1e9;

                tell(r, false, gb > 1, "space", "%.1f GB free%s", gb, gb > 1 ? "" : "; cfs-box prune --all");
        }
}

static void cgroups(struct report *r)
{
        char controllers[512];

        if (r->box->rootless)
                tell(r, false, false, "cgroups",
                     "an ordinary user's containers have no limits of their own; systemd-run --user --scope -p MemoryMax=512M cfs-box run ...");
        else if (io_read_small(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", controllers,
                               sizeof(controllers)) >= 0)
                tell(r, true, true, "cgroups", "v2: %s", controllers);
        else if (access("/sys/fs/cgroup/memory", X_OK) == 0)
                tell(r, true, true, "cgroups", "v1: memory, pids and others are mounted");
        else
                tell(r, true, false, "cgroups", "are not mounted; mount -t cgroup2 cgroup2 /sys/fs/cgroup");
}

static void namespaces(struct report *r)
{
        char text[32];

        if (access("/proc/self/ns/user", F_OK) < 0)
                tell(r, false, false, "userns",
                     "the kernel has no user namespaces: no -U, no rootless containers");
        else if (io_read_small(AT_FDCWD, "/proc/sys/user/max_user_namespaces", text, sizeof(text)) >= 0 &&
                 STREQ(text, "0"))
                tell(r, false, false, "userns", "are switched off; sysctl user.max_user_namespaces=10000");
        else
                tell(r, false, true, "userns", "-U maps root inside to an ordinary user outside");
}

static void network(struct report *r)
{
        const char *plugins = networks_plugins(), *user_mode = networks_user_mode();

        if (r->box->rootless) {
                tell(r, false, user_mode != NULL, "network", "%s",
                     user_mode                               ? user_mode
                     : access(NETWORKS_TUN, R_OK | W_OK) < 0 ? "you may not use " NETWORKS_TUN
                                                               "; chmod 666 " NETWORKS_TUN
                                                             : "apt-get install passt");
                return;
        }
        tell(r, false, plugins != NULL, "network", "%s",
             plugins ? plugins
                     : "no CNI plugins: containers have no network; apt-get install containernetworking-plugins iptables");
        if (plugins)
                program(r, false, "iptables", "masquerading and published ports need it", "iptables");
}

static int run_doctor(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        struct report r = { .box = box };

        siblings(&r);
        overlay(&r);
        space(&r);
        cgroups(&r);
        namespaces(&r);
        program(&r, false, "conmon", "run --detach needs it", "conmon");
        network(&r);
        program(&r, false, "skopeo", "pull needs it", "skopeo");
        program(&r, false, "mmdebstrap", "image make debian needs it", "mmdebstrap");
        program(&r, false, "busybox", "image make busybox needs it", "busybox-static");
        return r.bad ? 1 : 0;
}

const struct command cmd_doctor_command = {
        .name = "doctor",
        .args = "",
        .summary = "what this host can and cannot do, and what mends it",
        .description =
                "Prints one line for each thing that cfs-box needs: ok, limited (something is not possible)\n"
                "or MISSING (nothing works), followed by the command that helps. Exits with 1 when something\n"
                "is missing.",
        .options = options_none,
        .run = run_doctor,
};
