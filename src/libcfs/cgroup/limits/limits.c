/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walking the table of knobs.c: resources become settings, or problems.
 *
 * Which column of the table counts is decided row by row, by the hierarchy that has the row's controller: on
 * a hybrid machine memory may be v1's and hugetlb v2's. A hierarchy of v2 is taken to have every controller
 * that no v1 one has; whether it does is found out when the file is written.
 *
 * checkBeforeUpdate: v2 takes a limit below what is used, and then kills until it fits. So, when asked to, we
 * look first.
 */
#include "libcfs/cgroup/limits/limits.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "libcfs/cgroup/limits/knobs.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include <inttypes.h>

/* v1 called the io controller after blocks. */
static const char *v2_controller(const char *v1)
{
        return STREQ(v1, "blkio") ? "io" : v1;
}

static int code_to_errno(const struct cfs_error *err)
{
        switch (err->code) {
        case CFS_E_NOMEM:
                return -ENOMEM;
        case CFS_E_UNSUPPORTED:
                return -EOPNOTSUPP;
        default:
                return -EINVAL;
        }
}

/* One row. */
static int convert_row(const struct cgroup *cg, const struct knob *k, struct knobs_job *j, bool update)
{
        const struct hierarchy *h;
        size_t before = j->out->n;
        int r;

        if (!k->convert)
                return 0;
        if (!j->controller || !STREQ(j->controller, k->controller)) {
                j->controller = k->controller;
                j->h = settings_hierarchy(cg, k->controller);
        }
        h = j->h;
        j->knob = k;
        j->at[0] = '\0';
        j->v2 = h ? h->v2 : !k->v1;
        j->path = update && h ? h->path : NULL;
        r = k->convert(j);
        for (size_t i = before; i < j->out->n && j->v2; i++) {
                if (k->controller[0])
                        j->out->p[i].controller = v2_controller(k->controller);
        }
        if (r < 0)
                return err_property(j->err, code_to_errno(j->err), "linux.resources.%s%s", k->property,
                                    j->at);
        return 0;
}

int limits_convert(const struct cgroup *cg, const struct oci_resources *r, bool update, struct settings *out,
                   struct cfs_error *err)
{
        struct knobs_job job = { .r = r, .out = out, .err = err };

        for (const struct knob *k = knobs; k->property; k++) {
                int e = convert_row(cg, k, &job, update);

                if (e < 0)
                        return e;
        }
        return 0;
}

int limits_convert_row(const struct cgroup *cg, const struct knob *k, const struct oci_resources *r,
                       struct settings *out, struct cfs_error *err)
{
        struct knobs_job job = { .r = r, .out = out, .err = err };

        return convert_row(cg, k, &job, false);
}

void limits_check(const struct cgroup *cg, const struct oci_resources *r,
                  void (*report)(void *data, const struct cfs_error *problem), void *data)
{
        struct knobs_job job = { .r = r };

        for (const struct knob *k = knobs; k->property; k++) {
                _cleanup_settings_ struct settings out = { 0 };
                struct cfs_error err = { 0 };

                job.out = &out;
                job.err = &err;

                if (convert_row(cg, k, &job, false) < 0)
                        report(data, &err);
                else if (out.n > 0 && !job.h && k->convert) {
                        const char *missing = k->controller[0] ? k->controller : "cgroup v2";
                        int e = cg->rq.manager == CGROUP_MANAGER_NONE
                                        ? err_set(&err, CFS_E_UNSUPPORTED,
                                                  "cannot be set: cgroups are disabled")
                                        : err_set(&err, CFS_E_UNSUPPORTED, "no %s controller is available",
                                                  missing);

                        (void)err_property(&err, e, "linux.resources.%s", k->property);
                        report(data, &err);
                }
        }
}

/* 0 when there is no such file: nothing of it can be in use. */
static int usage_of(const struct hierarchy *h, const char *file, uint64_t *ret, struct cfs_error *err)
{
        int r = tree_number(h->path, file, ret);

        if (r == 0 || r == -ENOENT)
                return 0;
        return err_property(err, err_sys(err, -r, "read", "read `%s/%s`", h->path, file),
                            "linux.resources.memory.checkBeforeUpdate");
}

int limits_check_usage(const struct cgroup *cg, const struct oci_resources *r, struct cfs_error *err)
{
        const struct hierarchy *h = settings_hierarchy(cg, "memory");
        const struct oci_memory *m = r->memory;
        uint64_t usage = 0, both = 0, swap = 0;
        int e;

        if (!m || !m->check_before_update || !h)
                return 0;
        e = usage_of(h, h->v2 ? "memory.current" : "memory.usage_in_bytes", &usage, err);
        if (e >= 0)
                e = h->v2 ? usage_of(h, "memory.swap.current", &swap, err)
                          : usage_of(h, "memory.memsw.usage_in_bytes", &both, err);
        if (e < 0)
                return e;
        if (h->v2)
                both = usage + swap;
        if (m->limit > 0 && (uint64_t)m->limit < usage)
                return err_property(err,
                                    err_set(err, CFS_E_STATE,
                                            "rejecting memory limit %" PRId64 ": %" PRIu64
                                            " bytes are in use",
                                            m->limit, usage),
                                    "linux.resources.memory.limit");
        if (m->swap > 0 && (uint64_t)m->swap < both)
                return err_property(err,
                                    err_set(err, CFS_E_STATE,
                                            "rejecting memory+swap limit %" PRId64 ": %" PRIu64
                                            " bytes are in use",
                                            m->swap, both),
                                    "linux.resources.memory.swap");
        return 0;
}
