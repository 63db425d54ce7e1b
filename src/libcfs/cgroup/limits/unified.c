/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resources.unified for systemd: what is written to a file of cgroup v2, said as properties of the unit
 * (systemd.resource-control(5), org.freedesktop.systemd1(5)).
 *
 * systemd writes the files of its units anew whenever it reloads, from the properties that it knows: a limit
 * that is only in the file is lifted by the next `systemctl daemon-reload`. So every file that systemd writes
 * has its row here. The values are read as the kernel reads them (memparse(), kstrtoull() with base 0,
 * "max"), so that what the kernel takes is what systemd is told. What cannot be read is left to the kernel to
 * refuse.
 *
 * One file has none: memory.oom.group, which systemd makes of OOMPolicy, and scopes have that since version
 * 253, to be set when they are made and not later. A reload puts it back to 0.
 */
#include "libcfs/cgroup/limits/unified.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cgroup/limits/convert.h"
#include <stdlib.h>

/* ---- values -------------------------------------------------------------------------------------------- */

/* A number as kstrtoull(s, 0) takes it, all of s. */
static bool unified_parse_number(const char *s, uint64_t *ret)
{
        char *end;

        if (*s < '0' || *s > '9')
                return false;
        errno = 0;
        *ret = strtoull(s, &end, 0);
        return errno == 0 && *end == '\0';
}

static bool parse_number_or_max(const char *s, uint64_t *ret)
{
        if (STREQ(s, "max")) {
                *ret = JOB_UNLIMITED;
                return true;
        }
        return unified_parse_number(s, ret);
}

/* "64M": memparse() of the kernel. */
static bool parse_bytes(const char *s, uint64_t *ret)
{
        static const char units[] = "kmgtpe";
        const char *unit;
        uint64_t v;
        char *end;

        if (STREQ(s, "max")) {
                *ret = JOB_UNLIMITED;
                return true;
        }
        if (*s < '0' || *s > '9')
                return false;
        errno = 0;
        v = strtoull(s, &end, 0);
        if (errno)
                return false;
        unit = *end ? strchr(units, *end | 0x20) : NULL;
        if (unit) {
                unsigned shift = 10U * (unsigned)(unit - units + 1);

                if (v > UINT64_MAX >> shift)
                        return false;
                v <<= shift;
                end++;
        }
        *ret = v;
        return *end == '\0';
}

/* ---- properties ---------------------------------------------------------------------------------------- */

static int add_device(struct knobs_job *j, const char *unit, const char *device, uint64_t value)
{
        struct setting *s = job_add(j, unit, "");

        if (!s)
                return -ENOMEM;
        s->unit_type = UNIT_DEVICE;
        s->unit_value = value;
        s->key = s->key_buf = strdup(device);
        return s->key ? 0 : err_nomem(j->err);
}

static int add_set(struct knobs_job *j, const char *unit, const char *list)
{
        uint8_t bits[1024];
        struct setting *s;

        if (convert_list(list, bits, sizeof(bits)) < 0)
                return 0;
        s = job_add(j, unit, list);
        if (!s)
                return -ENOMEM;
        s->unit_type = UNIT_SET;
        return 0;
}

/* ---- files whose value is more than a number ----------------------------------------------------------- */

/* "QUOTA", "QUOTA PERIOD", with "max" for a quota. */
static int cpu_max(struct knobs_job *j, char *value)
{
        const char *quota_text = strsep(&value, " \t"),
                   *period_text = value ? value + strspn(value, " \t") : "";
        uint64_t quota, period;
        int r = job_bandwidth(j, &quota, &period);

        if (r < 0)
                return r;
        if (!parse_number_or_max(quota_text, &quota) ||
            (*period_text && !unified_parse_number(period_text, &period)))
                return 0;
        r = job_add_property(j, "CPUQuotaPeriodUSec", period, 0);
        if (r < 0)
                return r;
        if (quota != JOB_UNLIMITED)
                quota = convert_quota_per_second(quota, period);
        return job_add_property(j, "CPUQuotaPerSecUSec", quota, 0);
}

/* The kernel's sched_prio_to_weight[], brought to a scale on which nice 0 is 100. */
static int cpu_weight_nice(struct knobs_job *j, char *value)
{
        static const unsigned weights[] = { 8668, 7007, 5516, 4519, 3544, 2847, 2271, 1827, 1460, 1164,
                                            932,  744,  596,  479,  381,  305,  244,  194,  155,  125,
                                            100,  80,   64,   51,   41,   33,   27,   21,   17,   13,
                                            11,   8,    7,    5,    4,    4,    3,    2,    2,    1 };
        int64_t nice;

        if (str_to_i64(value, &nice) < 0 || nice < -20 || nice > 19)
                return 0;
        return job_add_property(j, "CPUWeight", weights[nice + 20], 0);
}

/* Out of idleness a group has the weight that is the default. */
static int unified_cpu_idle(struct knobs_job *j, char *value)
{
        uint64_t v;

        if (!unified_parse_number(value, &v) || v > 1)
                return 0;
        return job_add_property(j, "CPUWeight", v ? 0 : JOB_UNLIMITED, 252);
}

/* "default N", "N", "MAJOR:MINOR N"; bfq: on the scale of BFQ, 1 to 1000. */
static int weight_line(struct knobs_job *j, char *value, bool bfq)
{
        const char *what = strsep(&value, " \t"), *number = value ? value + strspn(value, " \t") : what;
        uint64_t v;

        if (!unified_parse_number(number, &v))
                return 0;
        /* What systemd makes of an IOWeight for BFQ: that is undone here. */
        if (bfq && v > 100)
                v = 100 + (v - 100) * 11;
        if (strchr(what, ':'))
                return add_device(j, "IODeviceWeight", what, v);
        return job_add_property(j, "IOWeight", v, 0);
}

static int io_weight(struct knobs_job *j, char *value)
{
        return weight_line(j, value, false);
}

static int io_bfq_weight(struct knobs_job *j, char *value)
{
        return weight_line(j, value, true);
}

/* "MAJOR:MINOR NAME=VALUE ...": one property for each name of the list. */
static int device_line(struct knobs_job *j, char *value, const char *const names[][2], size_t n)
{
        const char *device = strsep(&value, " \t");
        char *word;

        while ((word = strsep(&value, " \t"))) {
                char *number = strchr(word, '=');
                uint64_t v;

                if (!number)
                        continue;
                *number++ = '\0';
                for (size_t i = 0; i < n; i++) {
                        int r = STREQ(word, names[i][0]) && parse_number_or_max(number, &v)
                                        ? add_device(j, names[i][1], device, v)
                                        : 0;

                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int io_max(struct knobs_job *j, char *value)
{
        static const char *const names[][2] = { { "rbps", "IOReadBandwidthMax" },
                                                { "wbps", "IOWriteBandwidthMax" },
                                                { "riops", "IOReadIOPSMax" },
                                                { "wiops", "IOWriteIOPSMax" } };

        return device_line(j, value, names, ARRAY_SIZE(names));
}

static int io_latency(struct knobs_job *j, char *value)
{
        static const char *const names[][2] = { { "target", "IODeviceLatencyTargetUSec" } };

        return device_line(j, value, names, ARRAY_SIZE(names));
}

static int cpuset_cpus(struct knobs_job *j, char *value)
{
        return add_set(j, "AllowedCPUs", value);
}

static int cpuset_mems(struct knobs_job *j, char *value)
{
        return add_set(j, "AllowedMemoryNodes", value);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* Either a number, and the property that takes it, or a function. */
/* clang-format off */
static const struct {
        const char *file, *unit;
        bool (*parse)(const char *s, uint64_t *ret);
        unsigned since; /* systemd */
        int (*fn)(struct knobs_job *j, char *value);
} files[] = {
        { .file = "memory.min",       .unit = "MemoryMin",      .parse = parse_bytes },
        { .file = "memory.low",       .unit = "MemoryLow",      .parse = parse_bytes },
        { .file = "memory.high",      .unit = "MemoryHigh",     .parse = parse_bytes },
        { .file = "memory.max",       .unit = "MemoryMax",      .parse = parse_bytes },
        { .file = "memory.swap.max",  .unit = "MemorySwapMax",  .parse = parse_bytes },
        { .file = "memory.zswap.max", .unit = "MemoryZSwapMax", .parse = parse_bytes, .since = 253 },
        { .file = "pids.max",         .unit = "TasksMax",       .parse = parse_number_or_max },
        { .file = "cpu.weight",       .unit = "CPUWeight",      .parse = unified_parse_number },
        { .file = "cpu.weight.nice",  .fn = cpu_weight_nice },
        { .file = "cpu.idle",         .fn = unified_cpu_idle },
        { .file = "cpu.max",          .fn = cpu_max },
        { .file = "cpuset.cpus",      .fn = cpuset_cpus },
        { .file = "cpuset.mems",      .fn = cpuset_mems },
        { .file = "io.weight",        .fn = io_weight },
        { .file = "io.bfq.weight",    .fn = io_bfq_weight },
        { .file = "io.max",           .fn = io_max },
        { .file = "io.latency",       .fn = io_latency },
};
/* clang-format on */

static int add_number(struct knobs_job *j, size_t i, const char *value)
{
        uint64_t v;

        if (!files[i].parse(value, &v))
                return 0;
        /* systemd does not know a limit of no tasks; the file has it. */
        if (v == 0 && STREQ(files[i].unit, "TasksMax"))
                v = 1;
        return job_add_property(j, files[i].unit, v, files[i].since);
}

int unified_add(struct knobs_job *j, const char *file, const char *value)
{
        _cleanup_free_ char *copy = strdup(value + strspn(value, " \t\n"));
        size_t n;

        if (!copy)
                return err_nomem(j->err);
        for (n = strlen(copy); n > 0 && strchr(" \t\n", copy[n - 1]); n--)
                copy[n - 1] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                if (!STREQ(files[i].file, file) || WEAKENED("unified-properties"))
                        continue;
                return files[i].fn ? files[i].fn(j, copy) : add_number(j, i, copy);
        }
        return 0;
}
