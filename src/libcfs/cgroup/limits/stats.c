/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Statistics of a cgroup, in the shape that users of `runc events` know: the names come from cgroup v1, and
 * the numbers of v2 are brought to them. Times are nanoseconds (v2 counts microseconds, cpuacct.stat clock
 * ticks). "swap" is memory and swap together, as memory.memsw.* counts. No limit is 2^64 - 1 for memory and 0
 * for pids.
 *
 * A file that is not there is a number that is 0, and most of those are left out: which files there are
 * depends on controllers, kernel configuration and version, and events need not fail for one number. A file
 * that exists and cannot be read is a failure: 0 would be a false number.
 */
#include "libcfs/cgroup/limits/stats.h"
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/io.h"
#include "base/str.h"
#include "libcfs/cgroup/limits/convert.h"
#include "libcfs/cgroup/limits/settings.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include "json.h"
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

struct stats {
        struct json_writer *w;
        int unread; /* -errno of the first file that could not be read, or 0 */
        char unread_file[PATH_MAX];
        const char *unread_call; /* the system call that failed */
};

static void begin(struct stats *s, const char *name)
{
        json_write_key(s->w, name);
        json_write_object(s->w);
}

static void end(struct stats *s)
{
        json_write_object_end(s->w);
}

static void number(struct stats *s, const char *name, uint64_t v)
{
        json_write_key(s->w, name);
        json_write_unsigned(s->w, v);
}

/* Begins an array with its first member: an empty array is left out. */
static void begin_entry(struct stats *s, bool *first, const char *name)
{
        if (*first) {
                json_write_key(s->w, name);
                json_write_array(s->w);
        }
        *first = false;
}

static void end_entries(struct stats *s, bool first)
{
        if (!first)
                json_write_array_end(s->w);
}

static void number_if(struct stats *s, const char *name, uint64_t v)
{
        if (v)
                number(s, name, v);
}

/* Not a failure: there is no such file, the cgroup is being removed (ENODEV), the file has no such number, or
 * the kernel does not count pressure (booted with psi=0: open(2) of the file is EOPNOTSUPP then). */
static bool may_lack(int r, const char *file)
{
        return r == -ENOENT || r == -ENODEV || r == -ENODATA ||
               (r == -EOPNOTSUPP && strstr(file, ".pressure"));
}

/* Returns whether r is a success. */
static bool readable(struct stats *s, int r, const struct hierarchy *h, const char *file)
{
        if (r < 0 && !may_lack(r, file) && s->unread == 0) {
                s->unread = r;
                s->unread_call = "read";
                (void)tree_file(s->unread_file, sizeof(s->unread_file), h->path, file);
        }
        return r >= 0;
}

static uint64_t get(struct stats *s, const struct hierarchy *h, const char *file)
{
        uint64_t v = 0;

        return h && readable(s, tree_number(h->path, file, &v), h, file) ? v : 0;
}

static uint64_t get_keyed(struct stats *s, const struct hierarchy *h, const char *file, const char *name)
{
        uint64_t v = 0;

        return h && readable(s, tree_keyed(h->path, file, name, &v), h, file) ? v : 0;
}

/* The whole file, or NULL. */
static char *slurp(struct stats *s, const struct hierarchy *h, const char *file)
{
        char name[PATH_MAX], *text = NULL;
        struct cfs_error why = { 0 };

        if (!h || !tree_file(name, sizeof(name), h->path, file) ||
            !readable(s, io_read_file(AT_FDCWD, name, 16U << 20, &text, NULL, &why), h, file))
                return NULL;
        return text;
}

/* As tree_read(). */
static ssize_t read_into(struct stats *s, const struct hierarchy *h, const char *file, char *buf, size_t size)
{
        ssize_t n = tree_read(h->path, file, buf, size);

        (void)readable(s, (int)n, h, file);
        return n;
}

static const struct hierarchy *v2_of(const struct cgroup *cg)
{
        const struct hierarchy *h = settings_hierarchy(cg, "");

        return h && h->v2 ? h : NULL;
}

/* A parser for the kernel's files. Each function moves *at behind what it has found, or returns false. */
static bool scan_literal(const char **at, const char *word)
{
        if (!str_has_prefix(*at, word))
                return false;
        *at += strlen(word);
        return true;
}

static bool scan_number(const char **at, uint64_t *ret)
{
        char *end;

        if (**at < '0' || **at > '9')
                return false;
        errno = 0;
        *ret = strtoull(*at, &end, 10);
        *at = end;
        return errno == 0;
}

/* At most `size` - 1 characters out of `accept`, and at least one. */
static bool scan_word(const char **at, const char *accept, char *ret, size_t size)
{
        size_t n = strspn(*at, accept);

        if (n == 0 || n >= size)
                return false;
        *(char *)mempcpy(ret, *at, n) = '\0';
        *at += n;
        return true;
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
/* "12.34" */
static bool scan_decimal(const char **at, char *ret, size_t size)
{
        const char *start = *at;
        uint64_t unused;

        return scan_number(at, &unused) && (start[0] != '0' || *at == start + 1) && scan_literal(at, ".") &&
               scan_number(at, &unused) &&
               (size_t)snprintf(ret, size, "%.*s", (int)(*at - start), start) < size;
}

static bool pressure_line(const char *at, char what[8], char avg[3][16], uint64_t *total)
{
        return scan_word(&at, LETTERS, what, 8) && scan_literal(&at, " avg10=") &&
               scan_decimal(&at, avg[0], 16) && scan_literal(&at, " avg60=") &&
               scan_decimal(&at, avg[1], 16) && scan_literal(&at, " avg300=") &&
               scan_decimal(&at, avg[2], 16) && scan_literal(&at, " total=") && scan_number(&at, total);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full ..." */
static void pressure(struct stats *s, const struct cgroup *cg, const char *file)
{
        static const char *const averages[] = { "avg10", "avg60", "avg300" };
        _cleanup_free_ char *text = slurp(s, v2_of(cg), file);
        char *save = text, *line;
        bool any = false;

        while (text && (line = strsep(&save, "\n"))) {
                char what[8], avg[3][16];
                uint64_t total;

                if (!pressure_line(line, what, avg, &total))
                        continue;
                if (!any)
                        begin(s, "psi");
                any = true;
                begin(s, what);
                for (size_t i = 0; i < 3; i++) {
                        json_write_key(s->w, averages[i]);
                        json_write_raw(s->w, avg[i]);
                }
                number(s, "total", total);
                end(s);
        }
        if (any)
                end(s);
}

/* ---- cpu ----------------------------------------------------------------------------------------------- */

/* "cpu user system" lines: the given column of each as an array. */
static void percpu(struct stats *s, const char *name, const char *usage_all, unsigned column)
{
        bool first = true;

        for (const char *line = strchr(usage_all, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
                const char *at = line + 1;
                uint64_t cpu, user, kernel;

                if (!scan_number(&at, &cpu) || !scan_literal(&at, " ") || !scan_number(&at, &user) ||
                    !scan_literal(&at, " ") || !scan_number(&at, &kernel))
                        break;
                begin_entry(s, &first, name);
                json_write_unsigned(s->w, column == 0 ? user + kernel : column == 1 ? user : kernel);
        }
        end_entries(s, first);
}

static void cpu_usage_v1(struct stats *s, const struct hierarchy *acct)
{
        _cleanup_free_ char *all = slurp(s, acct, "cpuacct.usage_all");
        long hz = sysconf(_SC_CLK_TCK);
        uint64_t tick = hz > 0 ? 1000000000U / (uint64_t)hz : 10000000;

        number_if(s, "total", get(s, acct, "cpuacct.usage"));
        if (all) {
                percpu(s, "percpu", all, 0);
                percpu(s, "percpu_kernel", all, 2);
                percpu(s, "percpu_user", all, 1);
        }
        number(s, "kernel", get_keyed(s, acct, "cpuacct.stat", "system") * tick);
        number(s, "user", get_keyed(s, acct, "cpuacct.stat", "user") * tick);
}

static void cpu(struct stats *s, const struct cgroup *cg)
{
        const struct hierarchy *h = settings_hierarchy(cg, "cpu"), *acct = settings_hierarchy(cg, "cpuacct");
        bool v2 = h && h->v2;

        begin(s, "cpu");
        begin(s, "usage");
        if (acct && !acct->v2) {
                cpu_usage_v1(s, acct);
        } else {
                number_if(s, "total", get_keyed(s, acct, "cpu.stat", "usage_usec") * 1000);
                number(s, "kernel", get_keyed(s, acct, "cpu.stat", "system_usec") * 1000);
                number(s, "user", get_keyed(s, acct, "cpu.stat", "user_usec") * 1000);
        }
        end(s);
        begin(s, "throttling");
        number_if(s, "periods", get_keyed(s, h, "cpu.stat", "nr_periods"));
        number_if(s, "throttledPeriods", get_keyed(s, h, "cpu.stat", "nr_throttled"));
        number_if(s, "throttledTime",
                  v2 ? get_keyed(s, h, "cpu.stat", "throttled_usec") * 1000
                     : get_keyed(s, h, "cpu.stat", "throttled_time"));
        end(s);
        pressure(s, cg, "cpu.pressure");
        end(s);
}

/* "0-1,3" as [0,1,3] */
static void list(struct stats *s, const char *name, const struct hierarchy *h, const char *file)
{
        char text[4096];
        uint8_t bits[1024];
        bool first = true;
        int n;

        if (read_into(s, h, file, text, sizeof(text)) <= 0)
                return;
        n = convert_list(text, bits, sizeof(bits));
        for (int i = 0; i < n * 8; i++) {
                if (!(bits[i / 8] & (1U << (i % 8))))
                        continue;
                begin_entry(s, &first, name);
                json_write_number(s->w, i);
        }
        end_entries(s, first);
}

static void cpuset(struct stats *s, const struct cgroup *cg)
{
        static const char *const flags[] = { "cpu_exclusive",           "mem_hardwall",
                                             "mem_exclusive",           "memory_migrate",
                                             "memory_spread_page",      "memory_spread_slab",
                                             "memory_pressure",         "sched_load_balance",
                                             "sched_relax_domain_level" };
        const struct hierarchy *h = settings_hierarchy(cg, "cpuset");
        bool v1 = h && !h->v2;

        begin(s, "cpuset");
        if (h) {
                list(s, "cpus", h, v1 ? "cpuset.effective_cpus" : "cpuset.cpus.effective");
                list(s, "mems", h, v1 ? "cpuset.effective_mems" : "cpuset.mems.effective");
        }
        for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
                char file[64], text[32] = "0";
                int64_t v = 0;

                (void)snprintf(file, sizeof(file), "cpuset.%s", flags[i]);
                if (v1 && read_into(s, h, file, text, sizeof(text)) > 0)
                        (void)str_to_i64(text, &v);
                json_write_key(s->w, flags[i]);
                json_write_number(s->w, v);
        }
        end(s);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static void entry(struct stats *s, const char *name, uint64_t limit, uint64_t usage, uint64_t max,
                  uint64_t failcnt)
{
        begin(s, name);
        number(s, "limit", limit);
        number_if(s, "usage", usage);
        number_if(s, "max", max);
        number(s, "failcnt", failcnt);
        end(s);
}

/* v1: memory.usage_in_bytes and so on, with "memory.memsw", "memory.kmem" as other prefixes. */
static void entry_v1(struct stats *s, const char *name, const struct hierarchy *h, const char *prefix)
{
        char limit[64], usage[64], max[64], fail[64];

        (void)snprintf(limit, sizeof(limit), "%s.limit_in_bytes", prefix);
        (void)snprintf(usage, sizeof(usage), "%s.usage_in_bytes", prefix);
        (void)snprintf(max, sizeof(max), "%s.max_usage_in_bytes", prefix);
        (void)snprintf(fail, sizeof(fail), "%s.failcnt", prefix);
        entry(s, name, get(s, h, limit), get(s, h, usage), get(s, h, max), get(s, h, fail));
}

static uint64_t add(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void entries_v2(struct stats *s, const struct hierarchy *h)
{
        uint64_t limit = get(s, h, "memory.max"), usage = get(s, h, "memory.current"), swap_max = 0;

        entry(s, "usage", limit, usage, get(s, h, "memory.peak"), get_keyed(s, h, "memory.events", "max"));
        if (h && readable(s, tree_number(h->path, "memory.swap.max", &swap_max), h, "memory.swap.max"))
                entry(s, "swap", add(limit, swap_max), usage + get(s, h, "memory.swap.current"), 0,
                      get_keyed(s, h, "memory.swap.events", "fail"));
        else
                entry(s, "swap", limit, usage, 0, 0);
        entry(s, "kernel", 0, get_keyed(s, h, "memory.stat", "kernel"), 0, 0);
        entry(s, "kernelTCP", 0, get_keyed(s, h, "memory.stat", "sock"), 0, 0);
}

static void memory_raw(struct stats *s, const struct hierarchy *h)
{
        _cleanup_free_ char *text = slurp(s, h, "memory.stat");
        char *save = text, *line;

        if (!text)
                return;
        begin(s, "raw");
        while ((line = strsep(&save, "\n"))) {
                char *value = strchr(line, ' ');
                uint64_t v;

                if (!value)
                        continue;
                *value++ = '\0';
                if (str_to_u64(value, &v) == 0)
                        number(s, line, v);
        }
        end(s);
}

static void memory(struct stats *s, const struct cgroup *cg)
{
        const struct hierarchy *h = settings_hierarchy(cg, "memory");

        begin(s, "memory");
        number_if(s, "cache", get_keyed(s, h, "memory.stat", h && h->v2 ? "file" : "cache"));
        if (h && !h->v2) {
                entry_v1(s, "usage", h, "memory");
                entry_v1(s, "swap", h, "memory.memsw");
                entry_v1(s, "kernel", h, "memory.kmem");
                entry_v1(s, "kernelTCP", h, "memory.kmem.tcp");
        } else {
                entries_v2(s, h);
        }
        memory_raw(s, h);
        pressure(s, cg, "memory.pressure");
        end(s);
}

static void pids(struct stats *s, const struct cgroup *cg)
{
        const struct hierarchy *h = settings_hierarchy(cg, "pids");
        uint64_t max = get(s, h, "pids.max");

        begin(s, "pids");
        number_if(s, "current", get(s, h, "pids.current"));
        number_if(s, "limit", max == UINT64_MAX ? 0 : max);
        end(s);
}

/* ---- block I/O ----------------------------------------------------------------------------------------- */

static void io_entry(struct stats *s, bool *first, const char *name, uint64_t major, uint64_t minor,
                     const char *op, uint64_t value)
{
        begin_entry(s, first, name);
        json_write_object(s->w);
        number(s, "major", major);
        number(s, "minor", minor);
        json_write_member(s->w, "op", op);
        number(s, "value", value);
        end(s);
}

/* "8:0 Read 4096" */
static bool io_v1(struct stats *s, const char *name, const struct hierarchy *h, const char *file)
{
        _cleanup_free_ char *text = slurp(s, h, file);
        char *save = text, *line;
        bool first = true;

        while (text && (line = strsep(&save, "\n"))) {
                const char *at = line;
                uint64_t major, minor, value;
                char op[16];

                if (scan_number(&at, &major) && scan_literal(&at, ":") && scan_number(&at, &minor) &&
                    scan_literal(&at, " ") && scan_word(&at, LETTERS, op, sizeof(op)) &&
                    scan_literal(&at, " ") && scan_number(&at, &value))
                        io_entry(s, &first, name, major, minor, op, value);
        }
        end_entries(s, first);
        return !first;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6": the given words of each line. */
static void io_v2(struct stats *s, const char *name, const char *text, const char *const words[3])
{
        static const char *const ops[3] = { "Read", "Write", "Discard" };
        bool first = true;

        for (const char *line = text; line && *line;
             line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
                const char *start = line;
                uint64_t major, minor;

                if (!scan_number(&start, &major) || !scan_literal(&start, ":") ||
                    !scan_number(&start, &minor))
                        continue;
                for (unsigned i = 0; i < 3; i++) {
                        const char *end_of = strchrnul(line, '\n'), *at = strstr(line, words[i]);
                        uint64_t value;

                        if (at && at < end_of && scan_literal(&at, words[i]) && scan_literal(&at, "=") &&
                            scan_number(&at, &value))
                                io_entry(s, &first, name, major, minor, ops[i], value);
                }
        }
        end_entries(s, first);
}

static void blkio(struct stats *s, const struct cgroup *cg)
{
        static const char *const bytes[3] = { " rbytes", " wbytes", " dbytes" };
        static const char *const ios[3] = { " rios", " wios", " dios" };
        const struct hierarchy *h = settings_hierarchy(cg, "blkio");

        begin(s, "blkio");
        if (h && h->v2) {
                _cleanup_free_ char *text = slurp(s, h, "io.stat");

                io_v2(s, "ioServiceBytesRecursive", text, bytes);
                io_v2(s, "ioServicedRecursive", text, ios);
        } else if (h) {
                if (!io_v1(s, "ioServiceBytesRecursive", h, "blkio.bfq.io_service_bytes_recursive"))
                        io_v1(s, "ioServiceBytesRecursive", h, "blkio.throttle.io_service_bytes_recursive");
                if (!io_v1(s, "ioServicedRecursive", h, "blkio.bfq.io_serviced_recursive"))
                        io_v1(s, "ioServicedRecursive", h, "blkio.throttle.io_serviced_recursive");
                io_v1(s, "ioQueueRecursive", h, "blkio.bfq.io_queued_recursive");
                io_v1(s, "ioServiceTimeRecursive", h, "blkio.bfq.io_service_time_recursive");
                io_v1(s, "ioWaitTimeRecursive", h, "blkio.bfq.io_wait_time_recursive");
                io_v1(s, "ioMergedRecursive", h, "blkio.bfq.io_merged_recursive");
                io_v1(s, "ioTimeRecursive", h, "blkio.bfq.time_recursive");
                io_v1(s, "sectorsRecursive", h, "blkio.bfq.sectors_recursive");
        }
        pressure(s, cg, "io.pressure");
        end(s);
}

/* ---- huge pages ---------------------------------------------------------------------------------------- */

static void hugetlb_size(struct stats *s, const struct hierarchy *h, const char *size)
{
        char usage[64], max[64], fail[64];
        uint64_t v, failcnt;

        (void)snprintf(usage, sizeof(usage), "hugetlb.%s.%s", size, h->v2 ? "current" : "usage_in_bytes");
        (void)snprintf(max, sizeof(max), "hugetlb.%s.max_usage_in_bytes", size);
        (void)snprintf(fail, sizeof(fail), "hugetlb.%s.%s", size, h->v2 ? "events" : "failcnt");
        if (!readable(s, tree_number(h->path, usage, &v), h, usage))
                return;
        failcnt = h->v2 ? get_keyed(s, h, fail, "max") : get(s, h, fail);
        begin(s, size);
        number_if(s, "usage", v);
        number_if(s, "max", h->v2 ? 0 : get(s, h, max));
        number(s, "failcnt", failcnt);
        end(s);
}

/* The sizes are those of the directories hugepages-2048kB and so on. */
static void hugetlb(struct stats *s, const struct cgroup *cg)
{
        const struct hierarchy *h = settings_hierarchy(cg, "hugetlb");
        _cleanup_(dir_close) struct dir dir = DIR_INIT;
        int r = h ? dir_open(&dir, AT_FDCWD, "/sys/kernel/mm/hugepages") : -ENOENT;

        begin(s, "hugetlb");
        while (r >= 0 && (r = dir_next(&dir)) > 0) {
                static const char *const units[] = { "KB", "MB", "GB" };
                const char *at = dir.name;
                char size[32];
                uint64_t kb;
                unsigned unit = 0;

                if (!scan_literal(&at, "hugepages-") || !scan_number(&at, &kb))
                        continue;
                for (; kb >= 1024 && kb % 1024 == 0 && unit < 2; unit++)
                        kb /= 1024;
                (void)snprintf(size, sizeof(size), "%" PRIu64 "%s", kb, units[unit]);
                hugetlb_size(s, h, size);
        }
        end(s);
        if (r < 0 && r != -ENOENT && s->unread == 0) {
                s->unread = r;
                s->unread_call = "getdents64";
                (void)snprintf(s->unread_file, sizeof(s->unread_file), "/sys/kernel/mm/hugepages");
        }
}

int stats_write(const struct cgroup *cg, struct json_writer *w, struct cfs_error *err)
{
        struct stats s = { .w = w };

        json_write_object(w);
        cpu(&s, cg);
        cpuset(&s, cg);
        memory(&s, cg);
        pids(&s, cg);
        blkio(&s, cg);
        hugetlb(&s, cg);
        begin(&s, "intel_rdt");
        end(&s);
        json_write_key(w, "network_interfaces");
        json_write_raw(w, "null");
        json_write_object_end(w);
        if (s.unread < 0)
                return err_path(err, -s.unread, s.unread_call, s.unread_file, "read `%s`", s.unread_file);
        return 0;
}
