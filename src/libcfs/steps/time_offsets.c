/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.timeOffsets and the time namespace (time_namespaces(7)).
 *
 * unshare(CLONE_NEWTIME) makes a namespace for future children only, and its offsets may be written until the
 * first process enters. A second fork is not needed: /proc/self/ns/time_for_children can be entered by
 * setns(2) as long as the caller is single-threaded and shares its memory with no other process, which holds
 * for the init, a plain fork.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include "ocispec.h"
#include <inttypes.h>
#include <sched.h>
#include <string.h>

#define OFFSETS "/proc/self/timens_offsets"

static bool has_offsets(const struct ctx *c)
{
        return c->linux_->time_offsets && c->linux_->time_offsets->n > 0;
}

bool time_offsets_wanted(const struct ctx *c)
{
        return (c->ns_new & CLONE_NEWTIME) != 0;
}

void time_offsets_check(const struct ctx *c, struct problems *p)
{
        if ((c->ns_new & CLONE_NEWTIME) && problem_wants_host(p) && access(OFFSETS, F_OK) < 0) {
                if (errno == ENOENT)
                        problem_host(p, "linux.namespaces", "this kernel has no time namespaces");
                else
                        problem_host(p, "linux.namespaces", "look for `" OFFSETS "`: %s",
                                     err_strerror(errno));
        }
        if (!has_offsets(c))
                return;
        if (!(c->ns_new & CLONE_NEWTIME)) {
                problem(p, "linux.timeOffsets", "needs a new time namespace");
                problem_hint(p, "add {\"type\": \"time\"} to linux.namespaces");
        }
        for (size_t i = 0; i < c->linux_->time_offsets->n; i++) {
                const char *clock = c->linux_->time_offsets->entries[i].key;
                const struct oci_time_offset *o = c->linux_->time_offsets->entries[i].value;

                if (!STREQ(clock, "monotonic") && !STREQ(clock, "boottime"))
                        problem(p, PROP("linux.timeOffsets.%s", clock),
                                "unknown clock; the kernel shifts monotonic and boottime");
                if (o->has_nanosecs && o->nanosecs >= 1000000000)
                        problem(p, PROP("linux.timeOffsets.%s.nanosecs", clock),
                                "%" PRIu32 " is a second or more", o->nanosecs);
        }
}

int time_offsets_init(struct ctx *c, struct cfs_error *err)
{
        char line[96];

        if (unshare(CLONE_NEWTIME) < 0)
                return err_sys(err, errno, "unshare", "make the time namespace");
        for (size_t i = 0; has_offsets(c) && i < c->linux_->time_offsets->n; i++) {
                const char *clock = c->linux_->time_offsets->entries[i].key;
                const struct oci_time_offset *o = c->linux_->time_offsets->entries[i].value;

                (void)snprintf(line, sizeof(line), "%s %" PRId64 " %" PRIu32 "\n", clock,
                               o->has_secs ? o->secs : 0, o->has_nanosecs ? o->nanosecs : 0);
                int r = io_write_small(c->proc_fd, "self/timens_offsets", line, err);

                if (r < 0)
                        return err_property(err, r, "linux.timeOffsets.%s", clock);
        }
        _cleanup_close_ int fd = openat(c->proc_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);

        if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
                return err_sys(err, errno, "setns", "enter the new time namespace");
        return 0;
}

void time_offsets_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; has_offsets(c) && i < c->linux_->time_offsets->n; i++) {
                const struct oci_time_offset *o = c->linux_->time_offsets->entries[i].value;

                report_line(r, "shift the %s clock by %" PRId64 ".%09" PRIu32 " s",
                            c->linux_->time_offsets->entries[i].key, o->secs, o->nanosecs);
        }
}
