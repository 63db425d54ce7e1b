/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources to files and values: the table of knobs.c, on imagined machines. */
#include "test.h"
#include "libcfs/cgroup/hierarchy/v2.h"
#include "libcfs/cgroup/limits/convert.h"
#include "libcfs/cgroup/limits/knobs.h"
#include "libcfs/cgroup/limits/limits.h"
#include "oci.h"
#include <errno.h>
#include <sys/stat.h>

static const char all_v1[] = "cpu,cpuacct,cpuset,memory,pids,blkio,hugetlb,net_cls,net_prio,rdma,devices";

/* What is written, as "FILE=VALUE FILE=VALUE"; or "!PROPERTY" for an error. */
static void expect(bool v2, const char *json, const char *want)
{
        struct cgroup cg = { .n = 1, .h = { { .name = v2 ? "" : all_v1, .path = "/nowhere", .v2 = v2 } } };
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_settings_ struct settings s = { 0 };
        struct oci_resources *r;
        struct cfs_error err;
        char got[2048] = "";

        assert_ok(oci_decode(&oci_resources_type, "test", json, strlen(json), (void **)&r, &arena, &err));
        if (limits_convert(&cg, r, false, &s, &err) < 0) {
                (void)snprintf(got, sizeof(got), "!%s%s", err.code == CFS_E_UNSUPPORTED ? "!" : "",
                               err.property);
                assert_int_not_equal(err.text[0], 0);
        } else {
                for (size_t i = 0; i < s.n; i++) {
                        size_t n = strlen(got);

                        if (!s.p[i].file[0])
                                continue;
                        (void)snprintf(got + n, sizeof(got) - n, "%s%s=%s%s", n ? " | " : "", s.p[i].file,
                                       s.p[i].value, s.p[i].optional ? "?" : "");
                        if (s.p[i].alt_file[0]) {
                                n = strlen(got);
                                (void)snprintf(got + n, sizeof(got) - n, " or %s=%s", s.p[i].alt_file,
                                               s.p[i].alt_value ? s.p[i].alt_value : s.p[i].value);
                        }
                }
        }
        if (!STREQ(got, want))
                fail_msg("%s on %s:\n  wanted %s\n  got    %s", json, v2 ? "v2" : "v1", want, got);
}

static void both(const char *json, const char *v1, const char *v2)
{
        expect(false, json, v1);
        expect(true, json, v2);
}

/* spec: config-linux.memory.1 config-linux.memory.2 */
static void memory(void **state)
{
        (void)state;
        both("{\"memory\":{\"limit\":1000000}}", "memory.limit_in_bytes=1000000", "memory.max=1000000");
        /* Unlimited memory takes the limit of swap along. */
        both("{\"memory\":{\"limit\":-1}}", "memory.limit_in_bytes=-1 | memory.memsw.limit_in_bytes=-1?",
             "memory.max=max | memory.swap.max=max?");
        both("{\"memory\":{\"limit\":100,\"swap\":300}}",
             "memory.limit_in_bytes=100 | memory.memsw.limit_in_bytes=300",
             "memory.max=100 | memory.swap.max=200");
        /* No swap at all holds where there is no swap. */
        expect(true, "{\"memory\":{\"limit\":100,\"swap\":100}}", "memory.max=100 | memory.swap.max=0?");
        both("{\"memory\":{\"limit\":100,\"swap\":-1}}",
             "memory.limit_in_bytes=100 | memory.memsw.limit_in_bytes=-1?",
             "memory.max=100 | memory.swap.max=max?");
        both("{\"memory\":{\"limit\":100,\"swap\":99}}", "!linux.resources.memory.swap",
             "!linux.resources.memory.swap");
        both("{\"memory\":{\"swap\":99}}", "!linux.resources.memory.swap", "!linux.resources.memory.swap");
        both("{\"memory\":{\"limit\":-1,\"swap\":99}}", "!linux.resources.memory.swap",
             "!linux.resources.memory.swap");
        both("{\"memory\":{\"reservation\":5}}", "memory.soft_limit_in_bytes=5", "memory.low=5");
        both("{\"memory\":{\"kernel\":5}}", "memory.kmem.limit_in_bytes=5",
             "!!linux.resources.memory.kernel");
        both("{\"memory\":{\"kernelTCP\":5}}", "memory.kmem.tcp.limit_in_bytes=5",
             "!!linux.resources.memory.kernelTCP");
        both("{\"memory\":{\"swappiness\":0}}", "memory.swappiness=0", "!!linux.resources.memory.swappiness");
        both("{\"memory\":{\"swappiness\":101}}", "!linux.resources.memory.swappiness",
             "!linux.resources.memory.swappiness");
        both("{\"memory\":{\"disableOOMKiller\":true}}", "memory.oom_control=1",
             "!!linux.resources.memory.disableOOMKiller");
        both("{\"memory\":{\"disableOOMKiller\":false}}", "", "");
        both("{\"memory\":{\"useHierarchy\":true}}", "memory.use_hierarchy=1?", "");
}

/* spec: config-linux.cpu.1 config-linux.cpu.2 config-linux.cpu.4 config-linux.cpu.5 */
static void cpu(void **state)
{
        (void)state;
        both("{\"cpu\":{\"shares\":1024}}", "cpu.shares=1024", "cpu.weight=100");
        both("{\"cpu\":{\"shares\":2}}", "cpu.shares=2", "cpu.weight=1");
        both("{\"cpu\":{\"quota\":50000,\"period\":200000}}",
             "cpu.cfs_period_us=200000 | cpu.cfs_quota_us=50000", "cpu.max=50000 200000");
        both("{\"cpu\":{\"quota\":50000}}", "cpu.cfs_quota_us=50000", "cpu.max=50000");
        both("{\"cpu\":{\"period\":200000}}", "cpu.cfs_period_us=200000", "cpu.max=max 200000");
        both("{\"cpu\":{\"quota\":-1}}", "cpu.cfs_quota_us=-1", "cpu.max=max");
        both("{\"cpu\":{\"quota\":-1,\"period\":50000}}", "cpu.cfs_period_us=50000 | cpu.cfs_quota_us=-1",
             "cpu.max=max 50000");
        both("{\"cpu\":{\"burst\":10,\"quota\":20000}}", "cpu.cfs_quota_us=20000 | cpu.cfs_burst_us=10",
             "cpu.max=20000 | cpu.max.burst=10");
        both("{\"cpu\":{\"idle\":1}}", "cpu.idle=1", "cpu.idle=1");
        both("{\"cpu\":{\"idle\":0}}", "cpu.idle=0?", "cpu.idle=0?");
        both("{\"cpu\":{\"realtimeRuntime\":10,\"realtimePeriod\":20}}",
             "cpu.rt_period_us=20 | cpu.rt_runtime_us=10", "!!linux.resources.cpu.realtimePeriod");
        both("{\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}}", "cpuset.cpus=0-1 | cpuset.mems=0",
             "cpuset.cpus=0-1 | cpuset.mems=0");
        both("{\"cpu\":{\"cpus\":\"3-1\"}}", "!linux.resources.cpu.cpus", "!linux.resources.cpu.cpus");
        both("{\"cpu\":{\"cpus\":\",\"}}", "!linux.resources.cpu.cpus", "!linux.resources.cpu.cpus");
}

/* spec: config-linux.pids.1 */
static void pids_zero_is_a_limit(void **state)
{
        (void)state;
        both("{\"pids\":{\"limit\":0}}", "pids.max=0", "pids.max=0");
        both("{\"pids\":{\"limit\":20}}", "pids.max=20", "pids.max=20");
        both("{\"pids\":{\"limit\":-1}}", "pids.max=max", "pids.max=max");
}

/* What docker sends for `docker update` asks for nothing at all. */
static void zeros_ask_for_nothing(void **state)
{
        (void)state;
        both("{\"memory\":{\"limit\":0,\"reservation\":0,\"swap\":0,\"kernel\":0,\"kernelTCP\":0},"
             "\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"realtimeRuntime\":0,\"realtimePeriod\":0,\"cpus\":\"\",\"mems\":\"\"},"
             "\"blockIO\":{\"weight\":0,\"leafWeight\":0},\"network\":{\"classID\":0}}",
             "", "");
        both("{}", "", "");
}

/* spec: config-linux.blockio.1 config-linux.blockio.2 config-linux.blockio.3 */
static void block_io(void **state)
{
        (void)state;
        both("{\"blockIO\":{\"weight\":100}}", "blkio.weight=100 or blkio.bfq.weight=100",
             "io.bfq.weight=100 or io.weight=default 910");
        both("{\"blockIO\":{\"weight\":9}}", "!linux.resources.blockIO.weight",
             "!linux.resources.blockIO.weight");
        both("{\"blockIO\":{\"weight\":1001}}", "!linux.resources.blockIO.weight",
             "!linux.resources.blockIO.weight");
        both("{\"blockIO\":{\"leafWeight\":10}}", "blkio.leaf_weight=10",
             "!!linux.resources.blockIO.leafWeight");
        both("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1000}]}}",
             "blkio.weight_device=8:0 1000 or blkio.bfq.weight_device=8:0 1000",
             "io.bfq.weight=8:0 1000 or io.weight=8:0 10000");
        both("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}}",
             "!linux.resources.blockIO.weightDevice[0]", "!linux.resources.blockIO.weightDevice[0]");
        both("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":16,\"rate\":600}],"
             "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":0}]}}",
             "blkio.throttle.read_bps_device=8:16 600 | blkio.throttle.write_iops_device=8:16 0",
             "io.max=8:16 rbps=600 | io.max=8:16 wiops=max");
}

/* spec: config-linux.hugepages.1 config-linux.network.1 config-linux.rdma.1 config-linux.rdma.2 */
/* spec: config-linux.unified.1 config-linux.unified.4 */
static void the_rest(void **state)
{
        (void)state;
        both("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":5}]}",
             "hugetlb.2MB.limit_in_bytes=5 | hugetlb.2MB.rsvd.limit_in_bytes=5?",
             "hugetlb.2MB.max=5 | hugetlb.2MB.rsvd.max=5?");
        both("{\"network\":{\"classID\":7,\"priorities\":[{\"name\":\"lo\",\"priority\":3}]}}",
             "net_cls.classid=7 | net_prio.ifpriomap=lo 3", "!!linux.resources.network.classID");
        both("{\"rdma\":{\"mlx5_0\":{\"hcaHandles\":3,\"hcaObjects\":9},\"x\":{\"hcaObjects\":0}}}",
             "rdma.max=mlx5_0 hca_handle=3 hca_object=9 | rdma.max=x hca_object=0",
             "rdma.max=mlx5_0 hca_handle=3 hca_object=9 | rdma.max=x hca_object=0");
        both("{\"rdma\":{\"x\":{}}}", "!linux.resources.rdma", "!linux.resources.rdma");
        expect(true, "{\"unified\":{\"memory.high\":\"5\",\"io.max\":\"8:0 rbps=1\"}}",
               "memory.high=5 | io.max=8:0 rbps=1");
        expect(true, "{\"unified\":{\"../x\":\"5\"}}", "!linux.resources.unified");
}

static void collect(void *data, const struct cfs_error *problem)
{
        char *got = data;
        size_t n = strlen(got);

        (void)snprintf(got + n, 1024 - n, "%s%d:%s", n ? " " : "", problem->code, problem->property);
}

/* Every problem is reported, with what kind it is; an unknown controller is one. */
static void all_problems_at_once(void **state)
{
        static const char json[] = "{\"memory\":{\"limit\":5,\"swappiness\":200},\"pids\":{\"limit\":5},"
                                   "\"unified\":{\"memory.high\":\"5\"}}";
        struct cgroup cg = { .n = 1, .h = { { .name = "memory", .path = "/nowhere" } } };
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_resources *r;
        struct cfs_error err;
        char got[1024] = "", want[1024];

        (void)state;
        assert_ok(oci_decode(&oci_resources_type, "test", json, strlen(json), (void **)&r, &arena, &err));
        limits_check(&cg, r, collect, got);
        (void)snprintf(
                want, sizeof(want),
                "%d:linux.resources.memory.swappiness %d:linux.resources.pids.limit %d:linux.resources.unified",
                CFS_E_INVALID, CFS_E_UNSUPPORTED, CFS_E_UNSUPPORTED);
        assert_string_equal(got, want);
}

/* Every property of the schema is in the table: none is dropped. */
static int visit(void *data, const char *path, const struct oci_property *p)
{
        char name[96];

        (void)data;
        (void)snprintf(name, sizeof(name), "%s", path);
        name[strcspn(name, "[{")] = '\0';
        if (p->kind == OCI_OBJECT && p->shape == OCI_ONE)
                return 0;
        /* Not a value of its own: says how to write the others. */
        if (STREQ(name, "memory.checkBeforeUpdate"))
                return 0;
        for (const struct knob *k = knobs; k->property; k++) {
                if (STREQ(k->property, name))
                        return 0;
        }
        fail_msg("linux.resources.%s is in no row of knobs.c", name);
        return 0;
}

static void every_property_has_a_row(void **state)
{
        (void)state;
        assert_int_equal(oci_walk(&oci_resources_type, visit, NULL), 0);
}

static void conversions(void **state)
{
        static const struct {
                uint64_t shares, weight;
        } known[] = { { 0, 0 },          { 1, 1 },          { 2, 1 },
                      { 3, 2 },          { 10, 4 },         { 102, 17 },
                      { 512, 59 },       { 1024, 100 },     { 1025, 101 },
                      { 2048, 174 },     { 4096, 303 },     { 65536, 3023 },
                      { 262143, 10000 }, { 262144, 10000 }, { UINT64_MAX, 10000 } };
        uint8_t bits[4];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                if (convert_shares(known[i].shares) != known[i].weight)
                        fail_msg("%llu shares give %llu, not %llu", (unsigned long long)known[i].shares,
                                 (unsigned long long)convert_shares(known[i].shares),
                                 (unsigned long long)known[i].weight);
        }
        for (uint64_t s = 3; s < 262144; s += 7)
                assert_true(convert_shares(s) >= convert_shares(s - 1));
        assert_int_equal(convert_io_weight(0), 0);
        assert_int_equal(convert_io_weight(10), 1);
        assert_int_equal(convert_io_weight(1000), 10000);
        assert_int_equal(convert_quota_per_second(50000, 100000), 500000);
        assert_int_equal(convert_quota_per_second(33333, 100000), 340000);
        assert_int_equal(convert_quota_per_second(100000, 0), 1000000);
        assert_int_equal(convert_list("0-1,9", bits, sizeof(bits)), 2);
        assert_int_equal(bits[0], 3);
        assert_int_equal(bits[1], 2);
        assert_int_equal(convert_list("31", bits, sizeof(bits)), 4);
        assert_int_equal(convert_list("32", bits, sizeof(bits)), -EINVAL);
        assert_int_equal(convert_list("1x", bits, sizeof(bits)), -EINVAL);
        assert_int_equal(convert_list("0 - 1", bits, sizeof(bits)), -EINVAL); /* to the kernel as well */
        assert_int_equal(convert_list(" 1 2,,3 ", bits, sizeof(bits)), 1);
        assert_int_equal(bits[0], 14);
        assert_int_equal(convert_list("", bits, sizeof(bits)), 0);
}

/* An imagined hierarchy whose cgroup.controllers cannot be read: so its controllers are not enabled. */
static void what_could_not_be_enabled_is_said(void **state)
{
        char *top = test_mkdir(), path[1024], five[] = "5";
        struct cgroup cg = { .n = 1, .h = { { .name = "", .mount = top, .path = path, .v2 = true } } };
        struct setting set = {
                .controller = "pids", .file = "pids.max", .value = five, .property = "pids.limit"
        };
        struct settings s = { .n = 1, .p = &set };
        struct cfs_error err = { 0 };

        (void)state;
        (void)snprintf(path, sizeof(path), "%s/cgroup.controllers", top);
        assert_int_equal(mkdir(path, 0755), 0);
        (void)snprintf(path, sizeof(path), "%s/c", top);
        assert_int_equal(mkdir(path, 0755), 0);
        test_write(path, "cgroup.controllers", "cpu memory");
        v2_enable(&cg.h[0], NULL);
        assert_int_equal(cg.h[0].not_enabled, EISDIR);
        assert_true(settings_apply(&s, &cg, false, &err) < 0);
        assert_contains(err.text, "the pids controller is not enabled");
        assert_contains(err.text, err_strerror(EISDIR));
        test_rmdir(top);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(memory),
                cmocka_unit_test(cpu),
                cmocka_unit_test(pids_zero_is_a_limit),
                cmocka_unit_test(zeros_ask_for_nothing),
                cmocka_unit_test(block_io),
                cmocka_unit_test(the_rest),
                cmocka_unit_test(all_problems_at_once),
                cmocka_unit_test(every_property_has_a_row),
                cmocka_unit_test(conversions),
                cmocka_unit_test(what_could_not_be_enabled_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
