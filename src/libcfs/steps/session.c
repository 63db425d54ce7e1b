/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session of its own for every process that enters a container.
 *
 * A process whose controlling terminal is the caller's can push characters into it (TIOCSTI), which the
 * caller's shell then reads as commands (CVE-2017-5226 and its relatives). setsid(2) leaves the terminal
 * behind; without it also Ctrl-C of the caller would reach the container. It fails with EPERM for a leader of
 * a process group, which a freshly forked process never is, unless it has called setsid(2) already.
 */
#include "libcfs/walk/ctx.h"
#include "base/weakened.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <unistd.h>

int session_init(struct ctx *c, struct cfs_error *err)
{
        (void)c;
        if (WEAKENED("session") || setsid() >= 0 || (errno == EPERM && getsid(0) == getpid()))
                return 0;
        return err_sys(err, errno, "setsid", "start a new session");
}
