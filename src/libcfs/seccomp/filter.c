/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The compiler of seccomp filters.
 *
 * The kernel asks a filter once for each system call: a number, an architecture, six arguments; the answer is
 * an action (seccomp(2)). config.json has a list of entries, each with names, perhaps conditions, and an
 * action.
 *
 *      load arch ── is it x86-64? ── load nr ── search tree of numbers ── conditions on arguments ── action
 *                 ├ is it i386?   ── load nr ── ...
 *                 └ another one: kill
 *
 * Which action a call meets, where several entries name it, is what libseccomp makes of the same rules,
 * because that is what profiles are tested with (runc and crun):
 *
 *   - an entry that asks for the default action says nothing, and is skipped;
 *   - the first entry without conditions decides, even against entries with conditions before it;
 *   - otherwise the conditions are tried in the order of the document. (libseccomp's order is its own here,
 *     and it refuses equal conditions with different actions.)
 *   - all conditions of an entry must hold, but when two of them are on the same argument, each stands for
 *     itself.
 *
 * The native architecture is always included. A foreign architecture kills the thread, and so does an x32
 * number when only x86-64 is listed: the same number would otherwise slip past rules for x86-64.
 *
 * Calls that are newer than the profile: a program that tries a new call and falls back to an old one does so
 * on ENOSYS, not on EPERM. So numbers above the highest one that the profile names, for an ABI, return
 * ENOSYS, when the default is to deny (runc does the same). On s390 that includes 0, which is what the kernel
 * turns unknown calls into.
 *
 * On some ABIs, calls of sockets and System V IPC come through socketcall(2) and ipc(2), whose first argument
 * says which call is meant; there are direct calls as well since Linux 4.3 and 5.1. A rule for such a call is
 * a rule for both. The real arguments are in memory, where no filter can see them.
 */
#include "libcfs/seccomp/filter.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/seccomp/arguments.h"
#include "libcfs/seccomp/names.h"
#include "libcfs/seccomp/program.h"
#include "libcfs/seccomp/syscalls.h"
#include "libcfs/seccomp/search.h"
#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define ARCHS_MAX     32
#define UNDECIDED     UINT_MAX
#define PRIVATE_CALLS 16

/* One entry of syscalls[]: what it adds to the calls that it names. */
struct rule {
        uint32_t action;
        bool redundant;       /* asks for the default action                      */
        unsigned first_match; /* its conditions; several matches are alternatives */
        unsigned n_matches;   /* 0: unconditional                                 */
};

/* "This entry names this call", in the order of the document. */
struct mention {
        unsigned rule;
        unsigned row;
        unsigned next; /* the next one of the same call, 0: none */
};

/* What happens to a call: an action, or conditions. Calls with the same conditions share them. */
struct verdict {
        uint32_t action;
        unsigned mentions;  /* the first one with conditions, 0: unconditional                    */
        bool written[2][2]; /* for ABIs with 32 and 64-bit arguments, little and big endian ones: */
        place where[2][2];  /* the conditions' place in the program                               */
};

struct compiler {
        struct program program; /* first: of its code only the end is used, next to the rest */

        const struct oci_seccomp *seccomp;
        uint32_t default_action;
        bool newer_enosys;
        const struct names_arch *archs[ARCHS_MAX];
        unsigned n_archs;
        int socketcall_row, ipc_row;

        struct rule *rules;
        struct arguments_match *matches;
        struct mention *mentions; /* [0] is not used */
        unsigned n_mentions;
        struct mention *multiplexed; /* of socketcall, ipc, and the calls that come through them */
        unsigned n_multiplexed;
        struct verdict *verdicts; /* [0] is the default */
        unsigned n_verdicts;
        struct arguments_match *gathered;
        unsigned n_gathered, gathered_size;

        /* Of each row of the table of system calls. */
        bool named[SYSCALLS_COUNT];
        unsigned verdict[SYSCALLS_COUNT]; /* UNDECIDED, or an index */
        unsigned first[SYSCALLS_COUNT];   /* mentions with conditions, 0: none */
        unsigned last[SYSCALLS_COUNT];

        unsigned by_number[SYSCALLS_LIMIT]; /* verdicts under one ABI */
        struct search_segment segments[SEARCH_MAX];
        unsigned n_segments;
};

static void compiler_free(struct compiler **c)
{
        if (!*c)
                return;
        free((*c)->rules);
        free((*c)->matches);
        free((*c)->mentions);
        free((*c)->multiplexed);
        free((*c)->verdicts);
        free((*c)->gathered);
        free(*c);
}

uint32_t filter_action(const char *name, bool has_errno, uint32_t errnum)
{
        const struct names_action *action = names_action(name);

        if (!action->carries_errno)
                return action->value;
        return action->value | ((has_errno ? errnum : EPERM) & SECCOMP_RET_DATA);
}

bool filter_knows(const char *name)
{
        return syscalls_find(name, -1) >= 0;
}

/* ---- reading the document ------------------------------------------------------------------------------ */

static void read_condition(const struct oci_syscall_arg *arg, struct arguments_match *m)
{
        m->conditions[m->n++] = (struct arguments_condition){
                .index = (uint8_t)arg->index,
                .op = names_operator(arg->op)->op,
                .value = arg->value,
                .two = arg->value_two,
        };
}

static bool repeats_argument(const struct oci_syscall *s)
{
        unsigned seen = 0;

        for (size_t i = 0; i < s->n_args; i++) {
                if (seen & (1U << s->args[i]->index))
                        return true;
                seen |= 1U << s->args[i]->index;
        }
        return false;
}

/* A mask of 0: the condition does not depend on the argument. */
static bool always_holds(const struct oci_syscall_arg *arg)
{
        return names_operator(arg->op)->op == NAMES_MASKED_EQ && arg->value == 0;
}

/* Adds the conditions of an entry to the matches; returns how many matches that makes. */
static unsigned read_conditions(struct compiler *c, const struct oci_syscall *s, const struct rule *rule)
{
        bool alternatives = repeats_argument(s);
        unsigned n = 0;

        for (size_t i = 0; i < s->n_args; i++) {
                if (always_holds(s->args[i])) {
                        if (alternatives)
                                return 0;
                        continue;
                }
                if (n == 0 || alternatives)
                        c->matches[rule->first_match + n++] =
                                (struct arguments_match){ .action = rule->action };
                read_condition(s->args[i], &c->matches[rule->first_match + n - 1]);
        }
        return n;
}

static void read_rules(struct compiler *c)
{
        unsigned n = 0;

        for (size_t i = 0; i < c->seccomp->n_syscalls; i++) {
                const struct oci_syscall *s = c->seccomp->syscalls[i];
                struct rule *rule = &c->rules[i];

                rule->action = filter_action(s->action, s->has_errno_ret, s->errno_ret);
                rule->redundant = rule->action == c->default_action;
                rule->first_match = n;
                rule->n_matches = read_conditions(c, s, rule);
                n += rule->n_matches;
        }
}

static unsigned add_verdict(struct compiler *c, uint32_t action, unsigned mentions)
{
        c->verdicts[c->n_verdicts] = (struct verdict){ .action = action, .mentions = mentions };
        return c->n_verdicts++;
}

/* The outcome for a call that an entry without conditions names. */
static unsigned find_verdict(struct compiler *c, uint32_t action)
{
        for (unsigned i = 0; i < c->n_verdicts; i++)
                if (c->verdicts[i].mentions == 0 && c->verdicts[i].action == action)
                        return i;
        return add_verdict(c, action, 0);
}

static bool same_conditions(const struct compiler *c, unsigned a, unsigned b)
{
        for (; a && b; a = c->mentions[a].next, b = c->mentions[b].next)
                if (c->mentions[a].rule != c->mentions[b].rule)
                        return false;
        return a == b;
}

static unsigned find_conditional(struct compiler *c, unsigned mentions)
{
        for (unsigned i = 0; i < c->n_verdicts; i++)
                if (c->verdicts[i].mentions && same_conditions(c, c->verdicts[i].mentions, mentions))
                        return i;
        return add_verdict(c, 0, mentions);
}

/* Entry `rule` names the call in this row. */
static void add_mention(struct compiler *c, unsigned rule, unsigned row)
{
        const struct rule *r = &c->rules[rule];

        c->named[row] = true;
        if (r->redundant)
                return;
        for (unsigned i = c->n_multiplexed; i-- > 0 && c->multiplexed[i].rule == rule;)
                if (c->multiplexed[i].row == row)
                        return; /* twice in one entry */
        if (syscalls_socketcall((int)row) || syscalls_ipc((int)row) || (int)row == c->socketcall_row ||
            (int)row == c->ipc_row)
                c->multiplexed[c->n_multiplexed++] = (struct mention){ .rule = rule, .row = row };
        if (c->verdict[row] != UNDECIDED)
                return;
        if (r->n_matches == 0) {
                c->verdict[row] = find_verdict(c, r->action);
                return;
        }
        if (c->first[row] && c->mentions[c->last[row]].rule == rule)
                return;
        c->mentions[c->n_mentions] = (struct mention){ .rule = rule, .row = row };
        if (c->first[row])
                c->mentions[c->last[row]].next = c->n_mentions;
        else
                c->first[row] = c->n_mentions;
        c->last[row] = c->n_mentions++;
}

static void read_names(struct compiler *c)
{
        _cleanup_str_ struct str allowed = { 0 }, denied = { 0 };

        for (size_t i = 0; i < c->seccomp->n_syscalls; i++) {
                const struct oci_syscall *s = c->seccomp->syscalls[i];
                struct str *unknown = STREQ(s->action, "SCMP_ACT_ALLOW") ? &allowed : &denied;
                int row = -1;

                for (size_t j = 0; j < s->n_names; j++) {
                        int found = syscalls_find(s->names[j], row);

                        if (found < 0) {
                                if (unknown->len < 512)
                                        str_addf(unknown, "%s%s", unknown->len ? ", " : "", s->names[j]);
                                continue;
                        }
                        row = found;
                        add_mention(c, (unsigned)i, (unsigned)row);
                }
        }
        /* The profiles of engines allow many calls that are newer than this build. These stay forbidden;
         * a warning at every run would help no user. */
        if (allowed.len)
                log_info("linux.seccomp: unknown system calls are ignored: %s", allowed.p);
        if (denied.len)
                log_warning("linux.seccomp: unknown system calls are ignored: %s", denied.p);
        for (unsigned row = 0; row < SYSCALLS_COUNT; row++)
                if (c->verdict[row] == UNDECIDED && c->first[row])
                        c->verdict[row] = find_conditional(c, c->first[row]);
}

static void add_arch(struct compiler *c, const struct names_arch *arch)
{
        for (unsigned i = 0; i < c->n_archs; i++)
                if (c->archs[i] == arch)
                        return;
        if (c->n_archs < ARCHS_MAX)
                c->archs[c->n_archs++] = arch;
}

static int read_document(struct compiler *c, struct cfs_error *err)
{
        const struct oci_seccomp *s = c->seccomp;
        size_t n_names = 0, n_args = 0;

        for (size_t i = 0; i < s->n_syscalls; i++) {
                n_names += s->syscalls[i]->n_names;
                n_args += s->syscalls[i]->n_args;
        }
        c->rules = calloc(s->n_syscalls + 1, sizeof(*c->rules));
        c->matches = calloc(n_args + 1, sizeof(*c->matches));
        c->mentions = calloc(n_names + 1, sizeof(*c->mentions));
        c->multiplexed = calloc(n_names + 1, sizeof(*c->multiplexed));
        /* One for the default action, one for ENOSYS, and one for each call, socketcall and ipc of each
         * ABI. */
        c->verdicts = calloc(s->n_syscalls + SYSCALLS_COUNT + 2 + 2 * ARCHS_MAX, sizeof(*c->verdicts));
        if (!c->rules || !c->matches || !c->mentions || !c->multiplexed || !c->verdicts)
                return err_nomem(err);
        c->n_mentions = 1;
        c->default_action = filter_action(s->default_action, s->has_default_errno_ret, s->default_errno_ret);
        c->newer_enosys = !names_action(s->default_action)->permissive;
        c->socketcall_row = syscalls_find("socketcall", -1);
        c->ipc_row = syscalls_find("ipc", -1);
        for (unsigned row = 0; row < SYSCALLS_COUNT; row++)
                c->verdict[row] = UNDECIDED;
        (void)find_verdict(c, c->default_action);
        add_arch(c, names_native());
        for (size_t i = 0; i < s->n_architectures; i++)
                add_arch(c, names_arch(s->architectures[i]));
        read_rules(c);
        read_names(c);
        return 0;
}

/* ---- conditions ---------------------------------------------------------------------------------------- */

static int gather(struct compiler *c, const struct arguments_match *m, struct cfs_error *err)
{
        if (c->n_gathered == c->gathered_size) {
                unsigned size = c->gathered_size ? 2 * c->gathered_size : 16;
                struct arguments_match *bigger = realloc(c->gathered, size * sizeof(*bigger));

                if (!bigger)
                        return err_nomem(err);
                c->gathered = bigger;
                c->gathered_size = size;
        }
        c->gathered[c->n_gathered++] = *m;
        return 0;
}

static int write_conditions(struct compiler *c, const struct names_arch *arch, struct verdict *v,
                            struct cfs_error *err)
{
        c->n_gathered = 0;
        for (unsigned i = v->mentions; i; i = c->mentions[i].next) {
                const struct rule *rule = &c->rules[c->mentions[i].rule];

                for (unsigned j = 0; j < rule->n_matches; j++) {
                        int r = gather(c, &c->matches[rule->first_match + j], err);

                        if (r < 0)
                                return r;
                }
        }
        v->where[arch->wide][arch->big_endian] =
                arguments_write(&c->program, arch, c->gathered, c->n_gathered,
                                program_return(&c->program, c->default_action));
        v->written[arch->wide][arch->big_endian] = true;
        return 0;
}

/* Rule `r`, for a call that is number `call` of a multiplexer: the first argument is that number. Other
 * conditions stay as they are, as with libseccomp: they then are about the multiplexer's own arguments. */
static int gather_multiplexed(struct compiler *c, const struct rule *r, unsigned call, struct cfs_error *err)
{
        const struct arguments_condition is_call = { .op = NAMES_EQ, .value = call };

        for (unsigned i = 0; i < (r->n_matches ? r->n_matches : 1); i++) {
                struct arguments_match m = { .action = r->action, .n = 1, .conditions = { is_call } };
                int ret;

                for (unsigned j = 0; r->n_matches && j < c->matches[r->first_match + i].n; j++) {
                        const struct arguments_condition *old = &c->matches[r->first_match + i].conditions[j];

                        if (old->index != 0)
                                m.conditions[m.n++] = *old;
                }
                ret = gather(c, &m, err);
                if (ret < 0)
                        return ret;
        }
        return 0;
}

/* socketcall(2) or ipc(2), in row `row`: rules for it, and for what comes through it. */
static int add_multiplexer(struct compiler *c, const struct names_arch *arch, int row,
                           unsigned (*call_of)(int row), struct cfs_error *err)
{
        int number = syscalls_number(row, arch->abi);
        unsigned v;

        if (number < 0 || (c->verdict[row] != UNDECIDED && !c->verdicts[c->verdict[row]].mentions))
                return 0;
        c->n_gathered = 0;
        for (unsigned i = 0; i < c->n_multiplexed; i++) {
                const struct mention *m = &c->multiplexed[i];
                const struct rule *rule = &c->rules[m->rule];
                int r = 0;

                if ((int)m->row == row) {
                        for (unsigned j = 0; j < rule->n_matches && r == 0; j++)
                                r = gather(c, &c->matches[rule->first_match + j], err);
                } else if (call_of((int)m->row)) {
                        r = gather_multiplexed(c, rule, call_of((int)m->row), err);
                }
                if (r < 0)
                        return r;
        }
        if (c->n_gathered == 0)
                return 0;
        v = add_verdict(c, 0, 0);
        c->verdicts[v].where[arch->wide][arch->big_endian] =
                arguments_write(&c->program, arch, c->gathered, c->n_gathered,
                                program_return(&c->program, c->default_action));
        c->verdicts[v].written[arch->wide][arch->big_endian] = true;
        c->by_number[number] = v;
        return 0;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* From `first` on, numbers lead to `target`. */
static void add_segment(struct compiler *c, uint32_t first, place target)
{
        struct search_segment *last = c->n_segments ? &c->segments[c->n_segments - 1] : NULL;

        if (last && last->first == first)
                last->target = target;
        else if (c->n_segments < SEARCH_MAX && (!last || last->target != target))
                c->segments[c->n_segments++] = (struct search_segment){ .first = first, .target = target };
        /* After the change it may be equal to the one before it. */
        if (c->n_segments > 1 &&
            c->segments[c->n_segments - 2].target == c->segments[c->n_segments - 1].target)
                c->n_segments--;
}

static int add_verdict_segment(struct compiler *c, const struct names_arch *arch, uint32_t first,
                               unsigned verdict, struct cfs_error *err)
{
        struct verdict *v = &c->verdicts[verdict];

        if (v->mentions && !v->written[arch->wide][arch->big_endian]) {
                int r = write_conditions(c, arch, v, err);

                if (r < 0)
                        return r;
        }
        add_segment(c, first,
                    v->written[arch->wide][arch->big_endian] ? v->where[arch->wide][arch->big_endian]
                                                             : program_return(&c->program, v->action));
        return 0;
}

/* Fills by_number; returns the highest number that the profile names, or -1. */
static int number_calls(struct compiler *c, const struct names_arch *arch)
{
        int highest = -1;

        memset(c->by_number, 0, sizeof(c->by_number));
        for (unsigned row = 0; row < SYSCALLS_COUNT; row++) {
                int number = c->named[row] ? syscalls_number((int)row, arch->abi) : -1;

                if (number < 0 || number >= SYSCALLS_LIMIT)
                        continue;
                if (number > highest)
                        highest = number;
                if (c->verdict[row] != UNDECIDED)
                        c->by_number[number] = c->verdict[row];
        }
        return highest;
}

/* ARM's private calls, far above the others, and older than any profile. */
static int add_private_segments(struct compiler *c, const struct names_arch *arch, place beyond,
                                struct cfs_error *err)
{
        for (int n = 0; n < PRIVATE_CALLS; n++) {
                unsigned verdict = 0;
                int r;

                for (unsigned row = 0; row < SYSCALLS_COUNT; row++)
                        if (c->verdict[row] != UNDECIDED &&
                            syscalls_number((int)row, arch->abi) == SYSCALLS_PRIVATE + n)
                                verdict = c->verdict[row];
                r = add_verdict_segment(c, arch, SYSCALLS_PRIVATE_BASE + (unsigned)n, verdict, err);
                if (r < 0)
                        return r;
        }
        add_segment(c, SYSCALLS_PRIVATE_BASE + PRIVATE_CALLS, beyond);
        return 0;
}

static int add_abi(struct compiler *c, const struct names_arch *arch, struct cfs_error *err)
{
        const place otherwise = program_return(&c->program, c->default_action);
        int highest = number_calls(c, arch);
        bool enosys = c->newer_enosys && highest >= 0;
        place beyond = enosys ? program_return(&c->program, SECCOMP_RET_ERRNO | ENOSYS) : otherwise;
        int r;

        r = add_multiplexer(c, arch, c->socketcall_row, syscalls_socketcall, err);
        if (r < 0)
                return r;
        r = add_multiplexer(c, arch, c->ipc_row, syscalls_ipc, err);
        if (r < 0)
                return r;
        if (enosys && (arch->abi == SYSCALLS_S390 || arch->abi == SYSCALLS_S390X))
                c->by_number[0] = find_verdict(c, SECCOMP_RET_ERRNO | ENOSYS);
        if (arch->base != 0x40000000)
                add_segment(c, 0, otherwise);
        for (int n = 0; n < SYSCALLS_LIMIT; n++) {
                if (enosys && n > highest)
                        break;
                if (n > 0 && c->by_number[n] == c->by_number[n - 1])
                        continue;
                r = add_verdict_segment(c, arch, arch->base + (unsigned)n, c->by_number[n], err);
                if (r < 0)
                        return r;
        }
        add_segment(c, arch->base + (unsigned)(enosys ? highest + 1 : SYSCALLS_LIMIT), beyond);
        return arch->abi == SYSCALLS_ARM ? add_private_segments(c, arch, beyond, err) : 0;
}

/* All ABIs of one AUDIT_ARCH_*: one, or x86-64 and x32. */
static int write_arch(struct compiler *c, uint32_t token, place *ret, struct cfs_error *err)
{
        const struct names_arch *abi = NULL, *x32 = NULL;
        int r;

        for (unsigned i = 0; i < c->n_archs; i++) {
                if (c->archs[i]->token != token)
                        continue;
                if (c->archs[i]->abi == SYSCALLS_X32)
                        x32 = c->archs[i];
                else
                        abi = c->archs[i];
        }
        c->n_segments = 0;
        if (abi) {
                r = add_abi(c, abi, err);
                if (r < 0)
                        return r;
        } else {
                add_segment(c, 0, program_return(&c->program, SECCOMP_RET_KILL_THREAD));
        }
        if (x32) {
                r = add_abi(c, x32, err);
                if (r < 0)
                        return r;
        } else if (token == AUDIT_ARCH_X86_64) {
                /* -1 is what a tracer sets to skip the call. */
                add_segment(c, 0x40000000, program_return(&c->program, SECCOMP_RET_KILL_THREAD));
                add_segment(c, UINT32_MAX, program_return(&c->program, c->default_action));
        }
        *ret = program_load(&c->program, offsetof(struct seccomp_data, nr),
                            search_write(&c->program, c->segments, c->n_segments));
        return 0;
}

/* The native architecture comes first in the program, and is written last. */
static int write_filter(struct compiler *c, struct cfs_error *err)
{
        place where = program_return(&c->program, SECCOMP_RET_KILL_THREAD);
        place entries[ARCHS_MAX];
        bool first[ARCHS_MAX] = { false };

        for (unsigned i = c->n_archs; i-- > 0;) {
                int r;

                first[i] = true;
                for (unsigned j = 0; j < i; j++)
                        first[i] = first[i] && c->archs[j]->token != c->archs[i]->token;
                if (!first[i])
                        continue;
                r = write_arch(c, c->archs[i]->token, &entries[i], err);
                if (r < 0)
                        return r;
        }
        for (unsigned i = c->n_archs; i-- > 0;)
                if (first[i])
                        where = program_jump(&c->program, BPF_JEQ, c->archs[i]->token, entries[i], where);
        (void)program_load(&c->program, offsetof(struct seccomp_data, arch), where);
        if (c->program.full)
                return err_property(
                        err,
                        err_set(err, CFS_E_INVALID,
                                "the filter needs more than %d instructions, which is what the kernel takes",
                                BPF_MAXINSNS),
                        "linux.seccomp");
        return 0;
}

int filter_compile(const struct oci_seccomp *seccomp, struct filter *ret, struct cfs_error *err)
{
        _cleanup_(compiler_free) struct compiler *c = calloc(1, sizeof(*c));
        struct filter f = { 0 };
        int r;

        if (!c)
                return err_nomem(err);
        c->seccomp = seccomp;
        program_init(&c->program);
        r = read_document(c, err);
        if (r < 0)
                return r;
        r = write_filter(c, err);
        if (r < 0)
                return r;
        f.n = c->program.n;
        f.n_archs = c->n_archs;
        for (unsigned row = 0; row < SYSCALLS_COUNT; row++) {
                if (c->verdict[row] == UNDECIDED)
                        continue;
                f.n_calls++;
                f.n_conditional += c->verdicts[c->verdict[row]].mentions != 0;
        }
        f.code = malloc(f.n * sizeof(*f.code));
        if (!f.code)
                return err_nomem(err);
        memcpy(f.code, program_code(&c->program), f.n * sizeof(*f.code));
        *ret = f;
        return 0;
}

void filter_free(struct filter *f)
{
        free(f->code);
        *f = (struct filter){ 0 };
}
