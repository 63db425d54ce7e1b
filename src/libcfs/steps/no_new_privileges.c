/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.noNewPrivileges: no execve(2) of this process or its children can ever again give privileges,
 * neither by set-user-ID bits nor by file capabilities (PR_SET_NO_NEW_PRIVS in prctl(2)). The flag cannot be
 * taken back and is inherited, so it is set in the init alone. It is set late: from then on changing an
 * AppArmor profile at execve(2) is restricted, but that request has been written before. And before anything
 * of the image is executed, be it a startContainer hook: a set-user-ID file that is one would make its user
 * root.
 */
#include "base/weakened.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <sys/prctl.h>

bool no_new_privileges_wanted(const struct ctx *c)
{
        return c->process->no_new_privileges;
}

int no_new_privileges_init(struct ctx *c, struct cfs_error *err)
{
        if (c->hooks->n_start_container && WEAKENED("hook-nnp"))
                return 0;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return err_property(err, err_sys(err, errno, "prctl", "set PR_SET_NO_NEW_PRIVS"),
                                    "process.noNewPrivileges");
        return 0;
}

void no_new_privileges_explain(const struct ctx *c, struct report *r)
{
        (void)c;
        report_line(r, "forbid gaining privileges by execve");
}
