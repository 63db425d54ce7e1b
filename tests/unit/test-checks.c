/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checks of the process's rows, one document a line: the members it has, and the problem that is found in
 * it ("PROPERTY: PART OF THE MESSAGE"), NULL when there is none. More than one problem is an error of the
 * test.
 */
#include "ctx.h"
#include "libcfs/steps/steps.h"

typedef void (*check_fn)(const struct ctx *c, struct problems *p);

struct document {
        check_fn check;
        const char *members;
        const char *problem;
};

#define V(version)           "\"ociVersion\":\"" version "\""
#define P                    TEST_PROCESS
#define L                    TEST_LINUX
#define NS                   TEST_NS
#define RL(type, soft, hard) "{\"type\":\"" type "\",\"soft\":" #soft ",\"hard\":" #hard "}"
#define RLIMITS(x)           P("\"rlimits\":[" x "]")
#define SCHED(x)             P("\"scheduler\":{" x "}")
#define MEM(x)               L("\"memoryPolicy\":{" x "}")
#define SYSCTL(ns, name)     L(NS(ns) ",\"sysctl\":{\"" name "\":\"1\"}")
#define USERNS               "\"namespaces\":[{\"type\":\"user\"}],"
#define MAP(c, h, n)         "{\"containerID\":" #c ",\"hostID\":" #h ",\"size\":" #n "}"
#define MAPS(u, g)           L(USERNS "\"uidMappings\":[" u "],\"gidMappings\":[" g "]")
#define NET(x)               L(NS("network") ",\"netDevices\":{" x "}")
#define RDT(x)               L("\"intelRdt\":{" x "}")

static const struct document documents[] = {
        { oci_version_check, V("1.0.0"), NULL },
        { oci_version_check, V("1.0.2-dev"), NULL },
        { oci_version_check, V("1.3.0"), NULL },
        { oci_version_check, V("1.3.99"), NULL },
        { oci_version_check, V("1.3.0-rc.1+build.5"), NULL },
        { oci_version_check, V("1.2.1+dev"), NULL },
        { oci_version_check, V("01.0.0"), "ociVersion: \"01.0.0\" is not a version" },
        { oci_version_check, V("1.4.0"), "ociVersion: \"1.4.0\" is newer than" },
        { oci_version_check, V("1.10.0"), "ociVersion: \"1.10.0\" is newer than" },
        { oci_version_check, V("2.0.0"), "ociVersion: \"2.0.0\" is another major version" },
        { oci_version_check, V("0.9.0"), "ociVersion: \"0.9.0\" is another major version" },

        { hostname_check, "\"hostname\":\"h\"", "hostname: needs a UTS namespace" },
        { hostname_check, "\"hostname\":\"h\"," L(NS("uts")), NULL },
        { hostname_check, "\"hostname\":\"\"", NULL },
        { hostname_check,
          "\"hostname\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"," L(NS("uts")),
          "hostname: has 65 bytes" },
        { hostname_domain_check, "\"domainname\":\"h\"", "domainname: needs a UTS namespace" },
        { hostname_domain_check, "\"domainname\":\"h\"," L(NS("uts")), NULL },

        { rlimits_check, RLIMITS(RL("RLIMIT_NOFILE", 1, 2) "," RL("RLIMIT_CORE", 0, 0)), NULL },
        { rlimits_check, RLIMITS(RL("RLIMIT_AS", 18446744073709551615, 18446744073709551615)), NULL },
        { rlimits_check, RLIMITS(RL("RLIMIT_NOFILE", 3, 2)),
          "process.rlimits[0].soft: 3 exceeds the hard limit, 2" },
        { rlimits_check, RLIMITS(RL("RLIMIT_CPU", 1, 2) "," RL("RLIMIT_NOFIL", 1, 2)),
          "process.rlimits[1].type: \"RLIMIT_NOFIL\" is not a resource limit" },
        { rlimits_check, RLIMITS(RL("RLIMIT_CPU", 1, 2) "," RL("RLIMIT_AS", 1, 2) "," RL("RLIMIT_CPU", 1, 2)),
          "process.rlimits[2].type: RLIMIT_CPU is set twice" },

        { scheduler_check, SCHED("\"policy\":\"SCHED_OTHER\",\"nice\":-5"), NULL },
        { scheduler_check,
          SCHED("\"policy\":\"SCHED_FIFO\",\"priority\":10,\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]"), NULL },
        { scheduler_check,
          SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":10000,\"deadline\":20000,\"period\":30000"),
          NULL },
        { scheduler_check, SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":10000,\"deadline\":20000"),
          NULL },
        { scheduler_check, SCHED("\"policy\":\"SCHED_RR\""),
          "process.scheduler.priority: 0 is not between 1 and 99" },
        { scheduler_check, SCHED("\"policy\":\"SCHED_BATCH\",\"priority\":1"),
          "process.scheduler.priority: has no meaning for SCHED_BATCH" },
        { scheduler_check, SCHED("\"policy\":\"SCHED_FIFO\",\"priority\":1,\"nice\":1"), NULL },
        { scheduler_check, SCHED("\"policy\":\"SCHED_IDLE\",\"runtime\":1024"),
          "process.scheduler: runtime, deadline and period have no meaning" },
        { scheduler_check, SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":20000,\"deadline\":10000"),
          "process.scheduler.deadline: is less than the runtime" },
        { scheduler_check,
          SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":2000,\"deadline\":10000,\"period\":9999"),
          "process.scheduler.period: is less than the deadline" },
        { scheduler_check, SCHED("\"policy\":\"SCHED_DEADLINE\",\"runtime\":1023,\"deadline\":2000"),
          "process.scheduler.runtime: must be at least 1024 ns" },
        { scheduler_check, SCHED("\"policy\":\"SCHED_ISO\""),
          "process.scheduler.policy: SCHED_ISO does not exist on Linux" },

        { io_priority_check, P("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\"}"), NULL },
        { io_priority_check, P("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":7}"), NULL },

        { cpu_affinity_check, P("\"execCPUAffinity\":{\"initial\":\"0-3,7\",\"final\":\"1\"}"), NULL },
        { cpu_affinity_check, P("\"execCPUAffinity\":{\"initial\":\"3-1\"}"),
          "process.execCPUAffinity.initial: `3-1` is not a list" },
        { cpu_affinity_check, P("\"execCPUAffinity\":{\"final\":\",\"}"),
          "process.execCPUAffinity.final: names no CPU" },
        { cpu_affinity_check, P("\"execCPUAffinity\":{\"final\":\"99999\"}"),
          "process.execCPUAffinity.final: `99999` has a number above" },

        { memory_policy_check, MEM("\"mode\":\"MPOL_BIND\",\"nodes\":\"0\""), NULL },
        { memory_policy_check, MEM("\"mode\":\"MPOL_PREFERRED\""), NULL },
        { memory_policy_check,
          MEM("\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_NUMA_BALANCING\"]"), NULL },
        { memory_policy_check, MEM("\"mode\":\"MPOL_BIND\""),
          "linux.memoryPolicy.nodes: invalid memory policy: MPOL_BIND needs at least one node" },
        { memory_policy_check, MEM("\"mode\":\"MPOL_LOCAL\",\"nodes\":\"1\""),
          "linux.memoryPolicy.nodes: invalid memory policy: MPOL_LOCAL takes no nodes" },
        { memory_policy_check, MEM("\"mode\":\"MPOL_BIND\",\"nodes\":\"1-\""),
          "linux.memoryPolicy.nodes: invalid memory policy: `1-` is not a list" },
        { memory_policy_check, MEM("\"mode\":\"MPOL_DEFAULT\",\"flags\":[\"MPOL_F_STATIC_NODES\"]"),
          "linux.memoryPolicy.flags: invalid memory policy: MPOL_DEFAULT takes no flags" },
        { memory_policy_check,
          MEM("\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\"]"),
          "linux.memoryPolicy.flags: invalid memory policy: MPOL_F_STATIC_NODES and" },
        { memory_policy_check,
          MEM("\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_NUMA_BALANCING\"]"),
          "linux.memoryPolicy.flags: invalid memory policy: MPOL_F_NUMA_BALANCING has no meaning" },

        { personality_check, L("\"personality\":{\"domain\":\"LINUX32\"}"), NULL },
        { personality_check, L("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"ADDR_NO_RANDOMIZE\"]}"),
          "linux.personality.flags[0]: \"ADDR_NO_RANDOMIZE\" is not supported" },

        { sysctl_check, SYSCTL("network", "net.ipv4.ip_forward"), NULL },
        { sysctl_check, SYSCTL("network", "net/ipv4/ip_forward"), NULL },
        { sysctl_check, SYSCTL("network", "net.ipv4.conf.eth0/100.forwarding"), NULL },
        { sysctl_check, SYSCTL("network", "net/ipv4/conf/eth0.100/forwarding"), NULL },
        { sysctl_check, SYSCTL("ipc", "kernel.msgmax"), NULL },
        { sysctl_check, SYSCTL("ipc", "kernel.shm_rmid_forced"), NULL },
        { sysctl_check, SYSCTL("ipc", "fs.mqueue.queues_max"), NULL },
        { sysctl_check, SYSCTL("uts", "kernel.domainname"), NULL },
        { sysctl_check, SYSCTL("user", "user.max_user_namespaces"), NULL },
        { sysctl_check, SYSCTL("ipc", "net.ipv4.ip_forward"),
          "linux.sysctl[\"net.ipv4.ip_forward\"]: needs a network namespace" },
        { sysctl_check, SYSCTL("uts", "kernel.hostname"), "is set by the property hostname" },
        { sysctl_check, SYSCTL("ipc", "kernel.core_pattern"),
          "linux.sysctl[\"kernel.core_pattern\"]: does not belong to a namespace" },
        { sysctl_check, SYSCTL("ipc", "kernel.msgmax2"), "does not belong to a namespace" },
        { sysctl_check, SYSCTL("ipc", "fs.mqueue"), "does not belong to a namespace" },
        { sysctl_check, SYSCTL("ipc", "fs/mqueuex/y"), "does not belong to a namespace" },
        { sysctl_check, SYSCTL("network", "vm.swappiness"), "does not belong to a namespace" },
        /* Detours. */
        { sysctl_check, SYSCTL("network", "net/../kernel/core_pattern"),
          "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "net.//.kernel"), "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "net./.kernel.core_pattern"),
          "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "/net/ipv4/ip_forward"), "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "net/ipv4/ip_forward/"), "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "net..ipv4"), "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "net.ipv4.ip_forward=1+kernel.core_pattern"),
          "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "net.ipv4 ip_forward"), "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "net.ipv4.ip_forward\\n"),
          "is not the name of a kernel parameter" },
        { sysctl_check, SYSCTL("network", "net"), "is not the name of a kernel parameter" },

        { id_mappings_check, MAPS(MAP(0, 100000, 65536), MAP(0, 100000, 65536)), NULL },
        { id_mappings_check, L(USERNS "\"uidMappings\":[]"), NULL },
        { id_mappings_check, MAPS(MAP(0, 1000, 1) "," MAP(1, 100000, 10), MAP(0, 1, 1)), NULL },
        { id_mappings_check, MAPS(MAP(0, 1, 1), ""), "linux.gidMappings: is missing" },
        { id_mappings_check, MAPS(MAP(0, 100, 10) "," MAP(9, 500, 1), MAP(0, 1, 1)),
          "linux.uidMappings[1].containerID: maps IDs that linux.uidMappings[0] maps already" },
        { id_mappings_check, MAPS(MAP(0, 1, 1), MAP(0, 100, 10) "," MAP(10, 109, 1)),
          "linux.gidMappings[1].hostID: uses IDs that linux.gidMappings[0] uses already" },
        { id_mappings_check, MAPS(MAP(0, 4294967290, 10), MAP(0, 1, 1)),
          "linux.uidMappings[0].size: leads beyond 4294967294" },
        { id_mappings_check, MAPS(MAP(0, 4294967290, 5), MAP(0, 0, 4294967295)), NULL },
        { id_mappings_check, L("\"uidMappings\":[" MAP(0, 1, 1) "],\"gidMappings\":[" MAP(0, 1, 1) "]"),
          "linux.uidMappings: needs a user namespace" },

        { user_check, MAPS(MAP(0, 5, 10), MAP(0, 5, 10)) "," P("\"user\":{\"uid\":9,\"gid\":9}"), NULL },
        { user_check, MAPS(MAP(0, 5, 10), MAP(0, 5, 10)) "," P("\"user\":{\"uid\":10,\"gid\":9}"),
          "process.user.uid: 10 is not mapped" },
        { user_check, MAPS(MAP(0, 5, 10), MAP(1, 5, 10)) "," P("\"user\":{\"uid\":0,\"gid\":0}"),
          "process.user.gid: 0 is not mapped" },
        { user_check,
          MAPS(MAP(0, 5, 10),
               MAP(0, 5, 10)) "," P("\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[3,11]}"),
          "process.user.additionalGids[1]: 11 is not mapped" },
        { user_check, L(USERNS "\"uidMappings\":[]") "," P("\"user\":{\"uid\":0,\"gid\":0}"), NULL },
        { user_check, L(USERNS "\"uidMappings\":[]") "," P("\"user\":{\"uid\":1,\"gid\":0}"),
          "process.user.uid: 1 is not mapped" },
        { user_check, MAPS(MAP(1, 5, 10), MAP(1, 5, 10)), NULL }, /* no process, no user */

        { net_devices_check, NET("\"eth0\":{}"), NULL },
        { net_devices_check, NET("\"eth0\":{\"name\":\"net%d\"},\"eth1\":{\"name\":\"net%d\"}"), NULL },
        { net_devices_check, L("\"netDevices\":{\"eth0\":{}}"),
          "linux.netDevices: needs a network namespace" },
        { net_devices_check, NET("\"eth0\":{\"name\":\"a/b\"}"),
          "linux.netDevices[\"eth0\"].name: \"a/b\" has a char" },
        { net_devices_check, NET("\"eth0\":{\"name\":\"sixteen-letters-\"}"), "is longer than 15 bytes" },
        { net_devices_check, NET("\"eth0\":{\"name\":\"e%s\"}"), "may have one %d" },
        { net_devices_check, NET("\"eth0\":{\"name\":\"e%d%d\"}"), "may have one %d" },
        { net_devices_check, NET("\"eth%d\":{\"name\":\"x\"}"),
          "linux.netDevices[\"eth%d\"]: is the name of an" },
        { net_devices_check, NET("\"..\":{\"name\":\"x\"}"), "linux.netDevices[\"..\"]: is not the name" },
        { net_devices_check, NET("\"a\":{\"name\":\"x\"},\"x\":{}"),
          "linux.netDevices[\"x\"].name: \"x\" is the name of another" },

        { intel_rdt_check, RDT("\"closID\":\"/\",\"memBwSchema\":\"MB:0=20\",\"schemata\":[\"L3:0=f\"]"),
          NULL },
        { intel_rdt_check, RDT("\"closID\":\"a/b\""),
          "linux.intelRdt.closID: \"a/b\" is not the name of a directory" },
        { intel_rdt_check, RDT("\"closID\":\"..\""), "linux.intelRdt.closID: \"..\" is not a class" },
        { intel_rdt_check, RDT("\"memBwSchema\":\"L3:0=1\""),
          "linux.intelRdt.memBwSchema: \"L3:0=1\" does not start" },
        { intel_rdt_check, RDT("\"memBwSchema\":\"MB:0=1\\nL3:0=1\""),
          "linux.intelRdt.memBwSchema: has a newline" },
        { intel_rdt_check, RDT("\"schemata\":[\"L3:0=1\",\"x\"]"),
          "linux.intelRdt.schemata[1]: \"x\" has no colon" },

        { oom_score_adj_check, P("\"oomScoreAdj\":-1000"), NULL },
};

/* spec: config.version.1 config.version.2 config.version.3 config.rlimits.1 config.rlimits.4 */
/* spec: config.linux-process.10 config-linux.mempolicy.2 config-linux.personality.2 */
static void each_document_has_its_problem(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
                const struct document *d = &documents[i];
                struct test_found found;
                struct ctx c;

                test_ctx(&c, WALK_CREATE, d->members);
                test_check(&c, false, d->check, &found);
                if (!d->problem && found.n > 0)
                        fail_msg("%s: %s", d->members, found.lines);
                if (d->problem && (found.n != 1 || !strstr(found.lines, d->problem)))
                        fail_msg("%s: expected `%s`, found %d: %s", d->members, d->problem, found.n,
                                 found.lines);
                ctx_done(&c);
        }
}

/* A namespace that is joined by path may be the one that we are in. */
static void sysctl_knows_the_host(void **state)
{
        struct test_found found;
        struct ctx c;

        (void)state;
        test_ctx(
                &c, WALK_CREATE,
                L("\"namespaces\":[{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}],\"sysctl\":{\"net.x\":\"1\"}"));
        test_check(&c, true, sysctl_check, &found);
        assert_int_equal(found.n, 1);
        assert_contains(found.lines, "is the network namespace that cfs is in");
        test_check(&c, false, sysctl_check, &found);
        assert_int_equal(found.n, 0);
        ctx_done(&c);
}

/* What engines look for in the message. */
static void lsm_that_is_missing(void **state)
{
        struct test_found found;
        struct ctx c;

        (void)state;
        test_ctx(&c, WALK_CREATE, P("\"apparmorProfile\":\"x\",\"selinuxLabel\":\"y\""));
        test_check(&c, false, apparmor_check, &found);
        assert_int_equal(found.n, 0);
        if (access("/sys/module/apparmor/parameters/enabled", F_OK) < 0) {
                test_check(&c, true, apparmor_check, &found);
                assert_int_equal(found.n, 1);
                assert_contains(found.lines, "host: process.apparmorProfile: ");
                assert_contains(found.lines, "`/proc/thread-self/attr/apparmor/exec`");
        }
        if (access("/sys/fs/selinux/enforce", F_OK) < 0) {
                test_check(&c, true, selinux_check, &found);
                assert_int_equal(found.n, 1);
                assert_contains(found.lines, "host: process.selinuxLabel: ");
                assert_contains(found.lines, "SELinux is not enabled on this host");
        }
        ctx_done(&c);
        test_ctx(&c, WALK_CREATE, P("\"apparmorProfile\":\"unconfined\",\"selinuxLabel\":\"\""));
        test_check(&c, true, apparmor_check, &found);
        assert_int_equal(found.n, 0);
        assert_false(selinux_wanted(&c));
        ctx_done(&c);
        test_ctx(&c, WALK_CREATE, P("\"apparmorProfile\":\"\""));
        assert_false(apparmor_wanted(&c));
        ctx_done(&c);
        if (access("/sys/fs/selinux/enforce", F_OK) < 0) {
                test_ctx(&c, WALK_CREATE, L("\"mountLabel\":\"a:b:c:s0\""));
                test_check(&c, false, mounts_rules_check, &found);
                assert_int_equal(found.n, 0);
                test_check(&c, true, mounts_rules_check, &found);
                assert_int_equal(found.n, 1);
                assert_contains(found.lines, "host: linux.mountLabel: ");
                assert_contains(found.lines, "SELinux is not enabled on this host");
                ctx_done(&c);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_document_has_its_problem),
                cmocka_unit_test(sysctl_knows_the_host),
                cmocka_unit_test(lsm_that_is_missing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
