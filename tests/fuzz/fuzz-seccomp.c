/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The compiler of seccomp filters. The input is a linux.seccomp object, or, when its first byte is below the
 * blank, the choices from which one is made: of a few bytes of JSON hardly one is a profile. Whatever the
 * decoder takes compiles to a program that the kernel would take, or is refused for its size; every run of it
 * ends in a verdict, and that is the one which the rules give call by call, and libseccomp where it can be
 * asked.
 */
#include "fuzz.h"
#include <stdio.h>
#define assert_true               CHECK
#define assert_non_null(p)        CHECK(p)
#define assert_ok(r)              CHECK((r) >= 0)
#define assert_int_equal(a, b)    CHECK((a) == (b))
#define assert_string_equal(a, b) CHECK(strcmp(a, b) == 0)
#define fail_msg(...)                                                                                        \
        do {                                                                                                 \
                (void)fprintf(stderr, __VA_ARGS__);                                                          \
                abort();                                                                                     \
        } while (0)
#include "../unit/seccomp-oracle.h"

/* The kernel's rules: seccomp_check_filter() and bpf_check_classic(). */
static void verify(const struct filter *f)
{
        CHECK(f->n > 0 && f->n <= BPF_MAXINSNS);
        for (unsigned pc = 0; pc < f->n; pc++) {
                const struct sock_filter *i = &f->code[pc];

                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        CHECK(i->k % 4 == 0 && i->k < sizeof(struct seccomp_data));
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                case BPF_RET | BPF_K:
                        break;
                case BPF_JMP | BPF_JA:
                        CHECK(i->k < f->n - pc - 1);
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                case BPF_JMP | BPF_JGE | BPF_K:
                case BPF_JMP | BPF_JGT | BPF_K:
                case BPF_JMP | BPF_JSET | BPF_K:
                        CHECK(i->jt < f->n - pc - 1 && i->jf < f->n - pc - 1);
                        break;
                default:
                        abort();
                }
        }
        /* All jumps go forward, so a last instruction that returns makes every run end. */
        CHECK(f->code[f->n - 1].code == (BPF_RET | BPF_K));
}

/* What the opinions have room for; and it takes a while. */
static bool is_small(const struct oci_seccomp *s)
{
        size_t names = 0;

        for (size_t i = 0; i < s->n_syscalls; i++)
                names += s->syscalls[i]->n_names;
        return s->n_syscalls <= 64 && names <= 256 && s->n_architectures <= 4;
}

static bool occurs_before(const struct oci_seccomp *s, size_t entry, size_t name)
{
        for (size_t i = 0; i <= entry; i++)
                for (size_t j = 0; j < (i == entry ? name : s->syscalls[i]->n_names); j++)
                        if (STREQ(s->syscalls[i]->names[j], s->syscalls[entry]->names[name]))
                                return true;
        return false;
}

/* Only what libseccomp 2.5 gets right: this machine's ABI, each call once, one action for all entries with
 * conditions, and no condition that compares nothing. See test-seccomp-filter.c. */
static bool is_simple(const struct oci_seccomp *s)
{
        const char *conditional = NULL;

        for (size_t i = 0; i < s->n_architectures; i++)
                if (names_arch(s->architectures[i]) != names_native())
                        return false;
        for (size_t i = 0; i < s->n_syscalls; i++) {
                const struct oci_syscall *e = s->syscalls[i];
                unsigned seen = 0;

                for (size_t j = 0; j < e->n_names; j++) {
                        int n = seccomp_syscall_resolve_name(e->names[j]);

                        if (occurs_before(s, i, j) || (n < 0 && syscalls_find(e->names[j], -1) >= 0))
                                return false;
                }
                for (size_t j = 0; j < e->n_args; j++) {
                        const struct oci_syscall_arg *a = e->args[j];

                        if (seen & 1U << a->index ||
                            (STREQ(a->op, "SCMP_CMP_MASKED_EQ") && !(uint32_t)a->value))
                                return false;
                        seen |= 1U << a->index;
                }
                if (e->n_args && ((conditional && !STREQ(conditional, e->action)) || e->has_errno_ret))
                        return false;
                if (e->n_args)
                        conditional = e->action;
        }
        return true;
}

static void ask(const struct oci_seccomp *s, const struct filter *f)
{
        seed = 88172645463325252ULL;
        (void)compare(s, f, NULL);
        if (is_simple(s)) {
                struct oracle o = ask_libseccomp(s);

                if (!o.refused)
                        (void)compare(s, f, &o);
                free(o.code);
        }
}

/* The choices; zero when there are no more. */
struct choices {
        const uint8_t *p;
        size_t n;
};

static unsigned choose(struct choices *c, unsigned of)
{
        unsigned v = c->n > 0 ? *c->p : 0;

        if (c->n > 0) {
                c->p++;
                c->n--;
        }
        return v % of;
}

static const char *const actions[] = { "KILL",  "KILL_PROCESS", "KILL_THREAD", "TRAP",  "ERRNO",
                                       "TRACE", "ALLOW",        "LOG",         "NOTIFY" };
static const char *const operators[] = { "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ" };
static const char *const architectures[] = { "X86_64",  "X86_64", "X86",   "X32",
                                             "AARCH64", "ARM",    "S390X", "MIPSEL" };

static unsigned long long number(struct choices *c)
{
        unsigned shift = choose(c, 64);

        return ((unsigned long long)choose(c, 256) << shift) - choose(c, 2);
}

static void one_argument(struct choices *c, struct str *json, bool first)
{
        unsigned index = choose(c, 6), op = choose(c, ARRAY_SIZE(operators));
        unsigned long long value = number(c), two = number(c);

        str_addf(json, "%s{\"index\":%u,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}",
                 first ? "" : ",", index, value, two, operators[op]);
}

static void one_entry(struct choices *c, struct str *json, bool first)
{
        unsigned names = 1 + choose(c, 4), args = choose(c, 4);

        str_addf(json, "%s{\"action\":\"SCMP_ACT_%s\",\"names\":[", first ? "" : ",",
                 actions[choose(c, ARRAY_SIZE(actions))]);
        for (unsigned i = 0; i < names; i++)
                str_addf(json, "%s\"%s\"", i ? "," : "",
                         syscalls_name((int)((choose(c, 256) << 1 | choose(c, 2)) % SYSCALLS_COUNT)));
        str_add(json, "],\"args\":[");
        for (unsigned i = 0; i < args; i++)
                one_argument(c, json, i == 0);
        str_add(json, "]}");
}

static char *made_up(const uint8_t *data, size_t size, size_t *ret_len)
{
        struct choices c = { data, size };
        struct str json = { 0 };
        struct cfs_error err;
        char *text;

        str_addf(&json, "{\"defaultAction\":\"SCMP_ACT_%s\",\"architectures\":[", actions[choose(&c, 8)]);
        for (unsigned i = 0, n = choose(&c, 4); i < n; i++)
                str_addf(&json, "%s\"SCMP_ARCH_%s\"", i ? "," : "",
                         architectures[choose(&c, ARRAY_SIZE(architectures))]);
        str_add(&json, "],\"syscalls\":[");
        for (unsigned i = 0; c.n > 0 && i < 30; i++)
                one_entry(&c, &json, i == 0);
        str_add(&json, "]}");
        CHECK(str_take(&json, &text, &err) >= 0);
        *ret_len = strlen(text);
        return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *made = NULL;
        struct oci_arena *arena = NULL;
        struct cfs_error err = { 0 };
        struct filter f;
        void *root;

        if (size > 0 && data[0] < ' ') {
                made = made_up(data + 1, size - 1, &size);
                data = (const uint8_t *)made;
        }
        if (oci_decode(&oci_seccomp_type, "seccomp", (const char *)data, size, &root, &arena, &err) < 0)
                return 0;
        err = (struct cfs_error){ 0 };
        if (filter_compile(root, &f, &err) >= 0) {
                verify(&f);
                if (is_small(root))
                        ask(root, &f);
                filter_free(&f);
        } else {
                CHECK(err.code == CFS_E_INVALID && strstr(err.text, "4096"));
        }
        oci_arena_free(arena);
        return 0;
}
