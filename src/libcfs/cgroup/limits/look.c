/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel will refuse when the limits are written, found without writing: CPUs and memory nodes that
 * the machine does not have, disks that are not there, controllers and files that the hierarchy lacks.
 */
#include "libcfs/cgroup/limits/limits.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/numlist.h"
#include "base/str.h"
#include "libcfs/cgroup/limits/knobs.h"
#include "libcfs/cgroup/limits/settings.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void (*report_fn)(void *data, const struct cfs_error *problem);

struct looker {
        const struct cgroup *cg;
        report_fn report;
        void *data;
};

__attribute__((format(printf, 4, 5))) static void found(struct looker *l, enum cfs_code code,
                                                        const char *property, const char *fmt, ...)
{
        struct cfs_error err = { 0 };
        char text[512];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        (void)err_property(&err, err_set(&err, code, "%s", text), "linux.resources.%s", property);
        l->report(l->data, &err);
}

/* All numbers of the list must be in the file's. */
static void look_list(struct looker *l, const char *text, const char *property, const char *dir,
                      const char *file)
{
        _cleanup_numlist_ struct numlist wanted = { 0 }, has = { 0 };
        _cleanup_free_ char *path = NULL;
        char buf[4096];

        if (str_empty(text) || numlist_parse(text, &wanted, NULL) < 0 ||
            str_printf(&path, NULL, "%s/%s", dir, file) < 0 ||
            io_read_small(AT_FDCWD, path, buf, sizeof(buf)) <= 0 || numlist_parse(buf, &has, NULL) < 0)
                return;
        for (unsigned i = 0; i <= NUMLIST_MAX; i++)
                if (numlist_has(&wanted, i) && !numlist_has(&has, i)) {
                        found(l, CFS_E_UNSUPPORTED, property, "`%.100s`: there is no %u, `%s` has `%s`", text,
                              i, path, buf);
                        return;
                }
}

static void look_cpuset(struct looker *l, const struct oci_cpu *cpu)
{
        const struct hierarchy *h = settings_hierarchy(l->cg, "cpuset");

        if (!cpu || !h)
                return;
        if (h->v2) {
                look_list(l, cpu->cpus, "cpu.cpus", "/sys/devices/system/cpu", "possible");
        } else {
                look_list(l, cpu->cpus, "cpu.cpus", h->mount, "cpuset.cpus");
                look_list(l, cpu->mems, "cpu.mems", h->mount, "cpuset.mems");
        }
}

static void look_disk(struct looker *l, const char *list, size_t i, int64_t major, int64_t minor)
{
        char path[80], property[80];

        (void)snprintf(path, sizeof(path), "/sys/dev/block/%" PRId64 ":%" PRId64, major, minor);
        if (access(path, F_OK) == 0 || access("/sys/dev/block", F_OK) < 0)
                return;
        (void)snprintf(property, sizeof(property), "blockIO.%s[%zu]", list, i);
        found(l, CFS_E_UNSUPPORTED, property, "there is no block device %" PRId64 ":%" PRId64, major, minor);
}

static void look_throttle(struct looker *l, const char *list, struct oci_throttle_device *const *d, size_t n)
{
        for (size_t i = 0; i < n; i++)
                look_disk(l, list, i, d[i]->major, d[i]->minor);
}

static void look_disks(struct looker *l, const struct oci_block_io *b)
{
        if (!b)
                return;
        for (size_t i = 0; i < b->n_weight_device; i++)
                look_disk(l, "weightDevice", i, b->weight_device[i]->major, b->weight_device[i]->minor);
        look_throttle(l, "throttleReadBpsDevice", b->throttle_read_bps_device, b->n_throttle_read_bps_device);
        look_throttle(l, "throttleWriteBpsDevice", b->throttle_write_bps_device,
                      b->n_throttle_write_bps_device);
        look_throttle(l, "throttleReadIOPSDevice", b->throttle_read_iops_device,
                      b->n_throttle_read_iops_device);
        look_throttle(l, "throttleWriteIOPSDevice", b->throttle_write_iops_device,
                      b->n_throttle_write_iops_device);
}

static bool has_word(const char *list, const char *word)
{
        size_t n = strlen(word);

        for (const char *p = list; (p = strstr(p, word)); p += n)
                if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0'))
                        return true;
        return false;
}

/* The controller that a v2 setting needs; of linux.resources.unified the file's name says it. "": none. */
static void controller_of(const struct setting *s, char *ret, size_t size)
{
        if (s->controller[0])
                (void)snprintf(ret, size, "%s", s->controller);
        else
                (void)snprintf(ret, size, "%.*s", (int)strcspn(s->file, "."), s->file);
        if (STREQ(ret, "cgroup"))
                *ret = '\0';
}

/* cgroup.controllers of a v2 hierarchy, and the files that some kernels' v1 hierarchies lack. */
static void look_file(struct looker *l, const struct setting *s)
{
        static const char *const optional[] = { "memory.memsw.", "cpu.rt_" };
        const struct hierarchy *h = settings_hierarchy(l->cg, s->controller);
        _cleanup_free_ char *path = NULL;
        char controllers[512], controller[64];

        if (!h || str_printf(&path, NULL, "%s/%s", h->mount, h->v2 ? "cgroup.controllers" : s->file) < 0)
                return;
        controller_of(s, controller, sizeof(controller));
        if (h->v2 && controller[0] && io_read_small(AT_FDCWD, path, controllers, sizeof(controllers)) >= 0 &&
            !has_word(controllers, controller))
                found(l, CFS_E_UNSUPPORTED, s->property, "controller `%s` is not in `%s`", controller, path);
        for (size_t k = 0; !h->v2 && k < ARRAY_SIZE(optional); k++)
                if (str_has_prefix(s->file, optional[k]) && access(path, F_OK) < 0 && errno == ENOENT)
                        found(l, CFS_E_UNSUPPORTED, s->property, "this kernel has no `%s`", path);
}

/* One problem a property is enough. */
static void look_files(struct looker *l, const struct oci_resources *r)
{
        for (const struct knob *k = knobs; k->property; k++) {
                _cleanup_settings_ struct settings s = { 0 };
                struct cfs_error ignored = { 0 };

                if (limits_convert_row(l->cg, k, r, &s, &ignored) < 0 || s.n == 0)
                        continue;
                for (size_t i = 0; i < (STREQ(k->property, "unified") ? s.n : 1); i++)
                        look_file(l, &s.p[i]);
        }
}

/* "2MB" is the directory hugepages-2048kB. */
static void look_hugepages(struct looker *l, const struct oci_resources *r)
{
        static const char *const units[] = { "KB", "MB", "GB" };

        for (size_t i = 0; i < r->n_hugepage_limits; i++) {
                const char *size = r->hugepage_limits[i]->page_size;
                char path[96], property[64], *unit;
                unsigned long long n = size ? strtoull(size, &unit, 10) : 0;

                for (size_t u = 0; n && u < ARRAY_SIZE(units) && !STREQ(unit, units[u]); u++)
                        n *= 1024;
                (void)snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB", n);
                if (n == 0 || access(path, F_OK) == 0)
                        continue;
                (void)snprintf(property, sizeof(property), "hugepageLimits[%zu].pageSize", i);
                found(l, CFS_E_UNSUPPORTED, property, "this machine has no huge pages of %.32s", size);
        }
}

void limits_look(const struct cgroup *cg, const struct oci_resources *r, bool host, report_fn report,
                 void *data)
{
        struct looker l = { .cg = cg, .report = report, .data = data };

        if (!host)
                return;
        look_cpuset(&l, r->cpu);
        look_disks(&l, r->block_io);
        look_hugepages(&l, r);
        look_files(&l, r);
}
