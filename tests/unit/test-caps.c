/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of capabilities, the rows process.capabilities and process.user. */
#include "ctx.h"
#include "base/caps.h"
#include "libcfs/steps/steps.h"
#include <grp.h>
#include <sys/prctl.h>

static void names(void **state)
{
        (void)state;
        assert_int_equal(caps_number("CAP_CHOWN"), 0);
        assert_int_equal(caps_number("chown"), 0);
        assert_int_equal(caps_number("cap_net_admin"), 12);
        assert_int_equal(caps_number("SYS_ADMIN"), 21);
        assert_int_equal(caps_number("CAP_CHECKPOINT_RESTORE"), 40);
        assert_int_equal(caps_number("CAP_"), -1);
        assert_int_equal(caps_number(""), -1);
        assert_int_equal(caps_number("CAP_CAP_CHOWN"), -1);
        assert_int_equal(caps_number("CHOWN "), -1);
        for (unsigned i = 0; i < caps_count(); i++)
                assert_int_equal(caps_number(caps_name(i)), i);
        assert_null(caps_name(caps_count()));
}

static bool in_bounds(const char *name)
{
        return prctl(PR_CAPBSET_READ, caps_number(name), 0, 0, 0) == 1;
}

static bool ambient(const char *name)
{
        return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, caps_number(name), 0, 0) == 1;
}

static uint64_t bits(const char *a, const char *b)
{
        return CAPS_BIT(caps_number(a)) | (b ? CAPS_BIT(caps_number(b)) : 0);
}

static void change(struct ctx *c)
{
        CHILD_OK(capabilities_bounding_init(c, &err));
        CHILD_OK(user_init(c, &err));
        CHILD_OK(capabilities_init(c, &err));
}

static void as_user(struct ctx *c)
{
        struct caps have;
        gid_t groups[4];
        uid_t r, e, s;

        change(c);
        CHILD_TRUE(getresuid(&r, &e, &s) == 0 && r == 1234 && e == 1234 && s == 1234);
        CHILD_TRUE(getresgid(&r, &e, &s) == 0 && r == 5678 && e == 5678 && s == 5678);
        CHILD_TRUE(getgroups(4, groups) == 2 && groups[0] == 10 && groups[1] == 20);
        CHILD_TRUE(umask(0) == 027);
        CHILD_TRUE(caps_get(&have) == 0);
        CHILD_TRUE(have.permitted == bits("CHOWN", "KILL"));
        CHILD_TRUE(have.effective == bits("KILL", NULL));
        CHILD_TRUE(have.inheritable == bits("CHOWN", NULL));
        CHILD_TRUE(in_bounds("CHOWN") && in_bounds("KILL") && in_bounds("FOWNER") && !in_bounds("SETUID"));
        CHILD_TRUE(!in_bounds("CHECKPOINT_RESTORE"));
        CHILD_TRUE(ambient("CHOWN") && !ambient("KILL"));
        CHILD_TRUE(prctl(PR_GET_KEEPCAPS) == 0);
        CHILD_TRUE(prctl(PR_GET_DUMPABLE) == 0);
        /* Ambient without inheritable cannot be, and buildah always asks for it: told, no warning. */
        CHILD_TRUE(
                strstr(test_logged,
                       "info: process.capabilities: CAP_KILL cannot be granted and is left out (ambient)"));
}

/* spec: config.linux-process.2 */
static void sets_are_what_was_asked_for(void **state)
{
        struct test_found found;
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(
                &c, WALK_CREATE,
                TEST_PROCESS(
                        "\"user\":{\"uid\":1234,\"gid\":5678,\"umask\":23,\"additionalGids\":[10,20]},"
                        "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\",\"CAP_FOWNER\",\"CAP_NOPE\"],"
                        "\"permitted\":[\"CAP_CHOWN\",\"KILL\",\"CAP_NOPE\"],\"effective\":[\"CAP_KILL\"],"
                        "\"inheritable\":[\"CAP_CHOWN\"],\"ambient\":[\"CAP_CHOWN\",\"CAP_KILL\"]}"));
        /* Unknown names are not an error (config.md, "Linux Process"), and named once. */
        test_check(&c, false, capabilities_check, &found);
        assert_string_equal(found.lines,
                            "note: process.capabilities.bounding[3]: \"CAP_NOPE\" is unknown and left out\n");
        test_log_start();
        test_in_child(as_user, &c);
        ctx_done(&c);
}

static void nothing_is_left(struct ctx *c)
{
        struct caps have;

        change(c);
        CHILD_TRUE(geteuid() == 0 && getegid() == 0 && getgroups(0, NULL) == 0);
        CHILD_TRUE(caps_get(&have) == 0);
        CHILD_TRUE(have.permitted == 0 && have.effective == 0 && have.inheritable == 0);
        for (unsigned cap = 0; cap < caps_count(); cap++)
                CHILD_TRUE(prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 1);
        CHILD_TRUE(!*test_logged);
}

static void no_object_is_no_capabilities(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE, TEST_PROCESS("\"user\":{\"uid\":0,\"gid\":0}"));
        test_log_start();
        test_in_child(nothing_is_left, &c);
        ctx_done(&c);
}

static void with_less(struct ctx *c)
{
        struct caps have;

        CHILD_TRUE(prctl(PR_CAPBSET_DROP, caps_number("MKNOD"), 0, 0, 0) == 0);
        CHILD_TRUE(caps_get(&have) == 0);
        have.permitted &= ~bits("MKNOD", NULL);
        have.effective &= ~bits("MKNOD", NULL);
        CHILD_TRUE(caps_set(&have) == 0);
        change(c);
        CHILD_TRUE(caps_get(&have) == 0);
        CHILD_TRUE(have.permitted == bits("CHOWN", NULL) && have.effective == bits("CHOWN", NULL));
        CHILD_TRUE(strstr(test_logged,
                          "CAP_MKNOD cannot be granted and is left out (bounding, effective, permitted)"));
}

/* spec: config.linux-process.3 config.linux-process.4 */
static void what_cannot_be_granted_is_a_warning(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE,
                 TEST_PROCESS("\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_MKNOD\"],"
                              "\"permitted\":[\"CAP_CHOWN\",\"CAP_MKNOD\"],"
                              "\"effective\":[\"CAP_CHOWN\",\"CAP_MKNOD\"]}"));
        test_log_start();
        test_in_child(with_less, &c);
        ctx_done(&c);
}

static void keeps(struct ctx *c)
{
        gid_t g[] = { 7, 8 };

        CHILD_TRUE(setgroups(2, g) == 0);
        (void)umask(041);
        CHILD_OK(user_init(c, &err));
        CHILD_TRUE(getgroups(0, NULL) == 2);
        CHILD_TRUE(umask(0) == 041);
}

static void groups_can_be_kept_and_umask_is(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE,
                 "\"annotations\":{\"run.oci.keep_original_groups\":\"1\"}," TEST_PROCESS(
                         "\"user\":{\"uid\":1,\"gid\":1}"));
        test_in_child(keeps, &c);
        ctx_done(&c);
}

static void streams(struct ctx *c)
{
        int fds[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
        struct stat before, st;

        CHILD_TRUE(null >= 0 && fstat(null, &before) == 0 && pipe2(fds, O_CLOEXEC) == 0);
        CHILD_TRUE(dup2(null, 0) == 0 && dup2(fds[1], 1) == 1 && close(2) == 0);
        CHILD_OK(user_init(c, &err));
        CHILD_TRUE(fstat(1, &st) == 0 && st.st_uid == 1 && st.st_gid == 0);
        CHILD_TRUE(fstat(0, &st) == 0 && st.st_uid == before.st_uid);
}

static void streams_belong_to_the_user(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE, TEST_PROCESS("\"user\":{\"uid\":1,\"gid\":1}"));
        test_in_child(streams, &c);
        ctx_done(&c);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names),
                cmocka_unit_test(sets_are_what_was_asked_for),
                cmocka_unit_test(no_object_is_no_capabilities),
                cmocka_unit_test(what_cannot_be_granted_is_a_warning),
                cmocka_unit_test(groups_can_be_kept_and_umask_is),
                cmocka_unit_test(streams_belong_to_the_user),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
