/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a seccomp filter has to answer, in two opinions: libseccomp's, and that of the rules of filter.c
 * applied call by call. A small interpreter of BPF runs the programs. For the unit test and the fuzzer, which
 * say before what assert_true() and fail_msg() do.
 */
#ifndef SECCOMP_ORACLE_H
#define SECCOMP_ORACLE_H

#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "libcfs/seccomp/filter.h"
#include "libcfs/seccomp/names.h"
#include "libcfs/seccomp/syscalls.h"
#include "oci.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

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

#endif
