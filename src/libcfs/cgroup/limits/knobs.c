/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.resources, property by property (config-linux.md, "Control groups").
 *
 * The specification speaks the language of cgroup v1. The table says where each property goes: to which file
 * of which controller, in v1 and in v2, and by which property of a unit systemd knows it. A column that is
 * NULL is a property that the hierarchy cannot express: asking for it is an error, never silently dropped.
 * The last column turns values into text.
 *
 * Zero. Engines written in Go send a zero for what the user did not ask for (`docker update` sends a dozen).
 * So a zero asks for nothing, except where zero is a useful value: pids.limit, swappiness, cpu.burst,
 * cpu.idle. An explicit false asks for nothing either.
 *
 * Minus one means "unlimited". memory.swap counts memory and swap together, as memory.memsw.limit_in_bytes
 * does; memory.swap.max of v2 counts swap alone, so the limit is subtracted.
 *
 * The order of the rows is the order of writing; where the kernel wants another one, settings.c finds it.
 */
#include "libcfs/cgroup/limits/knobs.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cgroup/limits/convert.h"
#include "libcfs/cgroup/limits/unified.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include <inttypes.h>
#include <stdarg.h>

/* The limits of the kernel's parsers: kernel/sched/core.c (in microseconds, the least for quota and
 * period), and kernel/cgroup/pids.c (PID_MAX_LIMIT). */
#define MIN_PERIOD 1000
#define MAX_PERIOD 1000000
#define MAX_PIDS   4194304

#define UNLIMITED JOB_UNLIMITED

static int invalid(struct knobs_job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int invalid(struct knobs_job *j, const char *fmt, ...)
{
        char text[256];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return err_set(j->err, CFS_E_INVALID, "%s", text);
}

/* The error is that of an entry of the property, which is a list, or of a part of the entry (".pageSize"). */
static struct knobs_job *at(struct knobs_job *j, size_t i, const char *part)
{
        (void)snprintf(j->at, sizeof(j->at), "[%zu]%s", i, part);
        return j;
}

/* "V1|V2", or one name for both. */
static void set_unit(struct setting *s, const struct knob *k, bool v2)
{
        const char *unit = k->unit ? k->unit : "", *bar = strchr(unit, '|');

        if (bar && v2)
                unit = bar + 1;
        (void)snprintf(s->unit, sizeof(s->unit), "%.*s", (int)strcspn(unit, "|"), unit);
}

/* A setting for the row's file with this value; takes `value`. NULL: an error has been filled in. */
static struct setting *emit(struct knobs_job *j, char *value, uint64_t unit_value)
{
        const struct knob *k = j->knob;
        const char *file = j->v2 ? k->v2 : k->v1, *bar;
        struct setting *s;

        if (!value) {
                (void)err_nomem(j->err);
                return NULL;
        }
        if (!file) {
                free(value);
                (void)err_set(j->err, CFS_E_UNSUPPORTED, "cgroup %s has nothing like it",
                              j->v2 ? "v2" : "v1");
                return NULL;
        }
        s = settings_add(j->out);
        if (!s) {
                free(value);
                (void)err_nomem(j->err);
                return NULL;
        }
        bar = strchr(file, '|');
        (void)snprintf(s->file, sizeof(s->file), "%.*s", bar ? (int)(bar - file) : (int)strlen(file), file);
        if (bar)
                (void)snprintf(s->alt_file, sizeof(s->alt_file), "%s", bar + 1);
        s->property = k->property;
        s->controller = k->controller;
        s->value = value;
        set_unit(s, k, j->v2);
        s->unit_type = k->unit_type;
        s->unit_value = unit_value;
        return s;
}

__attribute__((format(printf, 1, 2))) static char *text(const char *fmt, ...)
{
        char *s = NULL;
        va_list ap;

        va_start(ap, fmt);
        if (vasprintf(&s, fmt, ap) < 0)
                s = NULL;
        va_end(ap);
        return s;
}

/* A byte count: 0 asks for nothing, negative means unlimited. */
static int emit_limit(struct knobs_job *j, int64_t v)
{
        if (v == 0)
                return 0;
        if (v < 0)
                return emit(j, strdup(j->v2 ? "max" : "-1"), UNLIMITED) ? 1 : -1;
        return emit(j, text("%" PRId64, v), (uint64_t)v) ? 1 : -1;
}

static int emit_u64(struct knobs_job *j, uint64_t v)
{
        return emit(j, text("%" PRIu64, v), v) ? 1 : -1;
}

/* A value of 0, which needs no write when there is no such file. */
static int emit_flag(struct knobs_job *j, uint64_t v)
{
        struct setting *s = emit(j, text("%" PRIu64, v), v);

        if (!s)
                return -1;
        s->optional = v == 0;
        return 1;
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static int memory_limit(struct knobs_job *j)
{
        return j->r->memory ? emit_limit(j, j->r->memory->limit) : 0;
}

static int memory_reservation(struct knobs_job *j)
{
        return j->r->memory ? emit_limit(j, j->r->memory->reservation) : 0;
}

static int memory_kernel(struct knobs_job *j)
{
        return j->r->memory ? emit_limit(j, j->r->memory->kernel) : 0;
}

static int memory_kernel_tcp(struct knobs_job *j)
{
        return j->r->memory ? emit_limit(j, j->r->memory->kernel_tcp) : 0;
}

/* Unlimited swap, or no swap at all: without swap accounting both are true anyway. */
static int emit_swap(struct knobs_job *j, char *value, uint64_t unit_value, bool optional)
{
        struct setting *s = emit(j, value, unit_value);

        if (!s)
                return -1;
        s->optional = optional;
        return 1;
}

static int memory_swap(struct knobs_job *j)
{
        const struct oci_memory *m = j->r->memory;
        int64_t limit;

        if (!m)
                return 0;
        limit = m->limit;
        /* Unlimited memory cannot have limited swap, and on v1 the limit of both must go first. */
        if (m->swap < 0 || (m->swap == 0 && limit < 0))
                return emit_swap(j, strdup(j->v2 ? "max" : "-1"), UNLIMITED, true);
        if (m->swap == 0)
                return 0;
        if (limit == 0 && j->path) {
                uint64_t now;

                if (tree_number(j->path, j->v2 ? "memory.max" : "memory.limit_in_bytes", &now) == 0)
                        limit = now > INT64_MAX - 65536 ? -1 : (int64_t)now;
        }
        if (limit <= 0)
                return invalid(j, "is the limit of memory and swap together: it needs a memory.limit");
        if (m->swap < limit)
                return invalid(
                        j,
                        "%" PRId64
                        " is the limit of memory and swap together: it cannot be below the memory limit, %" PRId64,
                        m->swap, limit);
        if (!j->v2)
                return emit_limit(j, m->swap);
        return emit_swap(j, text("%" PRId64, m->swap - limit), (uint64_t)(m->swap - limit), m->swap == limit);
}

static int memory_swappiness(struct knobs_job *j)
{
        const struct oci_memory *m = j->r->memory;

        if (!m || !m->has_swappiness)
                return 0;
        if (m->swappiness > 100)
                return invalid(j, "%" PRIu64 " is not between 0 and 100", m->swappiness);
        return emit_u64(j, m->swappiness);
}

static int memory_oom_killer(struct knobs_job *j)
{
        const struct oci_memory *m = j->r->memory;

        if (!m || !m->has_disable_oom_killer)
                return 0;
        /* v1: false undoes an earlier true. v2 always kills. */
        if (!m->disable_oom_killer && (j->v2 || !j->path))
                return 0;
        return emit_u64(j, m->disable_oom_killer);
}

/* Since Linux 5.11 every memory cgroup is hierarchical, of v1 and of v2: true is what there is. */
static int memory_use_hierarchy(struct knobs_job *j)
{
        struct setting *s;

        if (!j->r->memory || !j->r->memory->use_hierarchy || j->v2)
                return 0;
        s = emit(j, strdup("1"), 1);
        if (s)
                s->optional = true;
        return s ? 1 : -1;
}

/* ---- cpu ----------------------------------------------------------------------------------------------- */

static int cpu_shares(struct knobs_job *j)
{
        uint64_t shares = j->r->cpu ? j->r->cpu->shares : 0;

        if (shares == 0)
                return 0;
        return emit_u64(j, j->v2 ? convert_shares(shares) : shares);
}

/* v2 has quota and period in one file, "QUOTA PERIOD"; "QUOTA" alone leaves the period as it is. */
static int cpu_quota(struct knobs_job *j)
{
        const struct oci_cpu *c = j->r->cpu;
        uint64_t now, period;
        char *value;
        int r;

        if (!c || c->quota == 0)
                return 0;
        if (c->quota > 0 && c->quota < MIN_PERIOD)
                return invalid(j, "%" PRId64 " is less than %d", c->quota, MIN_PERIOD);
        r = job_bandwidth(j, &now, &period);
        if (r < 0)
                return r;
        if (c->period)
                period = c->period;
        if (!j->v2)
                value = text("%" PRId64, c->quota < 0 ? -1 : c->quota);
        else if (c->quota < 0)
                value = c->period ? text("max %" PRIu64, c->period) : strdup("max");
        else
                value = c->period ? text("%" PRId64 " %" PRIu64, c->quota, c->period)
                                  : text("%" PRId64, c->quota);
        return emit(j, value, c->quota < 0 ? UNLIMITED : convert_quota_per_second((uint64_t)c->quota, period))
                       ? 1
                       : -1;
}

/* The quota stays, but systemd's property is the quota per second, which changes with the period. */
static int period_alone(struct knobs_job *j, uint64_t period)
{
        uint64_t quota, old;
        char *value;
        int r = job_bandwidth(j, &quota, &old);

        if (r < 0)
                return r;
        if (!j->v2)
                value = text("%" PRIu64, period);
        else
                value = quota == UNLIMITED ? text("max %" PRIu64, period)
                                           : text("%" PRIu64 " %" PRIu64, quota, period);
        if (!emit(j, value, period))
                return -1;
        if (!j->path || WEAKENED("stale-quota"))
                return 0;
        if (quota != UNLIMITED)
                quota = convert_quota_per_second(quota, period);
        return job_add_property(j, "CPUQuotaPerSecUSec", quota, 0);
}

static int cpu_period(struct knobs_job *j)
{
        const struct oci_cpu *c = j->r->cpu;
        struct setting *s;

        if (!c || c->period == 0)
                return 0;
        if (c->period < MIN_PERIOD || c->period > MAX_PERIOD)
                return invalid(j, "%" PRIu64 " is not between %d and %d", c->period, MIN_PERIOD, MAX_PERIOD);
        if (c->quota == 0)
                return period_alone(j, c->period);
        if (!j->v2)
                return emit_u64(j, c->period);
        /* Written together with the quota; systemd has a property for each. */
        s = emit(j, strdup(""), c->period);
        if (s)
                s->file[0] = '\0';
        return s ? 1 : -1;
}

static int cpu_burst(struct knobs_job *j)
{
        if (!j->r->cpu || !j->r->cpu->has_burst)
                return 0;
        if (j->r->cpu->quota > 0 && j->r->cpu->burst > (uint64_t)j->r->cpu->quota)
                return invalid(j, "%" PRIu64 " is more than the quota, %" PRId64, j->r->cpu->burst,
                               j->r->cpu->quota);
        return emit_flag(j, j->r->cpu->burst);
}

static int cpu_rt_runtime(struct knobs_job *j)
{
        int64_t v = j->r->cpu ? j->r->cpu->realtime_runtime : 0;

        return v ? (emit(j, text("%" PRId64, v), 0) ? 1 : -1) : 0;
}

static int cpu_rt_period(struct knobs_job *j)
{
        uint64_t v = j->r->cpu ? j->r->cpu->realtime_period : 0;

        return v ? emit_u64(j, v) : 0;
}

static int knobs_cpu_idle(struct knobs_job *j)
{
        if (!j->r->cpu || !j->r->cpu->has_idle)
                return 0;
        if (j->r->cpu->idle < 0 || j->r->cpu->idle > 1)
                return invalid(j, "%" PRId64 " is neither 0 nor 1", j->r->cpu->idle);
        if (emit_flag(j, (uint64_t)j->r->cpu->idle) < 0)
                return -1;
        /* For systemd "idle" is a value of the weight. After it, the weight is the one that is asked for, or
         * the default. */
        if (!j->v2 || (!j->r->cpu->idle && j->r->cpu->shares))
                return 0;
        return job_add_property(j, "CPUWeight", j->r->cpu->idle ? 0 : UNLIMITED, 252);
}

static int emit_list(struct knobs_job *j, const char *list)
{
        uint8_t bits[1024];

        if (str_empty(list))
                return 0;
        if (convert_list(list, bits, sizeof(bits)) <= 0)
                return invalid(j, "`%s` is not a list of numbers and ranges such as `0-3,7`", list);
        return emit(j, strdup(list), 0) ? 1 : -1;
}

static int cpu_cpus(struct knobs_job *j)
{
        return emit_list(j, j->r->cpu ? j->r->cpu->cpus : NULL);
}

static int cpu_mems(struct knobs_job *j)
{
        return emit_list(j, j->r->cpu ? j->r->cpu->mems : NULL);
}

/* ---- pids ---------------------------------------------------------------------------------------------- */

static int pids_limit(struct knobs_job *j)
{
        const struct oci_pids *p = j->r->pids;

        if (!p || !p->has_limit)
                return 0;
        if (p->limit < 0)
                return emit(j, strdup("max"), UNLIMITED) ? 1 : -1;
        if (p->limit > MAX_PIDS)
                return invalid(j, "%" PRId64 " is more than %d, the most that the kernel has", p->limit,
                               MAX_PIDS);
        /* systemd does not accept a limit of 0, so it is written to the file. */
        return emit(j, text("%" PRId64, p->limit), p->limit ? (uint64_t)p->limit : 1) ? 1 : -1;
}

/* ---- blockIO ------------------------------------------------------------------------------------------- */

static int check_weight(struct knobs_job *j, unsigned weight)
{
        if (weight >= 10 && weight <= 1000)
                return 0;
        return invalid(j, "%u is not between 10 and 1000", weight);
}

/* Makes *s replace one line of its file. */
static int set_key(struct knobs_job *j, struct setting *s, const char *unset, char *key)
{
        if (!key)
                return err_nomem(j->err);
        s->key = s->key_buf = key;
        s->unset = unset;
        return 1;
}

/* io.bfq.weight has v1's scale, io.weight one of its own. */
static int block_weight(struct knobs_job *j)
{
        unsigned weight = j->r->block_io ? j->r->block_io->weight : 0;
        struct setting *s;

        if (weight == 0)
                return 0;
        if (check_weight(j, weight) < 0)
                return -1;
        s = emit(j, text("%u", weight), j->v2 ? convert_io_weight(weight) : weight);
        if (s && j->v2) {
                s->alt_value = text("default %" PRIu64, convert_io_weight(weight));
                if (!s->alt_value)
                        return err_nomem(j->err);
                return set_key(j, s, "100", strdup("default"));
        }
        return s ? 1 : -1;
}

static int block_leaf_weight(struct knobs_job *j)
{
        unsigned weight = j->r->block_io ? j->r->block_io->leaf_weight : 0;

        if (weight == 0)
                return 0;
        return check_weight(j, weight) < 0 ? -1 : emit_u64(j, weight);
}

static int device_weight(struct knobs_job *j, const struct oci_weight_device *d, unsigned weight)
{
        struct setting *s;

        if (weight == 0)
                return 0;
        if (check_weight(j, weight) < 0)
                return -1;
        s = emit(j, text("%" PRId64 ":%" PRId64 " %u", d->major, d->minor, weight),
                 j->v2 ? convert_io_weight(weight) : weight);
        if (!s)
                return -1;
        s->alt_value = text("%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
                            j->v2 ? convert_io_weight(weight) : (uint64_t)weight);
        if (!s->alt_value)
                return err_nomem(j->err);
        return set_key(j, s, j->v2 ? "default" : "0", text("%" PRId64 ":%" PRId64, d->major, d->minor));
}

static int block_weight_device(struct knobs_job *j)
{
        const struct oci_block_io *b = j->r->block_io;
        int r = 0;

        for (size_t i = 0; b && i < b->n_weight_device && r >= 0; i++) {
                const struct oci_weight_device *d = b->weight_device[i];

                r = d->has_weight || d->has_leaf_weight
                            ? device_weight(j, d, d->weight)
                            : invalid(at(j, i, ""), "has neither weight nor leafWeight");
        }
        return r;
}

static int block_leaf_weight_device(struct knobs_job *j)
{
        const struct oci_block_io *b = j->r->block_io;
        int r = 0;

        for (size_t i = 0; b && i < b->n_weight_device && r >= 0; i++)
                r = device_weight(j, b->weight_device[i], b->weight_device[i]->leaf_weight);
        return r;
}

/* v1: a rate of 0 takes the limit away. v2 says max, and keeps four limits in a line: word tells which
 * one. */
static int throttle(struct knobs_job *j, struct oci_throttle_device *const *list, size_t n, const char *word)
{
        for (size_t i = 0; i < n; i++) {
                const struct oci_throttle_device *d = list[i];
                struct setting *s;
                char *value;
                int r;

                if (!j->v2)
                        value = text("%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, d->rate);
                else if (d->rate == 0)
                        value = text("%" PRId64 ":%" PRId64 " %s=max", d->major, d->minor, word);
                else
                        value = text("%" PRId64 ":%" PRId64 " %s=%" PRIu64, d->major, d->minor, word,
                                     d->rate);
                s = emit(j, value, d->rate ? d->rate : UNLIMITED);
                if (!s)
                        return -1;
                r = set_key(j, s, j->v2 ? "rbps=max wbps=max riops=max wiops=max" : "0",
                            text("%" PRId64 ":%" PRId64, d->major, d->minor));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int block_read_bps(struct knobs_job *j)
{
        const struct oci_block_io *b = j->r->block_io;

        return b ? throttle(j, b->throttle_read_bps_device, b->n_throttle_read_bps_device, "rbps") : 0;
}

static int block_write_bps(struct knobs_job *j)
{
        const struct oci_block_io *b = j->r->block_io;

        return b ? throttle(j, b->throttle_write_bps_device, b->n_throttle_write_bps_device, "wbps") : 0;
}

static int block_read_iops(struct knobs_job *j)
{
        const struct oci_block_io *b = j->r->block_io;

        return b ? throttle(j, b->throttle_read_iops_device, b->n_throttle_read_iops_device, "riops") : 0;
}

static int block_write_iops(struct knobs_job *j)
{
        const struct oci_block_io *b = j->r->block_io;

        return b ? throttle(j, b->throttle_write_iops_device, b->n_throttle_write_iops_device, "wiops") : 0;
}

/* ---- hugepageLimits, network, rdma, unified ------------------------------------------------------------ */

/* "64KB", "2MB", "1GB": as the kernel writes it in its file names. */
static bool page_size_ok(const char *s)
{
        size_t n = strspn(s, "0123456789");

        return n > 0 && n < 12 && s[0] != '0' &&
               (STREQ(s + n, "KB") || STREQ(s + n, "MB") || STREQ(s + n, "GB"));
}

/* Both the pages in use and the reservations, which are what mmap(2) fails on instead of a later SIGBUS
 * (Linux 5.7). */
static int hugepages(struct knobs_job *j)
{
        const struct knob *k = j->knob;

        for (size_t i = 0; i < j->r->n_hugepage_limits; i++) {
                const struct oci_hugepage_limit *l = j->r->hugepage_limits[i];

                if (!page_size_ok(l->page_size))
                        return invalid(at(j, i, ".pageSize"), "`%s` is not a page size such as `2MB`",
                                       l->page_size);
                for (unsigned rsvd = 0; rsvd < 2; rsvd++) {
                        struct setting *s = emit(j, text("%" PRIu64, l->limit), 0);

                        if (!s)
                                return -1;
                        (void)snprintf(s->file, sizeof(s->file), "hugetlb.%s%s.%s", l->page_size,
                                       rsvd ? ".rsvd" : "", strrchr(j->v2 ? k->v2 : k->v1, '.') + 1);
                        s->optional = rsvd;
                }
        }
        return 0;
}

static int network_class(struct knobs_job *j)
{
        uint32_t id = j->r->network ? j->r->network->class_id : 0;

        return id ? emit_u64(j, id) : 0;
}

static int network_priorities(struct knobs_job *j)
{
        const struct oci_network *n = j->r->network;

        for (size_t i = 0; n && i < n->n_priorities; i++) {
                const struct oci_interface_priority *p = n->priorities[i];
                struct setting *s = emit(j, text("%s %" PRIu32, p->name, p->priority), 0);

                if (!s || set_key(j, s, "0", strdup(p->name)) < 0)
                        return -1;
        }
        return 0;
}

static int rdma(struct knobs_job *j)
{
        const struct oci_rdma_map *map = j->r->rdma;

        for (size_t i = 0; map && i < map->n; i++) {
                const struct oci_rdma *d = map->entries[i].value;
                char handles[48] = "", objects[48] = "";
                struct setting *s;

                if (d->has_hca_handles)
                        (void)snprintf(handles, sizeof(handles), " hca_handle=%" PRIu32, d->hca_handles);
                if (d->has_hca_objects)
                        (void)snprintf(objects, sizeof(objects), " hca_object=%" PRIu32, d->hca_objects);
                if (!handles[0] && !objects[0])
                        return invalid(j, "\"%.64s\" has neither hcaHandles nor hcaObjects",
                                       map->entries[i].key);
                s = emit(j, text("%s%s%s", map->entries[i].key, handles, objects), 0);
                if (!s || set_key(j, s, "hca_handle=max hca_object=max", strdup(map->entries[i].key)) < 0)
                        return -1;
        }
        return 0;
}

/* Each key is the name of a file. The row is last, so that its values replace those of the others. */
static int unified(struct knobs_job *j)
{
        const struct oci_string_map *map = j->r->unified;

        for (size_t i = 0; map && i < map->n; i++) {
                const char *file = map->entries[i].key;
                struct setting *s;

                if (strchr(file, '/') || STREQ(file, ".") || STREQ(file, ".."))
                        return invalid(j, "`%s` is not the name of a file in a cgroup", file);
                s = emit(j, strdup(map->entries[i].value), 0);
                if (!s)
                        return -1;
                if (strlen(file) >= sizeof(s->file))
                        return invalid(j, "`%.100s...` is too long for a file in a cgroup", file);
                (void)snprintf(s->file, sizeof(s->file), "%s", file);
                if (unified_add(j, file, map->entries[i].value) < 0)
                        return -1;
        }
        return 0;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* clang-format off */
const struct knob knobs[] = {
        { "memory.limit", "memory", "memory.limit_in_bytes", "memory.max", "MemoryLimit|MemoryMax", UNIT_U64, memory_limit },
        { "memory.swap", "memory", "memory.memsw.limit_in_bytes", "memory.swap.max", "|MemorySwapMax", UNIT_U64, memory_swap },
        { "memory.reservation", "memory", "memory.soft_limit_in_bytes", "memory.low", "|MemoryLow", UNIT_U64, memory_reservation },
        { "memory.kernel", "memory", "memory.kmem.limit_in_bytes", NULL, NULL, UNIT_NONE, memory_kernel },
        { "memory.kernelTCP", "memory", "memory.kmem.tcp.limit_in_bytes", NULL, NULL, UNIT_NONE, memory_kernel_tcp },
        { "memory.swappiness", "memory", "memory.swappiness", NULL, NULL, UNIT_NONE, memory_swappiness },
        { "memory.disableOOMKiller", "memory", "memory.oom_control", NULL, NULL, UNIT_NONE, memory_oom_killer },
        { "memory.useHierarchy", "memory", "memory.use_hierarchy", NULL, NULL, UNIT_NONE, memory_use_hierarchy },

        /* An idle group takes no weight, and a group with a weight may become idle: the weight first. */
        { "cpu.shares", "cpu", "cpu.shares", "cpu.weight", "CPUShares|CPUWeight", UNIT_U64, cpu_shares },
        { "cpu.idle", "cpu", "cpu.idle", "cpu.idle", NULL, UNIT_NONE, knobs_cpu_idle },
        { "cpu.period", "cpu", "cpu.cfs_period_us", "cpu.max", "CPUQuotaPeriodUSec", UNIT_U64, cpu_period },
        { "cpu.quota", "cpu", "cpu.cfs_quota_us", "cpu.max", "CPUQuotaPerSecUSec", UNIT_U64, cpu_quota },
        { "cpu.burst", "cpu", "cpu.cfs_burst_us", "cpu.max.burst", NULL, UNIT_NONE, cpu_burst },
        { "cpu.realtimePeriod", "cpu", "cpu.rt_period_us", NULL, NULL, UNIT_NONE, cpu_rt_period },
        { "cpu.realtimeRuntime", "cpu", "cpu.rt_runtime_us", NULL, NULL, UNIT_NONE, cpu_rt_runtime },
        { "cpu.cpus", "cpuset", "cpuset.cpus", "cpuset.cpus", "|AllowedCPUs", UNIT_SET, cpu_cpus },
        { "cpu.mems", "cpuset", "cpuset.mems", "cpuset.mems", "|AllowedMemoryNodes", UNIT_SET, cpu_mems },

        { "pids.limit", "pids", "pids.max", "pids.max", "TasksMax", UNIT_U64, pids_limit },

        { "blockIO.weight", "blkio", "blkio.weight|blkio.bfq.weight", "io.bfq.weight|io.weight", "BlockIOWeight|IOWeight", UNIT_U64, block_weight },
        { "blockIO.leafWeight", "blkio", "blkio.leaf_weight", NULL, NULL, UNIT_NONE, block_leaf_weight },
        { "blockIO.weightDevice", "blkio", "blkio.weight_device|blkio.bfq.weight_device", "io.bfq.weight|io.weight", "BlockIODeviceWeight|IODeviceWeight", UNIT_DEVICE, block_weight_device },
        { "blockIO.weightDevice", "blkio", "blkio.leaf_weight_device", NULL, NULL, UNIT_NONE, block_leaf_weight_device },
        { "blockIO.throttleReadBpsDevice", "blkio", "blkio.throttle.read_bps_device", "io.max", "BlockIOReadBandwidth|IOReadBandwidthMax", UNIT_DEVICE, block_read_bps },
        { "blockIO.throttleWriteBpsDevice", "blkio", "blkio.throttle.write_bps_device", "io.max", "BlockIOWriteBandwidth|IOWriteBandwidthMax", UNIT_DEVICE, block_write_bps },
        { "blockIO.throttleReadIOPSDevice", "blkio", "blkio.throttle.read_iops_device", "io.max", "|IOReadIOPSMax", UNIT_DEVICE, block_read_iops },
        { "blockIO.throttleWriteIOPSDevice", "blkio", "blkio.throttle.write_iops_device", "io.max", "|IOWriteIOPSMax", UNIT_DEVICE, block_write_iops },

        { "hugepageLimits", "hugetlb", "hugetlb.%s.limit_in_bytes", "hugetlb.%s.max", NULL, UNIT_NONE, hugepages },
        { "network.classID", "net_cls", "net_cls.classid", NULL, NULL, UNIT_NONE, network_class },
        { "network.priorities", "net_prio", "net_prio.ifpriomap", NULL, NULL, UNIT_NONE, network_priorities },
        { "rdma", "rdma", "rdma.max", "rdma.max", NULL, UNIT_NONE, rdma },

        /* See devcg.c: the order of these rules matters, and v2 has no file for them. */
        { "devices", "devices", "devices.deny", "(BPF)", NULL, UNIT_NONE, NULL },
        { "unified", "", NULL, "%s", NULL, UNIT_NONE, unified },

        { NULL },
};
/* clang-format on */
