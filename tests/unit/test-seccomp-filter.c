/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The compiler of seccomp filters against libseccomp: both compile the same profiles, a small interpreter of
 * BPF runs both programs on many system calls, and the answers must be equal. What libseccomp does not do
 * (ENOSYS for calls newer than the profile) is added to its answers by a few lines here.
 */
#include "test.h"
#include "seccomp-oracle.h"
#include "base/log.h"
#include <time.h>

static struct oci_seccomp *parse(const char *json, struct oci_arena **arena)
{
        struct oci_seccomp *s = NULL;
        struct cfs_error err;

        assert_ok(
                oci_decode(&oci_seccomp_type, "seccomp.json", json, strlen(json), (void **)&s, arena, &err));
        return s;
}

/* ---- profiles made up ---------------------------------------------------------------------------------- */

static const char *const some_actions[] = { "SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                                            "SCMP_ACT_TRAP",  "SCMP_ACT_ERRNO",        "SCMP_ACT_TRACE",
                                            "SCMP_ACT_ALLOW", "SCMP_ACT_LOG",          "SCMP_ACT_NOTIFY" };
static const char *const some_archs[] = {
        "SCMP_ARCH_X86",     "SCMP_ARCH_X32",         "SCMP_ARCH_X86_64",   "SCMP_ARCH_ARM",
        "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPSEL",      "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
        "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64",     "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",
        "SCMP_ARCH_PPC",     "SCMP_ARCH_PPC64",       "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",
        "SCMP_ARCH_PARISC",  "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",     "SCMP_ARCH_SH",
        "SCMP_ARCH_SHEB",    "SCMP_ARCH_MIPS64N32"
};
static const char *const some_names[] = { "socket", "connect",    "sendmsg",     "accept4", "socketcall",
                                          "shmget", "semop",      "ipc",         "clone",   "personality",
                                          "read",   "write",      "set_tls",     "openat",  "ioctl",
                                          "send",   "ugetrlimit", "breakpoint",  "tgkill",  "mmap2",
                                          "execve", "statx",      "rt_sigaction" };
static const char *const some_ops[] = { "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ", "EQ", "EQ" };

static uint64_t some_value(void)
{
        switch (rnd_below(6)) {
        case 0:
                return rnd_below(8);
        case 1:
                return rnd();
        case 2:
                return rnd() & UINT32_MAX;
        case 3:
                return 1ULL << rnd_below(64);
        case 4:
                return 0xffffffff00000000ULL | rnd_below(4);
        default:
                return rnd_below(5) ? rnd_below(100) : UINT64_MAX;
        }
}

static void some_arguments(struct str *json, bool simple)
{
        unsigned n = 1 + rnd_below(3), first = rnd_below(4);

        str_add(json, ",\"args\":[");
        for (unsigned i = 0; i < n; i++) {
                const char *op = some_ops[rnd_below(ARRAY_SIZE(some_ops))];
                uint64_t value = some_value();

                /* A mask that is empty for 32-bit ABIs makes an entry unconditional there for libseccomp. */
                if (simple && STREQ(op, "MASKED_EQ"))
                        value |= 2;
                str_addf(json, "%s{\"index\":%u,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}",
                         i ? "," : "", simple ? first + i : rnd_below(6), (unsigned long long)value,
                         (unsigned long long)some_value(), op);
        }
        str_add(json, "]");
}

/* `simple`: only what libseccomp 2.5 gets right. No call has more than one set of conditions, or
 * libseccomp sorts them as it likes, or refuses them; and there is one AUDIT_ARCH_*, since for the second
 * one it sometimes forgets to load the number. */
static char *some_profile(bool simple)
{
        bool used[SYSCALLS_COUNT] = { false };
        struct str json = { 0 };
        struct cfs_error err;
        char *text = NULL;
        const char *conditional = some_actions[rnd_below(ARRAY_SIZE(some_actions))];
        unsigned archs = rnd_below(simple ? 2 : 4), entries = rnd_below(16);

        str_addf(&json, "{\"defaultAction\":\"%s\"", some_actions[rnd_below(ARRAY_SIZE(some_actions) - 1)]);
        if (rnd_below(3) == 0)
                str_addf(&json, ",\"defaultErrnoRet\":%u", rnd_below(3) ? rnd_below(200) : ENOSYS);
        str_add(&json, ",\"architectures\":[");
        for (unsigned i = 0; i < archs; i++)
                str_addf(&json, "%s\"%s\"", i ? "," : "",
                         simple ? "SCMP_ARCH_X32"
                                : some_archs[rnd_below(rnd_below(2) ? 3 : ARRAY_SIZE(some_archs))]);
        str_add(&json, "],\"syscalls\":[");
        for (unsigned i = 0; i < entries; i++) {
                unsigned names = 1 + rnd_below(rnd_below(4) ? 4 : 200);
                bool with_arguments = rnd_below(2) != 0;

                str_addf(&json, "%s{\"names\":[\"%s\"", i ? "," : "", "nobody_knows_me");
                for (unsigned j = 0; j < names; j++) {
                        const char *name = some_names[rnd_below(ARRAY_SIZE(some_names))];

                        if (rnd_below(2))
                                name = syscalls_name((int)rnd_below(SYSCALLS_COUNT));
                        /* Not what this libseccomp is too old for. */
                        if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
                                name = "read";
                        if (simple && with_arguments && used[syscalls_find(name, -1)])
                                continue;
                        used[syscalls_find(name, -1)] |= with_arguments;
                        str_addf(&json, ",\"%s\"", name);
                }
                str_addf(&json, "],\"action\":\"%s\"",
                         with_arguments && simple ? conditional
                                                  : some_actions[rnd_below(ARRAY_SIZE(some_actions))]);
                if (with_arguments)
                        some_arguments(&json, simple);
                else if (rnd_below(2))
                        str_addf(&json, ",\"errnoRet\":%u", rnd_below(60));
                str_add(&json, "}");
        }
        str_add(&json, "]}");
        assert_ok(str_take(&json, &text, &err));
        return text;
}

static void try_profiles(unsigned n, bool simple)
{
        unsigned refused = 0, compared = 0, more = 0;
        unsigned long asked = 0;

        for (unsigned i = 0; i < n; i++) {
                uint64_t at = seed;
                char *json = some_profile(simple);
                _cleanup_oci_arena_ struct oci_arena *arena = NULL;
                struct oci_seccomp *s = parse(json, &arena);
                struct oracle o = { 0 };
                struct filter f;
                struct cfs_error err;

                if (getenv("CFS_TEST_VERBOSE"))
                        (void)fprintf(stderr, "# CFS_TEST_SEED=%llu %s\n", (unsigned long long)at, json);
                assert_ok(filter_compile(s, &f, &err));
                if (simple)
                        o = ask_libseccomp(s);
                if (o.refused) {
                        refused++;
                } else {
                        asked += compare(s, &f, simple ? &o : NULL).asked;
                        compared++;
                        more += simple && f.n > o.n;
                }
                filter_free(&f);
                free(o.code);
                free(json);
        }
        print_message(
                "# %u profiles, %lu calls compared; %u refused by libseccomp; larger than libseccomp's: %u\n",
                compared, asked, refused, more);
        assert_true(compared > n / 2);
}

/* Fewer where each takes long: CFS_TEST_PROFILES. */
static unsigned n_profiles(void)
{
        const char *n = getenv("CFS_TEST_PROFILES");

        return n ? (unsigned)strtoul(n, NULL, 10) : 150;
}

static void set_seed(void)
{
        if (getenv("CFS_TEST_SEED"))
                seed = strtoull(getenv("CFS_TEST_SEED"), NULL, 0);
}

static void made_up_profiles_are_compiled_as_by_libseccomp(void **state)
{
        (void)state;
        set_seed();
        try_profiles(n_profiles(), true);
}

/* spec: config-linux.seccomp.7 config-linux.seccomp.16 */
static void made_up_profiles_are_compiled_by_the_rules(void **state)
{
        (void)state;
        set_seed();
        try_profiles(n_profiles(), false);
}

/* ---- a profile as engines have it ---------------------------------------------------------------------- */

/* What such profiles leave out, more or less. */
static const char *const denied[] = {
        "acct",
        "add_key",
        "bpf",
        "clock_adjtime",
        "clock_settime",
        "clock_settime64",
        "create_module",
        "delete_module",
        "fanotify_init",
        "finit_module",
        "get_kernel_syms",
        "init_module",
        "ioperm",
        "iopl",
        "kcmp",
        "kexec_file_load",
        "kexec_load",
        "keyctl",
        "lookup_dcookie",
        "migrate_pages",
        "move_pages",
        "nfsservctl",
        "open_by_handle_at",
        "perf_event_open",
        "pivot_root",
        "process_madvise",
        "query_module",
        "quotactl",
        "reboot",
        "request_key",
        "setdomainname",
        "sethostname",
        "setns",
        "settimeofday",
        "stime",
        "swapoff",
        "swapon",
        "sysfs",
        "_sysctl",
        "umount",
        "unshare",
        "uselib",
        "userfaultfd",
        "ustat",
        "vhangup",
        "vm86",
        "vm86old",
        "vserver",
        "security",
        "tuxcall",
        "afs_syscall",
        "break",
        "ftime",
        "gtty",
        "idle",
        "lock",
        "mpx",
        "oldfstat",
        "oldlstat",
        "oldolduname",
        "oldstat",
        "olduname",
        "prof",
        "profil",
        "stty",
        "ulimit",
        "bdflush",
        "epoll_ctl_old",
        "epoll_wait_old",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "personality",
        "clone",
        "socket",
        "getpmsg",
        "putpmsg",
};

static char *engine_profile(void)
{
        struct str json = { 0 };
        struct cfs_error err;
        char *text = NULL;

        str_add(&json, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"
                       "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
                       "\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\"");
        for (int row = 0; row < SYSCALLS_COUNT; row++) {
                bool allowed = seccomp_syscall_resolve_name(syscalls_name(row)) != __NR_SCMP_ERROR;

                for (unsigned i = 0; i < ARRAY_SIZE(denied); i++)
                        allowed = allowed && !STREQ(denied[i], syscalls_name(row));
                if (allowed)
                        str_addf(&json, ",\"%s\"", syscalls_name(row));
        }
        str_add(&json, "]}");
        for (unsigned i = 0; i < 5; i++)
                str_addf(&json,
                         ",{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
                         "\"value\":%s,\"op\":\"SCMP_CMP_EQ\"}]}",
                         (const char *const[]){ "0", "8", "131072", "131080", "4294967295" }[i]);
        str_add(&json, ",{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
                       "\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}"
                       ",{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
                       "\"value\":40,\"op\":\"SCMP_CMP_NE\"}]}]}");
        assert_ok(str_take(&json, &text, &err));
        return text;
}

static double now(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void an_engines_profile_becomes_small(void **state)
{
        char *json = engine_profile();
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_seccomp *s = parse(json, &arena);
        struct oracle o;
        struct filter f;
        struct cfs_error err;
        struct tally t;
        double best = 1e9;

        (void)state;
        if (!STREQ(names_native()->name, "SCMP_ARCH_X86_64"))
                s->n_architectures = 0;
        o = ask_libseccomp(s);
        for (unsigned i = 0; i < 20; i++) {
                double start = now();

                assert_ok(filter_compile(s, &f, &err));
                if (now() - start < best)
                        best = now() - start;
                if (i < 19)
                        filter_free(&f);
        }
        assert_false(o.refused);
        t = compare(s, &f, &o);
        (void)compare(s, &f, NULL);
        print_message(
                "# %u instructions, libseccomp %u; %.1f steps a call, libseccomp %.1f; compiled in %.0f us\n",
                f.n, o.n, (double)t.ours / (double)t.asked, (double)t.theirs / (double)t.asked, best);
        assert_true(f.n * 3 < o.n);
        assert_true(t.ours * 5 < t.theirs);
        assert_int_equal(f.n_conditional, 3);
        filter_free(&f);
        free(o.code);
        free(json);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* spec: config-linux.seccomp.4 */
static void numbers_are_those_of_libseccomp(void **state)
{
        unsigned compared = 0;

        (void)state;
        for (const struct names_arch *a = names_archs; a->name; a++) {
                uint32_t token = libseccomp_arch(a->name);

                if (seccomp_syscall_resolve_name_arch(token, "read") < 0) {
                        print_message("# this libseccomp does not know %s\n", a->name);
                        continue;
                }
                for (int row = 0; row < SYSCALLS_COUNT; row++) {
                        const char *name = syscalls_name(row);
                        int theirs = seccomp_syscall_resolve_name_arch(token, name);
                        int ours = syscalls_number(row, a->abi);

                        if (ours >= SYSCALLS_PRIVATE)
                                ours += SYSCALLS_PRIVATE_BASE - SYSCALLS_PRIVATE;
                        if (theirs == __NR_SCMP_ERROR)
                                continue;
                        if (syscalls_socketcall(row) || syscalls_ipc(row)) {
                                /* It has the multiplexed call here; the direct one can be had by number. */
                                char *back = ours < 0 ? NULL
                                                      : seccomp_syscall_resolve_num_arch(token,
                                                                                         ours + (int)a->base);

                                if (back)
                                        assert_string_equal(back, name);
                                free(back);
                                if (theirs < 0 && theirs > -300) {
                                        unsigned call = syscalls_socketcall(row)
                                                                ? 100 + syscalls_socketcall(row)
                                                                : 200 + syscalls_ipc(row);
                                        assert_int_equal(-theirs, call);
                                }
                                continue;
                        }
                        if (theirs < 0 ? ours >= 0 : ours != theirs - (int)a->base)
                                fail_msg("%s %s: %d, libseccomp has %d", a->name, name, ours, theirs);
                        compared++;
                }
        }
        print_message("# %u numbers compared\n", compared);
        assert_true(compared > 5000);
}

static void names_are_found_with_and_without_a_hint(void **state)
{
        (void)state;
        for (int row = 0; row < SYSCALLS_COUNT; row++) {
                if (row)
                        assert_true(strcmp(syscalls_name(row - 1), syscalls_name(row)) < 0);
                for (int near = -1; near < SYSCALLS_COUNT; near++)
                        assert_int_equal(syscalls_find(syscalls_name(row), near), row);
        }
        for (int near = -1; near < SYSCALLS_COUNT; near++) {
                assert_int_equal(syscalls_find("", near), -1);
                assert_int_equal(syscalls_find("reading", near), -1);
                assert_int_equal(syscalls_find("zzz", near), -1);
        }
}

/* ---- single rules -------------------------------------------------------------------------------------- */

/* The answer to one call on x86-64. */
static uint32_t answer(const char *json, int nr, uint64_t arg0)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_seccomp *s = parse(json, &arena);
        const struct seccomp_data d = { .nr = nr, .arch = AUDIT_ARCH_X86_64, .args = { arg0 } };
        struct filter f;
        struct cfs_error err;
        uint32_t r;

        s->n_architectures = 1;
        s->architectures = (char *[]){ (char *)"SCMP_ARCH_X86_64" };
        assert_ok(filter_compile(s, &f, &err));
        r = run_filter(f.code, f.n, &d);
        filter_free(&f);
        return r;
}

#define READ  0 /* x86-64 */
#define WRITE 1
#define ONE   "\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"

static void the_first_unconditional_entry_decides(void **state)
{
        const char *json = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
                           "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
                           "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"," ONE "},"
                           "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7},"
                           "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\"}]}";

        (void)state;
        assert_int_equal(answer(json, READ, 1), SECCOMP_RET_ERRNO | 7);
        assert_int_equal(answer(json, READ, 2), SECCOMP_RET_ERRNO | 7);
        assert_int_equal(answer(json, WRITE, 1), SECCOMP_RET_ALLOW);
}

static void conditions_are_tried_in_order(void **state)
{
        const char *json =
                "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
                "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"," ONE "},"
                "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":3,"
                "\"op\":\"SCMP_CMP_LE\"}]}]}";

        (void)state;
        assert_int_equal(answer(json, READ, 1), SECCOMP_RET_LOG);
        assert_int_equal(answer(json, READ, 2), SECCOMP_RET_TRAP);
        assert_int_equal(answer(json, READ, 3), SECCOMP_RET_TRAP);
        assert_int_equal(answer(json, READ, 4), SECCOMP_RET_ALLOW);
        assert_int_equal(answer(json, READ, 1ULL << 32 | 1), SECCOMP_RET_ALLOW);
}

static void two_conditions_on_one_argument_are_alternatives(void **state)
{
        const char *json = "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":["
                           "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
                           "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
                           "{\"index\":0,\"value\":9,\"op\":\"SCMP_CMP_GE\"}]}]}";

        (void)state;
        assert_int_equal(answer(json, READ, 1), SECCOMP_RET_ALLOW);
        assert_int_equal(answer(json, READ, 2), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(answer(json, READ, 9), SECCOMP_RET_ALLOW);
}

static void newer_calls_do_not_exist(void **state)
{
        static const struct {
                const char *action;
                uint32_t newer, other;
        } cases[] = {
                { "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_ERRNO | EPERM },
                { "SCMP_ACT_KILL", SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_KILL_THREAD },
                { "SCMP_ACT_TRAP", SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_TRAP },
                { "SCMP_ACT_TRACE", SECCOMP_RET_TRACE | EPERM, SECCOMP_RET_TRACE | EPERM },
                { "SCMP_ACT_LOG", SECCOMP_RET_LOG, SECCOMP_RET_LOG },
                { "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW },
        };

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
                char json[400];

                (void)snprintf(json, sizeof(json),
                               "{\"defaultAction\":\"%s\",\"syscalls\":[{\"names\":[\"openat2\"],\"action\":"
                               "\"SCMP_ACT_KILL_PROCESS\"}]}",
                               cases[i].action);
                assert_int_equal(answer(json, 436, 0), cases[i].other);
                assert_int_equal(answer(json, 437, 0), SECCOMP_RET_KILL_PROCESS);
                assert_int_equal(answer(json, 438, 0), cases[i].newer);
                assert_int_equal(answer(json, 100000, 0), cases[i].newer);
                assert_int_equal(answer(json, 0x40000000, 0), SECCOMP_RET_KILL_THREAD);
                assert_int_equal(answer(json, -1, 0), cases[i].other);
        }
}

static char heard[1024];

static void hear(void *data, enum log_level level, const char *message)
{
        (void)data;
        if (level == LOG_LEVEL_WARNING)
                (void)snprintf(heard, sizeof(heard), "%s", message);
}

static void unknown_names_are_ignored_with_a_warning(void **state)
{
        (void)state;
        log_set_handler(hear, NULL, LOG_LEVEL_WARNING);
        assert_int_equal(
                answer("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"openn\",\"read\","
                       "\"frobnicate\"],\"action\":\"SCMP_ACT_TRAP\"}]}",
                       READ, 0),
                SECCOMP_RET_TRAP);
        assert_contains(heard, "openn, frobnicate");
        heard[0] = '\0';
        assert_int_equal(answer("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
                                "\"action\":\"SCMP_ACT_TRAP\"}]}",
                                READ, 0),
                         SECCOMP_RET_TRAP);
        assert_string_equal(heard, "");
        log_set_handler(NULL, NULL, LOG_LEVEL_ERROR);
}

static void too_large_a_profile_is_refused(void **state)
{
        struct str json = { 0 };
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_seccomp *s;
        struct filter f;
        struct cfs_error err;
        char *text = NULL;

        (void)state;
        str_add(&json, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[");
        for (unsigned i = 0; i < 3000; i++)
                str_addf(
                        &json,
                        "%s{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":%u,\"value\":%u,"
                        "\"op\":\"SCMP_CMP_GE\"}]}",
                        i ? "," : "", i % 6, i);
        str_add(&json, "]}");
        assert_ok(str_take(&json, &text, &err));
        s = parse(text, &arena);
        assert_fails(filter_compile(s, &f, &err), EINVAL);
        assert_contains(err.text, "4096");
        assert_string_equal(err.property, "linux.seccomp");
        free(text);
}

/* Far targets: more instructions than a conditional jump can pass over. */
static void large_profiles_have_stepping_stones(void **state)
{
        struct str json = { 0 };
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_seccomp *s;
        struct filter f;
        struct cfs_error err;
        char *text = NULL;

        (void)state;
        str_add(&json,
                "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
                "\"syscalls\":[");
        for (int row = 0; row < SYSCALLS_COUNT; row += 3)
                str_addf(&json,
                         "%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":%u,\"args\":["
                         "{\"index\":%u,\"value\":%u,\"op\":\"SCMP_CMP_GT\"}]}",
                         row ? "," : "", syscalls_name(row), row % 100, row % 6, row);
        str_add(&json, "]}");
        assert_ok(str_take(&json, &text, &err));
        s = parse(text, &arena);
        for (size_t i = 0; i < s->n_syscalls; i++)
                assert_int_equal(s->syscalls[i]->n_names, 1);
        assert_ok(filter_compile(s, &f, &err));
        assert_true(f.n > 2 * 255); /* jump offsets have eight bits; half as many where arguments have 32 */
        (void)compare(s, &f, NULL);
        filter_free(&f);
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(numbers_are_those_of_libseccomp),
                cmocka_unit_test(names_are_found_with_and_without_a_hint),
                cmocka_unit_test(the_first_unconditional_entry_decides),
                cmocka_unit_test(conditions_are_tried_in_order),
                cmocka_unit_test(two_conditions_on_one_argument_are_alternatives),
                cmocka_unit_test(newer_calls_do_not_exist),
                cmocka_unit_test(unknown_names_are_ignored_with_a_warning),
                cmocka_unit_test(too_large_a_profile_is_refused),
                cmocka_unit_test(large_profiles_have_stepping_stones),
                cmocka_unit_test(an_engines_profile_becomes_small),
                cmocka_unit_test(made_up_profiles_are_compiled_as_by_libseccomp),
                cmocka_unit_test(made_up_profiles_are_compiled_by_the_rules),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
