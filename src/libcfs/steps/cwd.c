/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.cwd (config.md, "Process"): absolute, inside the container, entered as the user.
 *
 * It is checked twice. chdir(2) alone would accept /proc/self/fd/7 of a leaked descriptor (CVE-2024-21626); the row
 * "descriptors (host)" has closed those, and getcwd(2) says "(unreachable)" for a directory outside of the root, which
 * libc reports as ENOENT.
 */
#include "base/cleanup.h"
#include "base/path.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <unistd.h>

void cwd_check(const struct ctx *c, struct problems *p)
{
        const char *cwd = c->process->cwd;

        if (c->process->args && !path_is_absolute(cwd ? cwd : ""))
                problem(p, "process.cwd", "`%s` is not an absolute path", cwd ? cwd : "");
}

int cwd_init(struct ctx *c, struct cfs_error *err)
{
        const char *cwd = c->process->cwd ? c->process->cwd : "/";
        char buf[4096] = "";

        if (chdir(cwd) < 0) {
                int r = err_path(err, errno, "chdir", cwd, "chdir to cwd `%s`", cwd);

                return errno == ENOENT
                               ? err_hint(err, r,
                                          "the directory must exist in the container's root file system")
                               : r;
        }
        if (!getcwd(buf, sizeof(buf)) && errno != ENOENT)
                return err_path(err, errno, "getcwd", cwd, "look where cwd `%s` is", cwd);
        if (buf[0] != '/')
                return err_set(err, CFS_E_INVALID,
                               "the current directory `%s` is outside of the container's root", cwd);
        return 0;
}

void cwd_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "chdir to %s", c->process->cwd ? c->process->cwd : "/");
}
