/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules. A small interpreter runs the generated program, and its answers are compared with those of
 * the rules read literally: for each kind of access the last rule that covers it decides.
 */
#include "test.h"
#include "base/mountinfo.h"
#include "base/rmtree.h"
#include "libcfs/cgroup/devices/bpf.h"
#include "libcfs/cgroup/devices/devcg.h"
#include "libcfs/cgroup/devices/rules.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

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

/* ---- the kernel ---------------------------------------------------------------------------------------- */

/* Where the devices controller of version 1 is mounted, or version 2. */
static bool hierarchy_mount(bool v2, char ret[PATH_MAX])
{
        struct mountinfo m = { 0 };
        struct cfs_error err;
        bool found = false;

        assert_ok(mountinfo_read(&m, AT_FDCWD, "/proc/self/mountinfo", &err));
        while (!found && mountinfo_next(&m)) {
                found = v2 ? STREQ(m.type, "cgroup2")
                           : STREQ(m.type, "cgroup") && (strstr(m.super, "devices") != NULL);
                if (found)
                        (void)snprintf(ret, PATH_MAX, "%s", m.point);
        }
        mountinfo_free(&m);
        return found;
}

/* Majors that no driver has (Documentation/admin-guide/devices.txt: local use), so opening such a node ends
 * with ENXIO, after the cgroup was asked. */
#define FREE_MAJOR 240

/* In the cgroup: does the kernel decide each access as the rules say? The exit code is the number of the
 * first one that it does not, or 0. */
static int ask_kernel(const struct rules *rules, const char *procs, const char *node)
{
        int fd = open(procs, O_WRONLY | O_CLOEXEC), n = 0;

        if (fd < 0 || write(fd, "0", 1) != 1)
                return 255;
        for (unsigned i = 0; i < 2 * 3 * 3 * 4; i++) {
                unsigned type = i % 2 ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK, access = i / 18;
                unsigned major = FREE_MAJOR + i / 2 % 3, minor = i / 6 % 3;
                static const unsigned wanted[] = { BPF_DEVCG_ACC_MKNOD, BPF_DEVCG_ACC_READ,
                                                   BPF_DEVCG_ACC_WRITE,
                                                   BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE };
                static const int flags[] = { 0, O_RDONLY, O_WRONLY, O_RDWR };
                bool allowed;

                n++;
                if (access == 0) {
                        (void)unlink(node);
                        allowed = mknod(node, (i % 2 ? S_IFCHR : S_IFBLK) | 0600, makedev(major, minor)) == 0;
                } else {
                        char other[PATH_MAX]; /* made before, by a process that may */

                        (void)snprintf(other, sizeof(other), "%s-%c%u-%u", node, i % 2 ? 'c' : 'b', major,
                                       minor);
                        fd = open(other, flags[access] | O_CLOEXEC | O_NONBLOCK);
                        allowed = fd >= 0 || errno != EPERM;
                }
                if (allowed != literally(rules, type, wanted[access], major, minor))
                        return n;
        }
        return 0;
}

static void make_nodes(const char *node)
{
        for (unsigned i = 0; i < 18; i++) {
                char path[PATH_MAX];

                (void)snprintf(path, sizeof(path), "%s-%c%u-%u", node, i % 2 ? 'c' : 'b',
                               FREE_MAJOR + i / 2 % 3, i / 6 % 3);
                assert_return_code(mknod(path, (i % 2 ? S_IFCHR : S_IFBLK) | 0600,
                                         makedev(FREE_MAJOR + i / 2 % 3, i / 6 % 3)),
                                   errno);
        }
}

/* "linux.resources" with some rules about these devices. */
static void random_resources(unsigned *seed, char *ret, size_t size)
{
        bool allow = rand_r(seed) % 2;
        int n = snprintf(ret, size, "{\"devices\":[{\"allow\":%s,\"access\":\"rwm\"}",
                         allow ? "true" : "false");

        for (int k = rand_r(seed) % 6; k > 0; k--) {
                static const char *const types[] = { "a", "b", "c" };
                static const char *const accesses[] = { "r", "w", "m", "rw", "rm", "wm", "rwm" };

                n += snprintf(ret + n, size - (size_t)n, ",{\"allow\":%s,\"type\":\"%s\",\"access\":\"%s\"",
                              (rand_r(seed) % 4 ? !allow : allow) ? "true" : "false", types[rand_r(seed) % 3],
                              accesses[rand_r(seed) % 7]);
                if (rand_r(seed) % 4)
                        n += snprintf(ret + n, size - (size_t)n, ",\"major\":%d",
                                      FREE_MAJOR + rand_r(seed) % 3);
                if (rand_r(seed) % 2)
                        n += snprintf(ret + n, size - (size_t)n, ",\"minor\":%d", rand_r(seed) % 3);
                n += snprintf(ret + n, size - (size_t)n, "}");
        }
        (void)snprintf(ret + n, size - (size_t)n, "]}");
}

/* Puts the rules into force in a new cgroup, and asks from inside. 0: refused, as v1 may. */
static int try_rules(bool v2, const char *mount, const char *node, const char *json, unsigned n)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_rules_ struct rules rules = { 0 };
        struct cgroup_request rq = { .resources = decode(json, &arena) };
        struct cgroup cg = { .n = 1, .h = { { .name = v2 ? "" : "devices", .v2 = v2, .dir_fd = -1 } } };
        char path[PATH_MAX + 64], procs[PATH_MAX + 96];
        struct cfs_error err = { 0 };
        int r, status;
        pid_t pid;

        (void)snprintf(path, sizeof(path), "%s/test-devices-%d-%u", mount, (int)getpid(), n);
        (void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
        assert_return_code(mkdir(path, 0755), errno);
        cg.h[0].path = path;
        assert_ok(rules_list(&rq, &rules, &err));
        r = devcg_apply(&cg, &rq, false, NULL, &err);
        if (r < 0) {
                assert_return_code(rmdir(path), errno);
                if (v2 || err.code != CFS_E_UNSUPPORTED)
                        fail_msg("%s: %s", json, err.text);
                return 0;
        }
        pid = fork();
        if (pid == 0)
                _exit(ask_kernel(&rules, procs, node));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_return_code(rmdir(path), errno);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                fail_msg("v%d: %s: the kernel does not agree at question %d", v2 ? 2 : 1, json,
                         WEXITSTATUS(status));
        return 1;
}

/* spec: config-linux.allowed.1 */
static void the_kernel_decides_as_the_rules_say(void **state)
{
        char dir[] = "/tmp/test-devices-XXXXXX", node[64], json[2048], mount[PATH_MAX];
        _cleanup_close_ int dir_fd = -1;
        unsigned seed = 7, asked = 0;

        (void)state;
        if (geteuid() != 0)
                skip();
        assert_non_null(mkdtemp(dir));
        (void)snprintf(node, sizeof(node), "%s/n", dir);
        make_nodes(node);
        for (int v2 = 0; v2 <= 1; v2++) {
                if (!hierarchy_mount(v2, mount))
                        continue;
                for (unsigned n = 0; n < 60; n++) {
                        random_resources(&seed, json, sizeof(json));
                        asked += (unsigned)try_rules(v2, mount, node, json, n);
                }
        }
        print_message("# %u lists of rules in force\n", asked);
        dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_return_code(dir_fd, errno);
        assert_int_equal(rmtree_contents(dir_fd), 0);
        assert_return_code(rmdir(dir), errno);
        if (asked == 0)
                skip();
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
                cmocka_unit_test(the_kernel_decides_as_the_rules_say),
                cmocka_unit_test(default_devices_work_after_deny_all),
                cmocka_unit_test(an_explicit_rule_has_the_last_word_but_for_making),
                cmocka_unit_test(without_rules_only_what_is_listed),
                cmocka_unit_test(privileged_is_privileged),
                cmocka_unit_test(malformed_rules_are_named),
                cmocka_unit_test(rules_as_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
