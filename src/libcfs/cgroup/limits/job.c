/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What several rows of the table of knobs need: properties of a unit that have no file of their own, and the
 * halves of a pair that an update leaves unsaid.
 *
 * systemd keeps the bandwidth as CPU time per second, and makes quota and period of it at each reload. So an
 * update of either quota or period sends both to systemd: with the old time per second, half the period would
 * mean half the quota.
 */
#include "libcfs/cgroup/limits/job.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include <errno.h>
#include <string.h>

#define DEFAULT_PERIOD 100000

struct setting *job_add(struct knobs_job *j, const char *unit, const char *text)
{
        struct setting *s = settings_add(j->out);

        if (s)
                s->value = strdup(text);
        if (!s || !s->value) {
                (void)err_nomem(j->err);
                return NULL;
        }
        s->property = j->knob->property;
        s->controller = j->knob->controller;
        (void)snprintf(s->unit, sizeof(s->unit), "%s", unit);
        return s;
}

int job_add_property(struct knobs_job *j, const char *unit, uint64_t value, unsigned since)
{
        struct setting *s = job_add(j, unit, "");

        if (!s)
                return -ENOMEM;
        s->unit_type = UNIT_U64;
        s->unit_value = value;
        s->unit_since = since;
        return 0;
}

static int cannot_read(struct knobs_job *j, int r, const char *file)
{
        return err_sys(j->err, -r, "read", "read `%s/%s`", j->path, file);
}

static int bandwidth_v1(struct knobs_job *j, uint64_t *quota, uint64_t *period)
{
        char text[32];
        ssize_t n = tree_read(j->path, "cpu.cfs_quota_us", text, sizeof(text));
        int r;

        if (n < 0 && n != -ENOENT)
                return cannot_read(j, (int)n, "cpu.cfs_quota_us");
        if (n > 0 && text[0] != '-')
                (void)str_to_u64(text, quota);
        r = tree_number(j->path, "cpu.cfs_period_us", period);
        return r < 0 && r != -ENOENT ? cannot_read(j, r, "cpu.cfs_period_us") : 0;
}

/* "max 100000" */
static int bandwidth_v2(struct knobs_job *j, uint64_t *quota, uint64_t *period)
{
        char text[64], *save = text, *first;
        ssize_t n = tree_read(j->path, "cpu.max", text, sizeof(text));

        if (n == -ENOENT)
                return 0;
        if (n < 0)
                return cannot_read(j, (int)n, "cpu.max");
        first = strsep(&save, " ");
        if (!STREQ(first, "max"))
                (void)str_to_u64(first, quota);
        if (save)
                (void)str_to_u64(save, period);
        return 0;
}

int job_bandwidth(struct knobs_job *j, uint64_t *ret_quota, uint64_t *ret_period)
{
        uint64_t quota = JOB_UNLIMITED, period = DEFAULT_PERIOD;
        int r = 0;

        if (j->path)
                r = j->v2 ? bandwidth_v2(j, &quota, &period) : bandwidth_v1(j, &quota, &period);
        if (r < 0)
                return r;
        *ret_quota = quota;
        *ret_period = period;
        return 0;
}
