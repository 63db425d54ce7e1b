/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.cwd (config.md, "Process"): absolute, inside the container.
 *
 * A directory that is missing is made, as runc and crun do: images name a WORKDIR that is in none of their
 * layers. It is made in the container's root by the root user of the container, with mode 0755, after the
 * mounts (it may lie on one of them) and before anything becomes read-only. exec makes nothing: there it is a
 * mistake.
 *
 * The init goes there before it becomes the process's user, who may have no right to (`--user 1000 --workdir
 * /root`). Where the root user may not enter but the user may (FUSE, NFS, an owner that the user namespace
 * does not map), it is tried again as the user.
 *
 * The result is looked at again. chdir(2) alone would accept /proc/self/fd/7 of a leaked descriptor
 * (CVE-2024-21626); the row "close the host's descriptors" has closed those, and getcwd(2) says
 * "(unreachable)" for a directory outside of the root, which libc reports as ENOENT.
 */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/weakened.h"
#include "libcfs/look/tree.h"
#include "libcfs/mount/mount.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *cwd_of(const struct ctx *c)
{
        return c->process->cwd ? c->process->cwd : "/";
}

void cwd_check(const struct ctx *c, struct problems *p)
{
        const char *cwd = c->process->cwd;

        if (c->process->args && !path_is_absolute(cwd ? cwd : ""))
                problem(p, "process.cwd", "`%s` is not an absolute path", cwd ? cwd : "");
}

/* What is not there may yet be made; what is there has to be a directory that the user may enter. */
void cwd_look(const struct ctx *c, struct problems *p)
{
        const char *cwd = c->process->cwd;
        struct look_found f = { 0 };
        struct look_tree tree;
        int fd;

        if (!cwd || !path_is_absolute(cwd) || !problem_wants_host(p) || look_view_container(&tree, c) < 0)
                return;
        fd = look_tree_path(&tree, cwd, &f);
        if (fd >= 0 && !S_ISDIR(f.st.st_mode))
                problem_host(p, "process.cwd", "`%.200s` is not a directory", cwd);
        else if (fd == -ENOTDIR || fd == -ELOOP)
                problem_host(p, "process.cwd", "%s", f.why);
        if (fd >= 0)
                (void)close(fd);
        look_tree_close(&tree);
}

int cwd_make_init(struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;

        if (mount_target_is_root(cwd_of(c), c->arena))
                return 0;
        fd = path_open_in_root(c->rootfs_fd, cwd_of(c), O_PATH | O_DIRECTORY, NULL);
        /* Other obstacles are for the row that goes there: the user may be able to. */
        if (fd != -ENOENT)
                return 0;
        fd = path_mkdirs_in_root(c->rootfs_fd, cwd_of(c), 0755, err);
        return fd < 0 ? err_property(err, fd, "process.cwd") : 0;
}

static int enter(const struct ctx *c, struct cfs_error *err)
{
        int r;

        if (chdir(cwd_of(c)) == 0)
                return 0;
        r = err_path(err, errno, "chdir", cwd_of(c), "chdir to cwd `%s`", cwd_of(c));
        if (r == -ENOENT && c->walk == WALK_EXEC)
                return err_hint(
                        err, r,
                        "the directory must exist in the container: exec does not make it, create does");
        return r;
}

int cwd_enter_init(struct ctx *c, struct cfs_error *err)
{
        struct cfs_error e = { 0 };
        int r = enter(c, &e);

        c->in_cwd = r >= 0;
        if (r >= 0 || r == -EACCES || r == -EPERM)
                return 0; /* refused: then as the user, below */
        /* "/proc/self" is there for a process of the container's PID namespace only: for the second one. */
        if (r == -ENOENT && ctx_has_second(c))
                return 0;
        *err = e;
        return r;
}

int cwd_init(struct ctx *c, struct cfs_error *err)
{
        _not_zeroed_ char buf[4096];
        int r = c->in_cwd ? 0 : enter(c, err);

        if (r < 0)
                return r;
        buf[0] = '\0';
        if (!getcwd(buf, sizeof(buf)) && errno != ENOENT)
                return err_path(err, errno, "getcwd", cwd_of(c), "look where cwd `%s` is", cwd_of(c));
        if (buf[0] != '/' && !WEAKENED("host-descriptors"))
                return err_set(err, CFS_E_INVALID,
                               "the current directory `%s` is outside of the container's root", cwd_of(c));
        return 0;
}

void cwd_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "chdir to %s%s", cwd_of(c),
                    mount_target_is_root(cwd_of(c), c->arena) ? "" : ", made if it is missing");
}
