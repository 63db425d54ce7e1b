/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules. A small interpreter runs the generated program, and its answers are compared with those of
 * the rules read literally: for each kind of access the last rule that covers it decides.
 */
#include "test.h"
#include "libcfs/cgroup/devices/bpf.h"
#include "libcfs/cgroup/devices/rules.h"
#include "oci.h"

static struct oci_resources *decode(const char *json, struct oci_arena **arena)
{
        struct oci_resources *r;
        struct cfs_error err;

        assert_ok(oci_decode(&oci_resources_type, "test", json, strlen(json), (void **)&r, arena, &err));
        return r;
}

/* ---- the interpreter ----------------------------------------------------------------------------------- */

static uint64_t run(const struct bpf_insn *p, size_t n, const struct bpf_cgroup_dev_ctx *ctx)
{
        uint64_t r[11] = { 0 };
        size_t pc = 0;

        for (unsigned steps = 0; steps < 100000; steps++) {
                const struct bpf_insn *i = &p[pc++];
                uint64_t *d = &r[i->dst_reg], s = i->src_reg ? r[i->src_reg] : 0;

                assert_true(pc <= n);
                switch (i->code) {
                case BPF_LDX | BPF_MEM | BPF_W:
                        assert_int_equal(i->src_reg, 1);
                        memcpy(d, (const char *)ctx + i->off, 4);
                        *d &= 0xffffffff;
                        break;
                case BPF_ALU | BPF_MOV | BPF_X:
                        *d = (uint32_t)s;
                        break;
                case BPF_ALU64 | BPF_MOV | BPF_K:
                        *d = (uint64_t)(int64_t)i->imm;
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        *d = (uint32_t)*d & (uint32_t)i->imm;
                        break;
                case BPF_ALU | BPF_RSH | BPF_K:
                        *d = (uint32_t)*d >> i->imm;
                        break;
                case BPF_JMP | BPF_JNE | BPF_K:
                        pc += *d != (uint64_t)(int64_t)i->imm ? (size_t)i->off : 0;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        pc += *d == (uint64_t)(int64_t)i->imm ? (size_t)i->off : 0;
                        break;
                case BPF_JMP | BPF_EXIT:
                        return r[0];
                default:
                        fail_msg("instruction %#x", i->code);
                }
        }
        fail_msg("the program does not end");
        return 0;
}

static bool literally(const struct rules *rules, unsigned type, unsigned access, unsigned major,
                      unsigned minor)
{
        for (unsigned bit = 1; bit <= 4; bit <<= 1) {
                bool allow = false;

                for (size_t i = 0; i < rules->n; i++) {
                        const struct rule *r = &rules->p[i];

                        if ((r->type == 'a' || (r->type == 'b') == (type == BPF_DEVCG_DEV_BLOCK)) &&
                            (r->major < 0 || r->major == major) && (r->minor < 0 || r->minor == minor) &&
                            (r->access & bit))
                                allow = r->allow;
                }
                if ((access & bit) && !allow)
                        return false;
        }
        return true;
}

static void compare(const struct rules *rules)
{
        _cleanup_free_ struct bpf_insn *insn = NULL;
        struct cfs_error err;
        size_t n;

        assert_ok(bpf_program(rules, &insn, &n, &err));
        for (unsigned type = BPF_DEVCG_DEV_BLOCK; type <= BPF_DEVCG_DEV_CHAR; type++) {
                for (unsigned access = 1; access <= RULES_RWM; access++) {
                        for (unsigned k = 0; k < 16; k++) {
                                struct bpf_cgroup_dev_ctx ctx = { .access_type = access << 16 | type,
                                                                  .major = k % 4,
                                                                  .minor = k / 4 };

                                if (run(insn, n, &ctx) != literally(rules, type, access, k % 4, k / 4))
                                        fail_msg("type %u access %u device %u:%u", type, access, k % 4,
                                                 k / 4);
                        }
                }
        }
        if (geteuid() == 0) {
                _cleanup_close_ int fd = bpf_load(insn, n);

                /* A kernel without BPF has no opinion. */
                if (fd < 0 && fd != -ENOSYS && fd != -EPERM)
                        fail_msg("the verifier does not like it: %s", strerror(-fd));
        }
}

/* spec: config-linux.allowed.1 config-linux.allowed.2 */
static void the_program_does_what_the_rules_say(void **state)
{
        unsigned seed = 20;

        (void)state;
        for (unsigned round = 0; round < 200; round++) {
                _cleanup_rules_ struct rules rules = { 0 };
                struct rule first = { round % 2, 'a', -1, -1, RULES_RWM };
                struct cfs_error err;

                assert_ok(rules_add(&rules, &first, &err));
                for (int n = rand_r(&seed) % 12; n > 0; n--) {
                        struct rule r = { .allow = rand_r(&seed) % 2,
                                          .type = "abc"[rand_r(&seed) % 3],
                                          .major = rand_r(&seed) % 5 - 1,
                                          .minor = rand_r(&seed) % 5 - 1,
                                          .access = 1 + (unsigned)rand_r(&seed) % 7 };

                        assert_ok(rules_add(&rules, &r, &err));
                }
                compare(&rules);
        }
}

/* ---- what the document says ---------------------------------------------------------------------------- */

static void list(const char *json, struct rules *ret)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_device fuse = {
                .type = (char *)"c", .major = 10, .minor = 229, .has_major = true, .has_minor = true
        };
        struct oci_device *devices[] = { &fuse };
        struct cgroup_request rq = { .resources = decode(json, &arena), .devices = devices, .n_devices = 1 };
        struct cfs_error err;

        assert_ok(rules_list(&rq, ret, &err));
}

#define C BPF_DEVCG_DEV_CHAR
#define B BPF_DEVCG_DEV_BLOCK
#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD

static void default_devices_work_after_deny_all(void **state)
{
        _cleanup_rules_ struct rules r = { 0 };

        (void)state;
        list("{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"b\",\"major\":8,\"access\":\"r\"}]}",
             &r);
        assert_true(literally(&r, C, R | W | M, 1, 3));
        assert_true(literally(&r, C, R | W | M, 136, 7));
        assert_false(literally(&r, C, R, 1, 1));
        assert_true(literally(&r, B, R, 8, 3));
        assert_false(literally(&r, B, R | W, 8, 3));
        /* Making a node is not using it. */
        assert_true(literally(&r, B, M, 8, 3));
        assert_true(literally(&r, C, M, 99, 3));
        /* Listed in linux.devices: it can be made, not used. */
        assert_true(literally(&r, C, M, 10, 229));
        assert_false(literally(&r, C, R, 10, 229));
}

static void an_explicit_rule_has_the_last_word_but_for_making(void **state)
{
        _cleanup_rules_ struct rules r = { 0 };

        (void)state;
        list("{\"devices\":[{\"allow\":false},{\"allow\":false,\"type\":\"c\",\"major\":1,\"minor\":5,\"access\":\"rwm\"}]}",
             &r);
        assert_false(literally(&r, C, R, 1, 5));
        assert_true(literally(&r, C, M, 1, 5));
        assert_true(literally(&r, C, R, 1, 3));
}

static void without_rules_only_what_is_listed(void **state)
{
        _cleanup_rules_ struct rules r = { 0 };

        (void)state;
        list("{}", &r);
        assert_true(literally(&r, C, R | W | M, 10, 229));
        assert_true(literally(&r, C, R | W, 1, 3));
        assert_true(literally(&r, C, R | W, 10, 200)); /* net/tun */
        assert_false(literally(&r, C, R, 10, 201));
        assert_false(literally(&r, B, M, 8, 0));
}

static void privileged_is_privileged(void **state)
{
        _cleanup_rules_ struct rules r = { 0 };

        (void)state;
        list("{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"access\":\"rwm\"}]}", &r);
        assert_int_equal(r.n, 1);
        assert_true(r.p[0].allow);
}

static void malformed_rules_are_named(void **state)
{
        static const char *const bad[] = {
                "{\"devices\":[{\"allow\":true},{\"allow\":true,\"type\":\"x\"}]}",
                "{\"devices\":[{\"allow\":true},{\"allow\":true,\"access\":\"rx\"}]}",
                /* In 32 bits these would be 1:3, the null device. runc: "invalid major". */
                "{\"devices\":[{\"allow\":true},{\"allow\":true,\"type\":\"c\",\"major\":4294967297,\"minor\":3}]}",
                "{\"devices\":[{\"allow\":true},{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":4294967299}]}"
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                _cleanup_oci_arena_ struct oci_arena *arena = NULL;
                _cleanup_rules_ struct rules r = { 0 };
                struct cfs_error err = { 0 };
                struct cgroup_request rq = { 0 };

                struct oci_resources *res;

                /* The schema may find it first. */
                if (oci_decode(&oci_resources_type, "test", bad[i], strlen(bad[i]), (void **)&res, &arena,
                               &err) < 0)
                        continue;
                rq.resources = res;
                assert_fails(rules_list(&rq, &r, &err), EINVAL);
                assert_contains(err.property, "linux.resources.devices[1].");
        }
}

static void rules_as_text(void **state)
{
        static const char *const texts[] = { "c 1:3 rwm", "b *:* m", "c 136:* rw", "a *:* rwm" };
        char buf[RULES_TEXT_SIZE];
        struct rule r;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                assert_int_equal(rules_parse(texts[i], &r), 0);
                assert_string_equal(rules_format(&r, buf), texts[i]);
        }
        assert_int_equal(rules_parse("c 1:3", &r), -EINVAL);
        assert_int_equal(rules_parse("", &r), -EINVAL);
        assert_int_equal(rules_parse("c x:3 r", &r), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_program_does_what_the_rules_say),
                cmocka_unit_test(default_devices_work_after_deny_all),
                cmocka_unit_test(an_explicit_rule_has_the_last_word_but_for_making),
                cmocka_unit_test(without_rules_only_what_is_listed),
                cmocka_unit_test(privileged_is_privileged),
                cmocka_unit_test(malformed_rules_are_named),
                cmocka_unit_test(rules_as_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
