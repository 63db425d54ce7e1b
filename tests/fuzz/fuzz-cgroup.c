/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is read from the files of a cgroup, as the kernel never wrote them: by events --stats, the list of
 * processes, and an update of device rules. The first byte says which version; then a byte for a file, and
 * its text up to a NUL, again and again. Statistics are JSON whatever was read.
 */
#include "fuzz.h"
#include "base/log.h"
#include "json.h"
#include "libcfs/cgroup/devices/devcg.h"
#include "libcfs/cgroup/hierarchy/members.h"
#include "libcfs/cgroup/limits/oom.h"
#include "libcfs/cgroup/limits/stats.h"
#include "oci.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *const files[] = {
        "cgroup.procs",
        "cgroup.events",
        "cgroup.freeze",
        "freezer.state",
        "cpu.stat",
        "cpu.pressure",
        "cpuacct.usage",
        "cpuacct.stat",
        "cpuacct.usage_all",
        "cpuacct.usage_percpu",
        "cpuset.cpus",
        "cpuset.mems",
        "cpuset.cpus.effective",
        "cpuset.effective_cpus",
        "cpuset.memory_pressure",
        "memory.stat",
        "memory.max",
        "memory.current",
        "memory.peak",
        "memory.swap.max",
        "memory.swap.current",
        "memory.swap.events",
        "memory.events",
        "memory.events.local",
        "memory.pressure",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "memory.memsw.usage_in_bytes",
        "memory.oom_control",
        "memory.kmem.usage_in_bytes",
        "memory.failcnt",
        "pids.current",
        "pids.max",
        "io.stat",
        "io.pressure",
        "blkio.throttle.io_service_bytes_recursive",
        "blkio.bfq.io_serviced_recursive",
        "blkio.bfq.sectors_recursive",
        "devices.list",
        "devices.allow",
        "devices.deny",
        "memory.numa_stat",
        "memory.use_hierarchy",
        "hugetlb.2MB.current",
        "hugetlb.2MB.events",
};

static char dir[] = "/dev/shm/fuzz-cgroup-XXXXXX";
static int dir_fd = -1;

static void forget(void)
{
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                (void)unlinkat(dir_fd, files[i], 0);
        (void)rmdir(dir);
}

static void begin(void)
{
        CHECK(mkdtemp(dir));
        dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(dir_fd >= 0 && atexit(forget) == 0);
}

static void write_files(const uint8_t *data, size_t size)
{
        static bool there[sizeof(files) / sizeof(files[0])];

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                if (there[i])
                        (void)unlinkat(dir_fd, files[i], 0);
                there[i] = false;
        }
        while (size > 1) {
                size_t which = data[0] % (sizeof(files) / sizeof(files[0]));
                const char *name = files[which];
                size_t n = strnlen((const char *)data + 1, size - 1);
                int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

                CHECK(fd >= 0 && write(fd, data + 1, n) == (ssize_t)n);
                (void)close(fd);
                there[which] = true;
                data += n + 1;
                size -= n + 1;
                if (size > 0) { /* the NUL */
                        data++;
                        size--;
                }
        }
}

static int ok(void *data, size_t offset)
{
        (void)data;
        (void)offset;
        return 0;
}

static int ok_boolean(void *data, size_t offset, bool value)
{
        (void)value;
        return ok(data, offset);
}

static int ok_text(void *data, size_t offset, const char *s, size_t len)
{
        (void)s;
        (void)len;
        return ok(data, offset);
}

static void statistics(const struct cgroup *cg)
{
        const struct json_events events = { ok, ok_boolean, ok_text, ok_text, ok_text, ok, ok, ok, ok };
        struct json_writer *w = json_write_new(0);
        struct cfs_error err = { 0 };
        struct json_problem problem;
        char *text;
        size_t len;
        int r;

        CHECK(w);
        r = stats_write(cg, w, &err);
        CHECK(r == 0 || err.text[0]);
        CHECK(json_write_take(w, &text, &len, &err) == 0);
        CHECK(json_parse(text, len, &events, NULL, &problem) == 0);
        free(text);
}

static void ignore_log(void *data, enum log_level level, const char *message)
{
        (void)data;
        (void)level;
        CHECK(message);
}

/* An update: the rules that are in force are read, and only differences are written. */
static void devices(const struct cgroup *cg)
{
        static const char json[] =
                "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\","
                "\"major\":10,\"minor\":200,\"access\":\"rw\"}]}";
        struct cgroup_request rq = { 0 };
        struct oci_arena *arena;
        struct cfs_error err = { 0 };
        void *root;
        int r;

        CHECK(oci_decode(&oci_resources_type, "x", json, strlen(json), &root, &arena, &err) == 0);
        rq.resources = root;
        r = devcg_apply(cg, &rq, true, NULL, &err);
        CHECK(r >= 0 || err.text[0]);
        oci_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cgroup cg = { .n = 1 };
        struct tree_pids pids = { 0 };
        struct cfs_error err = { 0 };
        uint64_t n;

        if (size == 0)
                return 0;
        if (dir_fd < 0)
                begin();
        log_set_handler(ignore_log, NULL, LOG_LEVEL_DEBUG);
        cg.h[0] = (struct hierarchy){
                .name = data[0] & 1 ? "" : "cpu,cpuacct,cpuset,memory,pids,blkio,hugetlb,devices,freezer",
                .path = dir,
                .v2 = data[0] & 1,
                .dir_fd = -1,
                .enter_fd = -1
        };
        write_files(data + 1, size - 1);
        statistics(&cg);
        if (members_list(&cg, &pids, &err) >= 0)
                for (size_t i = 0; i < pids.n; i++)
                        CHECK(pids.p[i] > 0 && (i == 0 || pids.p[i - 1] < pids.p[i]));
        else
                CHECK(err.text[0]);
        free(pids.p);
        (void)oom_count(&cg.h[0], &n);
        if (!cg.h[0].v2)
                devices(&cg);
        return 0;
}
