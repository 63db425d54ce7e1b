/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows that set limits, priorities and policies of a process, each in a process of its own. */
#include "ctx.h"
#include "base/caps.h"
#include "libcfs/steps/steps.h"
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static struct rlimit limit_of(int resource)
{
        struct rlimit r = { 0 };

        CHILD_TRUE(getrlimit((__rlimit_resource_t)resource, &r) == 0);
        return r;
}

static void lower(struct ctx *c)
{
        struct rlimit before = limit_of(RLIMIT_CORE);

        CHILD_OK(rlimits_prepare(c, &err));
        CHILD_TRUE(limit_of(RLIMIT_CORE).rlim_max == before.rlim_max);
        CHILD_OK(rlimits_init(c, &err));
        CHILD_TRUE(limit_of(RLIMIT_CORE).rlim_cur == 3 && limit_of(RLIMIT_CORE).rlim_max == 7);
        /* So few descriptors are for later. */
        CHILD_TRUE(limit_of(RLIMIT_NOFILE).rlim_cur > 64);
        CHILD_TRUE(rlimits_late_wanted(c));
        CHILD_OK(rlimits_late_init(c, &err));
        CHILD_TRUE(limit_of(RLIMIT_NOFILE).rlim_cur == 5 && limit_of(RLIMIT_NOFILE).rlim_max == 100);
}

static void limits_are_lowered_late(void **state)
{
        struct ctx c;

        (void)state;
        test_ctx(&c, WALK_CREATE,
                 TEST_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":3,\"hard\":7},"
                              "{\"type\":\"RLIMIT_NOFILE\",\"soft\":5,\"hard\":100}]"));
        test_in_child(lower, &c);
        ctx_done(&c);
}

#define RAISE                                                                                                \
        TEST_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1},"                        \
                     "{\"type\":\"RLIMIT_NOFILE\",\"soft\":300,\"hard\":400}]")

static void set_nofile(rlim_t n)
{
        struct rlimit r = { .rlim_cur = n, .rlim_max = n };

        CHILD_TRUE(setrlimit(RLIMIT_NOFILE, &r) == 0);
}

static void raise_without(struct ctx *c)
{
        struct caps have;
        struct cfs_error e = { 0 };

        set_nofile(200);
        CHILD_TRUE(caps_get(&have) == 0);
        have.effective &= ~CAPS_BIT(caps_number("SYS_RESOURCE"));
        CHILD_TRUE(caps_set(&have) == 0);
        CHILD_TRUE(rlimits_prepare(c, &e) < 0);
        CHILD_TRUE(STREQ(
                e.text,
                "process.rlimits[1].hard: RLIMIT_NOFILE hard limit 400 exceeds 200, the limit in force, "
                "and raising needs CAP_SYS_RESOURCE"));
        CHILD_TRUE(STREQ(e.property, "process.rlimits[1].hard"));
        CHILD_TRUE(e.code == CFS_E_UNSUPPORTED && *e.hint);
}

static void a_limit_that_cannot_be_raised_is_named(void **state)
{
        struct ctx c;

        (void)state;
        test_ctx(&c, WALK_CREATE, RAISE);
        test_in_child(raise_without, &c);
        ctx_done(&c);
}

static void raise_with(struct ctx *c)
{
        pid_t pid;

        set_nofile(200);
        CHILD_OK(rlimits_prepare(c, &err));
        CHILD_TRUE(limit_of(RLIMIT_NOFILE).rlim_cur == 200 && limit_of(RLIMIT_NOFILE).rlim_max == 400);
        pid = fork();
        if (pid == 0) {
                CHILD_OK(rlimits_init(c, &err));
                CHILD_TRUE(limit_of(RLIMIT_NOFILE).rlim_cur == 300 &&
                           limit_of(RLIMIT_NOFILE).rlim_max == 400);
                _exit(0);
        }
        rlimits_release(c);
        CHILD_TRUE(limit_of(RLIMIT_NOFILE).rlim_max == 200);
        int status = -1;

        CHILD_TRUE(waitpid(pid, &status, 0) == pid && status == 0);
}

static void limits_are_raised_for_the_child_only(void **state)
{
        struct ctx c;

        (void)state;
        if (!caps_effective((unsigned)caps_number("SYS_RESOURCE")))
                TEST_SKIP("no CAP_SYS_RESOURCE");
        test_ctx(&c, WALK_CREATE, RAISE);
        test_in_child(raise_with, &c);
        ctx_done(&c);
}

static void attributes(struct ctx *c)
{
        struct {
                uint32_t size, policy;
                uint64_t flags;
                int32_t nice;
                uint32_t priority;
                uint64_t rest[3];
        } attr = { 0 };

        CHILD_OK(scheduler_init(c, &err));
        CHILD_TRUE(syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) == 0);
        CHILD_TRUE(attr.policy == SCHED_BATCH && attr.nice == 5 && attr.flags == 1);
        CHILD_OK(io_priority_init(c, &err));
        CHILD_TRUE(syscall(SYS_ioprio_get, 1, 0) == (2 << 13 | 6));
        CHILD_OK(personality_init(c, &err));
        CHILD_TRUE(personality(0xffffffff) == PER_LINUX32);
        CHILD_OK(no_new_privileges_init(c, &err));
        c->pid = getpid();
        CHILD_OK(oom_score_adj_host(c, &err));
        char buf[16];
        int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);

        CHILD_TRUE(read(fd, buf, sizeof(buf)) == 4 && strncmp(buf, "555\n", 4) == 0);
        CHILD_OK(session_init(c, &err));
        CHILD_TRUE(getsid(0) == getpid());
        CHILD_OK(session_init(c, &err));
}

/* spec: config.linux-process.8 config.linux-process.13 */
static void attributes_are_set(void **state)
{
        struct ctx c;

        (void)state;
        test_ctx(
                &c, WALK_CREATE,
                TEST_LINUX("\"personality\":{\"domain\":\"LINUX32\"}") "," TEST_PROCESS(
                        "\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":5,\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]},"
                        "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":6},\"noNewPrivileges\":true,"
                        "\"oomScoreAdj\":555"));
        assert_true(scheduler_wanted(&c) && io_priority_wanted(&c) && personality_wanted(&c));
        assert_true(oom_score_adj_wanted(&c) && no_new_privileges_wanted(&c) && !memory_policy_wanted(&c));
        test_in_child(attributes, &c);
        ctx_done(&c);
}

static void unprivileged(struct ctx *c)
{
        struct cfs_error e = { 0 };

        CHILD_TRUE(setresuid(1, 1, 1) == 0);
        CHILD_TRUE(scheduler_init(c, &e) == -EPERM);
        CHILD_TRUE(STREQ(e.property, "process.scheduler") && strstr(e.hint, "CAP_SYS_NICE"));
        e = (struct cfs_error){ 0 };
        CHILD_TRUE(io_priority_init(c, &e) == -EPERM && STREQ(e.property, "process.ioPriority"));
        /* -1000 is lower than what we have. */
        c->pid = getpid();
        e = (struct cfs_error){ 0 };
        CHILD_TRUE(oom_score_adj_host(c, &e) == -EACCES && STREQ(e.property, "process.oomScoreAdj"));
        c->rootless = true;
        test_log_start();
        CHILD_OK(oom_score_adj_host(c, &err));
        CHILD_TRUE(strstr(test_logged, "warning: process.oomScoreAdj: -1000 is not set"));
}

static void privileges_that_are_missing(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(
                &c, WALK_CREATE,
                TEST_PROCESS("\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":5},\"oomScoreAdj\":-1000,"
                             "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":0}"));
        test_in_child(unprivileged, &c);
        ctx_done(&c);
}

static void affinity(struct ctx *c)
{
        cpu_set_t set;

        CHILD_OK(cpu_affinity_prepare(c, &err));
        CHILD_TRUE(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1 &&
                   CPU_ISSET(0, &set));
        struct cfs_error e = { 0 };

        CHILD_TRUE(cpu_affinity_init(c, &e) == -EINVAL);
        CHILD_TRUE(STREQ(e.property, "process.execCPUAffinity.final") && strstr(e.hint, "cpuset"));
}

/* spec: config.linux-process.16 */
static void cpus(void **state)
{
        cpu_set_t set;
        struct ctx c;

        (void)state;
        if (sched_getaffinity(0, sizeof(set), &set) < 0 || !CPU_ISSET(0, &set))
                TEST_SKIP("not allowed to run on CPU 0");
        test_ctx(&c, WALK_EXEC,
                 TEST_PROCESS("\"execCPUAffinity\":{\"initial\":\"0,9000\",\"final\":\"9001\"}"));
        assert_true(cpu_affinity_wanted(&c));
        test_in_child(affinity, &c);
        ctx_done(&c);
}

static void mempolicy(struct ctx *c)
{
        int mode = -1;
        unsigned long nodes[16] = { 0 };
        struct cfs_error e = { 0 };
        int r = memory_policy_init(c, &e);

        if (r == -ENOSYS || r == -EPERM)
                _exit(77);
        if (r < 0)
                print_message("# %s\n", e.text);
        CHILD_TRUE(r == 0);
        CHILD_TRUE(syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) == 0);
        CHILD_TRUE(mode == (2 | 1 << 15) && nodes[0] == 1);
}

/* spec: config-linux.mempolicy.1 */
static void memory_policy(void **state)
{
        struct ctx c;
        int status;
        pid_t pid;

        (void)state;
        test_ctx(
                &c, WALK_CREATE,
                TEST_LINUX(
                        "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\"]}"));
        pid = fork();
        if (pid == 0) {
                mempolicy(&c);
                _exit(0);
        }
        assert_true(waitpid(pid, &status, 0) == pid);
        ctx_done(&c);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                TEST_SKIP("set_mempolicy(2) is not there or forbidden");
        assert_int_equal(status, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(limits_are_lowered_late),
                cmocka_unit_test(a_limit_that_cannot_be_raised_is_named),
                cmocka_unit_test(limits_are_raised_for_the_child_only),
                cmocka_unit_test(attributes_are_set),
                cmocka_unit_test(privileges_that_are_missing),
                cmocka_unit_test(cpus),
                cmocka_unit_test(memory_policy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
