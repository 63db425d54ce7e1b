/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The compiler of seccomp filters against libseccomp: both compile the same profiles, a small interpreter of
 * BPF runs both programs on many system calls, and the answers must be equal. What libseccomp does not do
 * (ENOSYS for calls newer than the profile) is added to its answers by a few lines here.
 */
#include "test.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/seccomp/filter.h"
#include "libcfs/seccomp/names.h"
#include "libcfs/seccomp/syscalls.h"
#include "oci.h"
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <time.h>

/* ---- an interpreter ------------------------------------------------------------------------------------ */

static unsigned steps; /* instructions of the last run */

static uint32_t run_filter(const struct sock_filter *code, unsigned n, const struct seccomp_data *data)
{
        uint32_t a = 0;

        steps = 0;
        for (unsigned pc = 0; pc < n; pc++) {
                const struct sock_filter *i = &code[pc];
                bool yes;

                steps++;
                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        assert_true(i->k % 4 == 0 && i->k < sizeof(*data));
                        memcpy(&a, (const char *)data + i->k, 4);
                        continue;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= i->k;
                        continue;
                case BPF_RET | BPF_K:
                        return i->k;
                case BPF_JMP | BPF_JA:
                        pc += i->k;
                        continue;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        yes = a == i->k;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        yes = a >= i->k;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        yes = a > i->k;
                        break;
                case BPF_JMP | BPF_JSET | BPF_K:
                        yes = (a & i->k) != 0;
                        break;
                default:
                        fail_msg("instruction %#x", i->code);
                        return 0;
                }
                pc += yes ? i->jt : i->jf;
        }
        fail_msg("ran off the end");
        return 0;
}

/* ---- profiles ------------------------------------------------------------------------------------------ */

struct oracle {
        struct sock_filter *code;
        unsigned n;
        bool refused; /* libseccomp does not take the profile */
};

static uint32_t libseccomp_action(const char *name, bool has, uint32_t errnum)
{
        uint32_t data = has ? errnum : EPERM;

        if (STREQ(name, "SCMP_ACT_KILL") || STREQ(name, "SCMP_ACT_KILL_THREAD"))
                return SCMP_ACT_KILL_THREAD;
        if (STREQ(name, "SCMP_ACT_KILL_PROCESS"))
                return SCMP_ACT_KILL_PROCESS;
        if (STREQ(name, "SCMP_ACT_TRAP"))
                return SCMP_ACT_TRAP;
        if (STREQ(name, "SCMP_ACT_ERRNO"))
                return SCMP_ACT_ERRNO(data);
        if (STREQ(name, "SCMP_ACT_TRACE"))
                return SCMP_ACT_TRACE(data);
        if (STREQ(name, "SCMP_ACT_ALLOW"))
                return SCMP_ACT_ALLOW;
        if (STREQ(name, "SCMP_ACT_LOG"))
                return SCMP_ACT_LOG;
        assert_string_equal(name, "SCMP_ACT_NOTIFY");
        return SCMP_ACT_NOTIFY;
}

static enum scmp_compare libseccomp_op(const char *name)
{
        static const char *const ops[] = { "", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ" };

        for (unsigned i = 1; i < ARRAY_SIZE(ops); i++)
                if (STREQ(name + strlen("SCMP_CMP_"), ops[i]))
                        return (enum scmp_compare)i;
        fail_msg("operator %s", name);
        return _SCMP_CMP_MAX;
}

/* libseccomp's own token of an architecture: it has one for x32. */
static uint32_t libseccomp_arch(const char *name)
{
        const struct names_arch *a = names_arch(name);

        return a->abi == SYSCALLS_X32 ? SCMP_ARCH_X32 : a->token;
}

static int add_one(scmp_filter_ctx ctx, const struct oci_syscall *s, int number, uint32_t action)
{
        struct scmp_arg_cmp cmp[6];
        unsigned seen = 0;
        bool alternatives = false;
        int r = 0;

        for (size_t i = 0; i < s->n_args; i++) {
                alternatives |= (seen & (1U << s->args[i]->index)) != 0;
                seen |= 1U << s->args[i]->index;
        }
        for (size_t i = 0; i < s->n_args; i++) {
                cmp[alternatives ? 0 : i] = (struct scmp_arg_cmp){
                        .arg = s->args[i]->index,
                        .op = libseccomp_op(s->args[i]->op),
                        .datum_a = s->args[i]->value,
                        .datum_b = s->args[i]->value_two,
                };
                if (alternatives && r == 0)
                        r = seccomp_rule_add_array(ctx, action, number, 1, cmp);
        }
        if (!alternatives)
                r = seccomp_rule_add_array(ctx, action, number, (unsigned)s->n_args, cmp);
        return r;
}

static struct oracle ask_libseccomp(const struct oci_seccomp *s)
{
        uint32_t def = libseccomp_action(s->default_action, s->has_default_errno_ret, s->default_errno_ret);
        scmp_filter_ctx ctx = seccomp_init(def);
        struct oracle o = { 0 };
        struct cfs_error err;
        size_t len;
        int fd;

        assert_non_null(ctx);
        for (size_t i = 0; i < s->n_architectures; i++) {
                int r = seccomp_arch_add(ctx, libseccomp_arch(s->architectures[i]));

                assert_true(r == 0 || r == -EEXIST);
        }
        for (size_t i = 0; i < s->n_syscalls && !o.refused; i++) {
                const struct oci_syscall *e = s->syscalls[i];
                uint32_t action = libseccomp_action(e->action, e->has_errno_ret, e->errno_ret);

                if (action == def)
                        continue;
                for (size_t j = 0; j < e->n_names && !o.refused; j++) {
                        int number = seccomp_syscall_resolve_name(e->names[j]);

                        if (number != __NR_SCMP_ERROR)
                                o.refused = add_one(ctx, e, number, action) != 0;
                }
        }
        fd = memfd_create("bpf", MFD_CLOEXEC);
        assert_true(fd >= 0);
        if (!o.refused) {
                assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
                assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
                assert_ok(io_read_fd(fd, "bpf", 1 << 20, (char **)&o.code, &len, &err));
                o.n = (unsigned)(len / sizeof(struct sock_filter));
        }
        close(fd);
        seccomp_release(ctx);
        return o;
}

/* ---- a second opinion
 * --------------------------------------------------------------------------------------------- libseccomp
 * knows neither ENOSYS for new calls, nor byte orders other than the machine's, and with several entries
 * for one call its answers depend on how it sorts them. So the rules of filter.c are also applied here,
 * call by call, in the plainest way. */

static bool holds(const struct oci_syscall_arg *c, const struct names_arch *arch,
                  const struct seccomp_data *d)
{
        uint64_t mask = arch->wide ? UINT64_MAX : UINT32_MAX;
        uint64_t a = d->args[c->index] & mask, v = c->value & mask, two = c->value_two & mask;

        if (arch->big_endian)
                a = arch->wide ? a << 32 | a >> 32 : d->args[c->index] >> 32;
        switch (names_operator(c->op)->op) {
        case NAMES_NE:
                return a != v;
        case NAMES_LT:
                return a < v;
        case NAMES_LE:
                return a <= v;
        case NAMES_EQ:
                return a == v;
        case NAMES_GE:
                return a >= v;
        case NAMES_GT:
                return a > v;
        case NAMES_MASKED_EQ:
                return (a & v) == (two & v);
        }
        return false;
}

/* `call`: the number of the call in socketcall(2) or ipc(2), or 0. */
static bool matches(const struct oci_syscall *s, const struct names_arch *arch, unsigned call,
                    const struct seccomp_data *d)
{
        const struct oci_syscall_arg is_call = { .index = 0, .value = call, .op = (char *)"SCMP_CMP_EQ" };
        unsigned seen = 0, hold = 0, apply = 0;
        bool alternatives = false;

        if (call && !holds(&is_call, arch, d))
                return false;
        for (size_t i = 0; i < s->n_args; i++) {
                alternatives |= (seen & (1U << s->args[i]->index)) != 0;
                seen |= 1U << s->args[i]->index;
                apply++;
                hold += (call && s->args[i]->index == 0) || holds(s->args[i], arch, d);
        }
        return alternatives ? hold > 0 : hold == apply;
}

/* Rows of the names of each entry, and of the two multiplexers. */
static int rows_of[512][512], socketcall_row, ipc_row;

static void find_rows(const struct oci_seccomp *s)
{
        assert_true(s->n_syscalls <= ARRAY_SIZE(rows_of));
        for (size_t i = 0; i < s->n_syscalls; i++) {
                assert_true(s->syscalls[i]->n_names <= ARRAY_SIZE(rows_of[i]));
                for (size_t j = 0; j < s->syscalls[i]->n_names; j++)
                        rows_of[i][j] = syscalls_find(s->syscalls[i]->names[j], -1);
        }
        socketcall_row = syscalls_find("socketcall", -1);
        ipc_row = syscalls_find("ipc", -1);
}

/* Without arguments, or with masks that leave nothing to compare. */
static bool unconditional(const struct oci_syscall *e)
{
        size_t empty = 0;
        unsigned seen = 0;
        bool alternatives = false;

        for (size_t i = 0; i < e->n_args; i++) {
                alternatives |= (seen & (1U << e->args[i]->index)) != 0;
                seen |= 1U << e->args[i]->index;
                empty += STREQ(e->args[i]->op, "SCMP_CMP_MASKED_EQ") && e->args[i]->value == 0;
        }
        return alternatives ? empty > 0 : empty == e->n_args;
}

static uint32_t opinion(const struct oci_seccomp *s, const struct names_arch *arch,
                        const struct seccomp_data *d)
{
        uint32_t def = filter_action(s->default_action, s->has_default_errno_ret, s->default_errno_ret);
        int socketcall = syscalls_number(socketcall_row, arch->abi),
            ipc = syscalls_number(ipc_row, arch->abi);
        bool found = false;
        uint32_t answer = def;

        for (size_t i = 0; i < s->n_syscalls; i++) {
                const struct oci_syscall *e = s->syscalls[i];
                uint32_t action = filter_action(e->action, e->has_errno_ret, e->errno_ret);

                for (size_t j = 0; j < e->n_names && action != def; j++) {
                        int row = rows_of[i][j], n = row < 0 ? -1 : syscalls_number(row, arch->abi);
                        unsigned call = 0;

                        if (row < 0)
                                continue;

                        if (n >= SYSCALLS_PRIVATE)
                                n += SYSCALLS_PRIVATE_BASE - SYSCALLS_PRIVATE;
                        if (n < 0 || (uint32_t)d->nr != arch->base + (unsigned)n) {
                                if (socketcall >= 0 && d->nr == socketcall + (int)arch->base)
                                        call = syscalls_socketcall(row);
                                else if (ipc >= 0 && d->nr == ipc + (int)arch->base)
                                        call = syscalls_ipc(row);
                                if (!call)
                                        continue;
                        }
                        if (unconditional(e) && call == 0)
                                return action;
                        if (!found && matches(e, arch, call, d)) {
                                found = true;
                                answer = action;
                        }
                }
        }
        return answer;
}

/* The highest number that the profile names for an architecture, relative to the ABI's base; -1: none. */
static int64_t highest_named(const struct oci_seccomp *s, const struct names_arch *a)
{
        int64_t highest = -1;

        for (size_t i = 0; i < s->n_syscalls; i++)
                for (size_t j = 0; j < s->syscalls[i]->n_names; j++) {
                        int row = syscalls_find(s->syscalls[i]->names[j], -1);
                        int n = row < 0 ? -1 : syscalls_number(row, a->abi);

                        if (n < SYSCALLS_LIMIT && n > highest)
                                highest = n;
                }
        return highest;
}

/* The right answer: ENOSYS for what is newer than the profile; what libseccomp says, when it was asked. */
static uint32_t expected(const struct oci_seccomp *s, const struct oracle *o, const struct names_arch *arch,
                         int64_t highest, bool x32, const struct seccomp_data *d)
{
        bool permissive = names_action(s->default_action)->permissive;
        bool foreign = arch->abi == SYSCALLS_X86_64 && !x32 && (uint32_t)d->nr >= 0x40000000;
        uint32_t relative = (uint32_t)d->nr - arch->base;

        if (!permissive && highest >= 0 && !foreign) {
                if ((uint32_t)d->nr >= arch->base && relative > highest &&
                    !(arch->abi == SYSCALLS_ARM && relative - SYSCALLS_PRIVATE_BASE < 16))
                        return SECCOMP_RET_ERRNO | ENOSYS;
                if (d->nr == 0 && (arch->abi == SYSCALLS_S390 || arch->abi == SYSCALLS_S390X))
                        return SECCOMP_RET_ERRNO | ENOSYS;
        }
        if (o)
                return run_filter(o->code, o->n, d);
        if (arch->token == AUDIT_ARCH_ALPHA || (foreign && d->nr != -1))
                return SECCOMP_RET_KILL_THREAD;
        return opinion(s, arch, d);
}

static struct oci_seccomp *parse(const char *json, struct oci_arena **arena)
{
        struct oci_seccomp *s = NULL;
        struct cfs_error err;

        assert_ok(
                oci_decode(&oci_seccomp_type, "seccomp.json", json, strlen(json), (void **)&s, arena, &err));
        return s;
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(void)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return seed;
}

static unsigned rnd_below(unsigned n)
{
        return (unsigned)((rnd() >> 20) % n);
}

static uint64_t interesting[256]; /* values near those that the profile compares with */
static unsigned n_interesting;

static void find_interesting(const struct oci_seccomp *s)
{
        n_interesting = 0;
        interesting[n_interesting++] = 0;
        interesting[n_interesting++] = UINT64_MAX;
        for (size_t i = 0; i < s->n_syscalls; i++)
                for (size_t j = 0; j < s->syscalls[i]->n_args && n_interesting + 8 < ARRAY_SIZE(interesting);
                     j++) {
                        uint64_t v = s->syscalls[i]->args[j]->value, w = s->syscalls[i]->args[j]->value_two;
                        const uint64_t near[] = {
                                v, v - 1, v + 1, v ^ 0x100000000, w, w + 1, w ^ (1ULL << rnd_below(64))
                        };

                        for (unsigned k = 0; k < ARRAY_SIZE(near); k++)
                                interesting[n_interesting++] = near[k];
                }
        for (unsigned i = 1; i <= 24 && n_interesting < ARRAY_SIZE(interesting); i++)
                interesting[n_interesting++] = i; /* calls of socketcall and ipc */
}

struct tally {
        unsigned long asked, ours, theirs;
};

static void ask_both(const struct oci_seccomp *s, const struct filter *f, const struct oracle *o,
                     const struct names_arch *arch, int64_t highest, bool x32, uint32_t nr, struct tally *t)
{
        /* More tries where arguments count. */
        for (unsigned tries = 0, n = 2; tries < n; tries++) {
                struct seccomp_data d = { .nr = (int)nr, .arch = arch->token };
                uint32_t mine, theirs;

                for (unsigned i = 0; i < 6; i++)
                        d.args[i] = interesting[rnd_below(n_interesting)];
                mine = run_filter(f->code, f->n, &d);
                t->ours += steps;
                theirs = expected(s, o, arch, highest, x32, &d);
                t->theirs += steps;
                t->asked++;
                if (mine != theirs)
                        fail_msg("%s %#x (%llx %llx %llx %llx %llx %llx): %#x, should be %#x", arch->name, nr,
                                 (unsigned long long)d.args[0], (unsigned long long)d.args[1],
                                 (unsigned long long)d.args[2], (unsigned long long)d.args[3],
                                 (unsigned long long)d.args[4], (unsigned long long)d.args[5], mine, theirs);
                if (mine != f->code[f->n - 1].k && n == 2 && n_interesting > 26)
                        n = 8;
        }
}

/* Every number of every architecture of the profile, and some that belong to none. */
static struct tally compare(const struct oci_seccomp *s, const struct filter *f, const struct oracle *o)
{
        static const uint32_t edges[] = { 0x3fffffff, 0x40000000, 0x40000001, 0x400001ff, 0x40000200,
                                          0x40000223, 0x40000224, 0x7fffffff, 0x80000000, 0xfffffffe,
                                          0xffffffff, 0xeffff,    0xf0000,    0xf0001,    0xf0002,
                                          0xf0005,    0xf0006,    0xf0007,    4000,       5000,
                                          6000 };
        struct names_arch foreign = { .name = "foreign", .token = AUDIT_ARCH_ALPHA };
        struct tally t = { 0 };
        bool x32 = false, x86_64 = STREQ(names_native()->name, "SCMP_ARCH_X86_64");

        find_interesting(s);
        find_rows(s);
        for (size_t i = 0; i < s->n_architectures; i++) {
                x32 |= STREQ(s->architectures[i], "SCMP_ARCH_X32");
                x86_64 |= STREQ(s->architectures[i], "SCMP_ARCH_X86_64");
        }
        for (size_t i = 0; i <= s->n_architectures; i++) {
                const struct names_arch *a = i ? names_arch(s->architectures[i - 1]) : names_native();
                int64_t highest = highest_named(s, a);

                for (uint32_t n = 0; n < 700; n++)
                        ask_both(s, f, o, a, highest, x32, a->base + n, &t);
                for (unsigned j = 0; j < ARRAY_SIZE(edges); j++) {
                        const struct names_arch *b = a;

                        if (x32 && a->token == AUDIT_ARCH_X86_64)
                                b = names_arch(edges[j] >= 0x40000000 ? "SCMP_ARCH_X32" : "SCMP_ARCH_X86_64");
                        /* On another machine a profile may have x32 alone. */
                        if (!x86_64 && STREQ(b->name, "SCMP_ARCH_X86_64"))
                                continue;
                        ask_both(s, f, o, b, highest_named(s, b), x32, edges[j], &t);
                }
        }
        ask_both(s, f, o, &foreign, -1, x32, 1, &t);
        return t;
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
