/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.apparmorProfile: the AppArmor profile that the program runs under.
 *
 * "exec PROFILE" written to attr/apparmor/exec of one's own thread asks for the change at the next execve(2);
 * whether it is allowed is decided then, and noNewPrivileges limits it to profiles that are stricter. The
 * runtime's own rows until there run unconfined.
 *
 * The write goes through the host's procfs, opened and verified before anything of the container was there: a
 * container that mounts over /proc can redirect it otherwise, and would run without its profile
 * (CVE-2019-16884, CVE-2023-28642, CVE-2025-52881). AppArmor answers ENOENT when the profile is not loaded.
 *
 * A kernel without AppArmor cannot confine what was meant to be confined: an error, not a warning. The
 * profile "unconfined" asks for nothing, and then nothing is needed.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <fcntl.h>

#define ENABLED "/sys/module/apparmor/parameters/enabled"
#define ATTR    "/proc/thread-self/attr/apparmor/exec"

bool apparmor_wanted(const struct ctx *c)
{
        return !str_empty(c->process->apparmor_profile);
}

static bool enabled(void)
{
        char buf[8];

        return io_read_small(AT_FDCWD, ENABLED, buf, sizeof(buf)) > 0 && buf[0] == 'Y';
}

static bool asks_for_nothing(const struct ctx *c)
{
        return STREQ(c->process->apparmor_profile, "unconfined");
}

void apparmor_check(const struct ctx *c, struct problems *p)
{
        if (asks_for_nothing(c) || !problem_wants_host(p) || enabled())
                return;
        problem_host(p, "process.apparmorProfile",
                     "\"%.128s\" cannot be applied: AppArmor is not enabled on this host, there is no `%s`",
                     c->process->apparmor_profile, ATTR);
        problem_hint(p, "leave the profile out, or boot with AppArmor");
}

int apparmor_init(struct ctx *c, struct cfs_error *err)
{
        const char *profile = c->process->apparmor_profile;
        _cleanup_free_ char *text = NULL;
        struct cfs_error cause = { 0 };
        int r;

        r = str_printf(&text, err, "exec %s", profile);
        if (r < 0)
                return r;
        r = path_write_proc(c->proc_fd, &ATTR[sizeof("/proc/") - 1], text, &cause);
        if (r >= 0 || (r == -ENOENT && asks_for_nothing(c)))
                return 0;
        r = err_sys(err, -r, "write", "apply profile `%s`: write `%s`", profile, ATTR);
        if (r == -ENOENT)
                r = err_hint(
                        err, r,
                        "the profile is not loaded (apparmor_parser loads one), or AppArmor is not enabled");
        return err_property(err, r, "process.apparmorProfile");
}

void apparmor_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "confine by AppArmor profile %s", c->process->apparmor_profile);
}
