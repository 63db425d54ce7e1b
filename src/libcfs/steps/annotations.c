/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * annotations: those by which users of crun change what the runtime does, and that cfs does not follow.
 *
 * An annotation that a runtime does not know has to be ignored (config.md, "Annotations"). These are known: a
 * user who sets one relies on it for a limit, a filter or another kind of container altogether, and would
 * silently get a container without it. So they are errors. Those that cfs does follow are read by the rows
 * that they concern; cfs(8) lists both kinds.
 */
#include "libcfs/steps/steps.h"
#include "libcfs/walk/ctx.h"
#include "base/cleanup.h"
#include "base/str.h"

static const struct {
        const char *name, *why;
} annotations_refused[] = {
        { "run.oci.delegate-cgroup",
          "cfs delegates the container's own cgroup: see linux.cgroupsPath, and a cgroup mount "
          "that is writable in a cgroup namespace" },
        { "run.oci.handler",
          "cfs runs programs of this machine, and has no handler for anything else (wasm, krun ...)" },
        { "run.oci.seccomp_bpf_data", "cfs compiles the filter from linux.seccomp, and loads no other" },
        { "run.oci.systemd.force_cgroup_v1", "cfs shows the container the hierarchies that the host has" },
};

/* Which option of mount(8) has linux.mountLabel: podman sets it. */
static void check_context_type(const struct ctx *c, struct problems *p)
{
        static const char *const types[] = { "context", "fscontext", "defcontext", "rootcontext" };
        static const char name[] = "run.oci.mount_context_type";
        const char *value = ctx_annotation(c, name);

        for (size_t i = 0; value && i < ARRAY_SIZE(types); i++)
                if (STREQ(value, types[i]))
                        return;
        if (value)
                problem(p, PROP("annotations[\"%s\"]", name),
                        "`%.64s` is not a kind of context (context, fscontext, defcontext or rootcontext)",
                        value);
}

void annotations_check(const struct ctx *c, struct problems *p)
{
        check_context_type(c, p);
        for (size_t i = 0; i < ARRAY_SIZE(annotations_refused); i++) {
                const char *name = annotations_refused[i].name, *value = ctx_annotation(c, name);

                if (value)
                        problem(p, PROP("annotations[\"%s\"]", name), "`%.64s` is not supported: %s", value,
                                annotations_refused[i].why);
        }
}
