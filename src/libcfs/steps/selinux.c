/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.selinuxLabel: the SELinux context that the program runs in.
 *
 * The context written to attr/exec of one's own thread is taken at the next execve(2); the policy decides
 * then. As with AppArmor the write goes through the host's verified procfs, or a container could swallow it
 * (CVE-2019-16884).
 *
 * Whether SELinux is enabled, and whether the loaded policy knows the label, libselinux says. A host without
 * it cannot confine what was meant to be confined: an error. The label itself is not set by setexeccon(3),
 * which would open whatever /proc the caller sees.
 */
#include "base/selinux_label.h"
#include "base/path.h"
#include "base/str.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>

#define ATTR "/proc/thread-self/attr/exec"

bool selinux_wanted(const struct ctx *c)
{
        return !str_empty(c->process->selinux_label);
}

void selinux_check(const struct ctx *c, struct problems *p)
{
        const char *label = c->process->selinux_label;

        if (!problem_wants_host(p))
                return;
        switch (selinux_label_look_up(label)) {
        case SELINUX_LABEL_NO_SELINUX:
                problem_host(p, "process.selinuxLabel",
                             "\"%.128s\" cannot be applied to `%s`: SELinux is not enabled on this host",
                             label, ATTR);
                problem_hint(p, "leave the label out, or boot with SELinux");
                break;
        case SELINUX_LABEL_UNKNOWN:
                problem_host(p, "process.selinuxLabel", "the policy that is loaded does not know \"%.128s\"",
                             label);
                break;
        case SELINUX_LABEL_KNOWN:
                break;
        }
}

int selinux_init(struct ctx *c, struct cfs_error *err)
{
        const char *label = c->process->selinux_label;
        struct cfs_error cause = { 0 };
        int r;

        r = path_write_proc(c->proc_fd, &ATTR[sizeof("/proc/") - 1], label, &cause);
        if (r >= 0)
                return 0;
        r = err_sys(err, -r, "write", "apply label `%s`: write `%s`", label, ATTR);
        if (r == -EINVAL)
                r = err_hint(err, r,
                             "the policy that is loaded does not know this label, or SELinux is not enabled");
        return err_property(err, r, "process.selinuxLabel");
}

void selinux_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "confine by SELinux label %s", c->process->selinux_label);
}
