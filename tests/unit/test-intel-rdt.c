/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.intelRdt as far as it does without the hardware: what is written, and when an existing class agrees.
 * A directory plays the file system; the files that the kernel would make in it are made by the first write.
 */
#include "base/io.h"
#include "libcfs/store/state.h"

static int fake_write(int dir_fd, const char *path, const char *text, struct cfs_error *err);
static int fake_save(struct state *s, struct cfs_error *err);

#define io_write_small fake_write
#define record_save    fake_save
#include "libcfs/steps/intel_rdt.c"
#include "resctrl/resctrl.c"
#undef io_write_small
#undef record_save
#include "ctx.h"

/* Appends: the order of the writes can be seen. A bit mask of zeros is what the kernel refuses. */
static int fake_write(int dir_fd, const char *path, const char *text, struct cfs_error *err)
{
        int fd = strstr(text, "=0\n") ? -EINVAL
                                      : openat(dir_fd, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        if (fd == -EINVAL)
                return err_sys(err, EINVAL, "write", "write `%s`", path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        assert_int_equal(close(fd), 0);
        return 0;
}

/* What is recorded does not exist yet. */
static int fake_save(struct state *s, struct cfs_error *err)
{
        const struct oci_record_intel_rdt *o = s->record->intel_rdt;

        (void)err;
        assert_int_not_equal(access(o->mon_path ? o->mon_path : o->path, F_OK), 0);
        return 0;
}

static void combined(const char *l3, const char *mb, const char *expect)
{
        char *l3_copy = l3 ? strdup(l3) : NULL, *mb_copy = mb ? strdup(mb) : NULL, *text = NULL;
        struct oci_intel_rdt o = { .l3_cache_schema = l3_copy, .mem_bw_schema = mb_copy };
        struct cfs_error err;

        assert_ok(combine(&o, &text, &err));
        assert_string_equal(text, expect);
        free(text);
        free(l3_copy);
        free(mb_copy);
}

/* spec: config-linux.rdt.4 */
static void schemata_are_combined(void **state)
{
        (void)state;
        combined(NULL, NULL, "");
        combined("L3:0=ff", NULL, "L3:0=ff\n");
        combined(NULL, "MB:0=20", "MB:0=20\n");
        combined("L3:0=ff", "MB:0=20", "L3:0=ff\nMB:0=20\n");
        /* Its own MB: line counts only when memBwSchema is not set. */
        combined("L3:0=ff\nMB:0=50", "MB:0=20", "L3:0=ff\nMB:0=20\n");
        combined("MB:0=50\nL3:0=ff", NULL, "MB:0=50\nL3:0=ff\n");
        combined("L3DATA:0=f\nL3CODE:0=1", "MB:0=20", "L3DATA:0=f\nL3CODE:0=1\nMB:0=20\n");
}

/* spec: config-linux.rdt.8 */
static void an_existing_class_agrees_or_not(void **state)
{
        static const char file[] = "    MB:0=  20;1= 100\n    L3:0=0ff;1=00f\n";

        (void)state;
        assert_true(resctrl_agrees("L3:0=ff;1=f\n", file));
        assert_true(resctrl_agrees("L3:0=FF\n", file));
        assert_true(resctrl_agrees("L3:1=0f;0=ff\nMB:0=20\n", file));
        assert_true(resctrl_agrees("MB:1=100\n", file));
        assert_true(resctrl_agrees("", file));
        assert_false(resctrl_agrees("L3:0=f\n", file));
        assert_false(resctrl_agrees("L3:0=f0\n", file));
        assert_false(resctrl_agrees("L3:2=ff\n", file));
        assert_false(resctrl_agrees("L2:0=ff\n", file));
        assert_false(resctrl_agrees("MB:0=20;1=10\n", file));
        assert_false(resctrl_agrees("L3:0=ff\nMB:0=2\n", file));
        assert_true(resctrl_agrees("L3:0=0\n", "L3:0=000\n"));
}

/* spec: config-linux.rdt.2 */
static void without_resctrl_it_is_an_error(void **state)
{
        struct cfs_error err = { 0 };
        char *path = NULL;
        struct ctx c;

        (void)state;
        if (access("/sys/fs/resctrl/schemata", F_OK) == 0)
                TEST_SKIP("this machine has resctrl");
        test_ctx(&c, WALK_CREATE, "");
        assert_fails(resctrl_find(c.proc_fd, &path, &err), EOPNOTSUPP);
        assert_contains(err.text, "no resctrl file system is mounted");
        ctx_done(&c);
}

/* A directory that looks like resctrl, to see which process makes what. */
/* spec: config-linux.rdt.8 config-linux.rdt.9 */
static void groups_are_made(void **state)
{
        struct oci_record record = { 0 };
        struct oci_record_intel_rdt recorded = { 0 };
        struct state st = { .record = &record, .dir_fd = -1 };
        char *root = test_mkdir(), *dir = NULL, *mon = NULL, *path = NULL;
        struct cfs_error err;
        struct ctx c;

        (void)state;
        test_ctx(&c, WALK_CREATE, TEST_LINUX("\"intelRdt\":{\"closID\":\"gold\",\"enableMonitoring\":true}"));
        record.intel_rdt = &recorded;
        c.state = &st;
        assert_ok(directories(&c, root, &dir, &mon, &err));
        assert_true(asprintf(&path, "%s/gold", root) > 0);
        assert_string_equal(dir, path);
        free(path);
        assert_true(asprintf(&path, "%s/gold/mon_groups/test", root) > 0);
        assert_string_equal(mon, path);
        free(path);

        /* Without a schema the class must exist. */
        assert_fails(group_prepare(&c, root, dir, &err), EINVAL);
        assert_string_equal(err.property, "linux.intelRdt.closID");
        assert_int_equal(mkdir(dir, 0755), 0);
        assert_true(asprintf(&path, "%s/schemata", dir) > 0);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        assert_int_equal(write(fd, "L3:0=ff\n", 8), 8);
        assert_int_equal(close(fd), 0);
        assert_ok(group_prepare(&c, root, dir, &err));
        assert_null(recorded.path);

        /* With one it must agree. */
        c.linux_->intel_rdt->l3_cache_schema = oci_arena_strdup(c.arena, "L3:0=ff");
        assert_ok(group_prepare(&c, root, dir, &err));
        c.linux_->intel_rdt->l3_cache_schema = oci_arena_strdup(c.arena, "L3:0=f");
        assert_fails(group_prepare(&c, root, dir, &err), EINVAL);
        assert_contains(err.text, "exists, with other schemata");
        c.state = NULL;
        ctx_done(&c);
        free(path);
        free(dir);
        free(mon);
        test_rmdir(root);
}

struct rdt {
        char *root;
        struct ctx c;
        struct oci_record record;
        struct state state;
};

static void rdt_start(struct rdt *t, const char *config)
{
        *t = (struct rdt){ .root = test_mkdir(), .state = { .dir_fd = -1 } };
        test_ctx(&t->c, WALK_CREATE, config);
        t->state.record = &t->record;
        t->state.arena = t->c.arena;
        t->c.state = &t->state;
        t->c.pid = 4711;
}

static void rdt_end(struct rdt *t)
{
        t->c.state = NULL;
        ctx_done(&t->c);
        test_rmdir(t->root);
}

static void rdt_mkdir(const struct rdt *t, const char *name)
{
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", t->root, name);
        assert_int_equal(mkdir(path, 0755), 0);
}

static void rdt_write(const struct rdt *t, const char *name, const char *text)
{
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", t->root, name);
        (void)fake_write(AT_FDCWD, path, text, NULL);
}

/* `text` NULL: the file is not there. */
static void rdt_has(const struct rdt *t, const char *name, const char *text)
{
        _cleanup_free_ char *have = NULL;
        struct cfs_error err;
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", t->root, name);
        if (!text) {
                assert_int_not_equal(access(path, F_OK), 0);
                return;
        }
        assert_ok(io_read_file(AT_FDCWD, path, 4096, &have, NULL, &err));
        assert_string_equal(have, text);
}

/* Files in a directory do not keep the kernel's resctrl from removing it. */
static void rdt_rm(const struct rdt *t, const char *name)
{
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", t->root, name);
        assert_int_equal(unlink(path), 0);
}

/* spec: config-linux.rdt.1 config-linux.rdt.5 config-linux.rdt.6 config-linux.rdt.10 */
static void without_a_name_the_class_is_the_containers_own(void **state)
{
        struct cfs_error err;
        struct rdt t;

        (void)state;
        rdt_start(&t, TEST_LINUX("\"intelRdt\":{}"));
        assert_ok(groups_prepare(&t.c, t.root, &err));
        rdt_has(&t, "test/schemata", NULL);
        assert_ok(groups_join(&t.c, t.root, &err));
        rdt_has(&t, "test/tasks", "4711");
        rdt_rm(&t, "test/tasks");
        assert_ok(intel_rdt_undo(&t.state, &err));
        rdt_has(&t, "test", NULL);
        assert_ok(intel_rdt_undo(&t.state, &err));
        rdt_end(&t);
}

/* spec: config-linux.rdt.1 config-linux.rdt.4 config-linux.rdt.7 config-linux.rdt.11 */
static void a_named_class_is_made_and_stays(void **state)
{
        struct cfs_error err;
        struct rdt t;

        (void)state;
        rdt_start(&t, TEST_LINUX("\"intelRdt\":{\"closID\":\"gold\",\"schemata\":[\"L2:0=f\",\"MB:0=10\"],"
                                 "\"memBwSchema\":\"MB:0=20\",\"l3CacheSchema\":\"L3:0=ff\"}"));
        assert_ok(groups_prepare(&t.c, t.root, &err));
        rdt_has(&t, "gold/schemata", "L3:0=ff\nMB:0=20\nL2:0=f\nMB:0=10\n");
        assert_ok(groups_join(&t.c, t.root, &err));
        rdt_has(&t, "gold/tasks", "4711");
        rdt_rm(&t, "gold/tasks");
        rdt_rm(&t, "gold/schemata");
        assert_ok(intel_rdt_undo(&t.state, &err));
        assert_int_equal(access(t.root, F_OK), 0);
        rdt_mkdir(&t, "gold/still-there");
        rdt_end(&t);
}

/* spec: config-linux.rdt.5 config-linux.rdt.11 config-linux.rdt.12 */
static void monitoring_has_a_group_of_the_containers_own(void **state)
{
        struct cfs_error err;
        struct rdt t;

        (void)state;
        rdt_start(&t, TEST_LINUX("\"intelRdt\":{\"closID\":\"gold\",\"enableMonitoring\":true}"));
        rdt_mkdir(&t, "gold");
        rdt_mkdir(&t, "gold/mon_groups");
        rdt_write(&t, "gold/schemata", "L3:0=1\n");
        assert_ok(groups_prepare(&t.c, t.root, &err));
        rdt_has(&t, "gold/schemata", "L3:0=1\n");
        assert_ok(groups_join(&t.c, t.root, &err));
        rdt_has(&t, "gold/tasks", "4711");
        rdt_has(&t, "gold/mon_groups/test/tasks", "4711");
        rdt_rm(&t, "gold/mon_groups/test/tasks");
        assert_ok(intel_rdt_undo(&t.state, &err));
        rdt_has(&t, "gold/mon_groups/test", NULL);
        rdt_has(&t, "gold/schemata", "L3:0=1\n");
        rdt_end(&t);
}

/* spec: config-linux.rdt.13 */
static void a_monitoring_group_that_cannot_be_made_is_an_error(void **state)
{
        struct cfs_error err;
        struct rdt t;

        (void)state;
        rdt_start(&t, TEST_LINUX("\"intelRdt\":{\"enableMonitoring\":true}"));
        /* Where nothing can be monitored there is no mon_groups. */
        assert_fails(groups_prepare(&t.c, t.root, &err), ENOENT);
        assert_contains(err.text, "mon_groups/test");
        assert_ok(intel_rdt_undo(&t.state, &err));
        rdt_has(&t, "test", NULL);
        rdt_end(&t);
}

/* spec: config-linux.rdt.1 config-linux.rdt.8 config-linux.rdt.11 */
static void the_class_of_all_others_is_the_root(void **state)
{
        struct cfs_error err;
        struct rdt t;

        (void)state;
        rdt_start(
                &t,
                TEST_LINUX(
                        "\"intelRdt\":{\"closID\":\"/\",\"l3CacheSchema\":\"L3:0=ff\",\"enableMonitoring\":true}"));
        rdt_mkdir(&t, "mon_groups");
        rdt_write(&t, "schemata", "L3:0=fff\n");
        assert_fails(groups_prepare(&t.c, t.root, &err), EINVAL);
        rdt_has(&t, "schemata", "L3:0=fff\n");
        rdt_rm(&t, "schemata");
        rdt_write(&t, "schemata", "L3:0=0ff\n");
        assert_ok(groups_prepare(&t.c, t.root, &err));
        assert_ok(groups_join(&t.c, t.root, &err));
        rdt_has(&t, "tasks", "4711");
        rdt_has(&t, "mon_groups/test/tasks", "4711");
        rdt_rm(&t, "mon_groups/test/tasks");
        assert_ok(intel_rdt_undo(&t.state, &err));
        rdt_has(&t, "mon_groups/test", NULL);
        rdt_has(&t, "schemata", "L3:0=0ff\n");
        rdt_end(&t);
}

/* "... as if the operation were never attempted" (runtime.md, "Errors"): the class is there for the next
 * container that names it only when it has the shares that were asked for. */
static void a_named_class_whose_shares_are_refused_does_not_stay(void **state)
{
        struct cfs_error err;
        struct rdt t;

        (void)state;
        rdt_start(&t, TEST_LINUX("\"intelRdt\":{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0=0\"}"));
        assert_fails(groups_prepare(&t.c, t.root, &err), EINVAL);
        assert_contains(err.text, "gold/schemata");
        rdt_has(&t, "gold", NULL);
        /* One that was there is not removed. */
        rdt_mkdir(&t, "gold");
        rdt_write(&t, "gold/schemata", "L3:0=f\n");
        assert_fails(groups_prepare(&t.c, t.root, &err), EINVAL);
        rdt_has(&t, "gold/schemata", "L3:0=f\n");
        rdt_end(&t);
}

/* spec: config-linux.rdt.10 config-linux.rdt.11 */
static void what_the_kernel_refuses_is_told_and_undone(void **state)
{
        struct cfs_error err;
        struct rdt t;

        (void)state;
        rdt_start(&t, TEST_LINUX("\"intelRdt\":{\"l3CacheSchema\":\"L3:0=f\",\"schemata\":[\"L2:0=0\"]}"));
        rdt_mkdir(&t, "info");
        rdt_write(&t, "info/last_cmd_status", "mask has no bits\n");
        assert_fails(groups_prepare(&t.c, t.root, &err), EINVAL);
        assert_contains(err.text, "test/schemata");
        assert_contains(err.hint, "resctrl says: mask has no bits");
        rdt_has(&t, "test/schemata", "L3:0=f\n");
        /* What is in it keeps this one from being removed, which is said. */
        assert_fails(intel_rdt_undo(&t.state, &err), ENOTEMPTY);
        assert_contains(err.text, "remove resctrl group");
        rdt_rm(&t, "test/schemata");
        assert_ok(intel_rdt_undo(&t.state, &err));
        rdt_has(&t, "test", NULL);
        rdt_end(&t);

        /* A class that was there before belongs to others. */
        rdt_start(&t, TEST_LINUX("\"intelRdt\":{\"l3CacheSchema\":\"L3:0=f\"}"));
        rdt_mkdir(&t, "test");
        assert_fails(groups_prepare(&t.c, t.root, &err), EEXIST);
        assert_ok(intel_rdt_undo(&t.state, &err));
        rdt_mkdir(&t, "test/still-there");
        rdt_end(&t);
}

static void exec_follows_the_container(void **state)
{
        struct oci_record_intel_rdt none = { 0 };
        struct cfs_error err;
        struct rdt t, x;

        (void)state;
        rdt_start(&t, TEST_LINUX("\"intelRdt\":{\"closID\":\"gold\",\"enableMonitoring\":true}"));
        rdt_mkdir(&t, "gold");
        rdt_mkdir(&t, "gold/mon_groups");
        rdt_write(&t, "gold/schemata", "L3:0=1\n");
        assert_ok(groups_prepare(&t.c, t.root, &err));
        assert_ok(groups_join(&t.c, t.root, &err));

        /* It reads no configuration, only the record. */
        rdt_start(&x, "");
        x.c.walk = WALK_EXEC;
        x.c.pid = 99;
        assert_false(intel_rdt_exec_wanted(&x.c));
        x.record.intel_rdt = &none; /* of a container that an older cfs made */
        assert_false(intel_rdt_exec_wanted(&x.c));
        x.record.intel_rdt = t.record.intel_rdt;
        assert_true(intel_rdt_exec_wanted(&x.c));
        assert_ok(intel_rdt_exec_host(&x.c, &err));
        rdt_has(&t, "gold/tasks", "471199");
        rdt_has(&t, "gold/mon_groups/test/tasks", "471199");

        /* The class was removed: the container is in the default class, and so is what exec adds. */
        rdt_rm(&t, "gold/tasks");
        rdt_rm(&t, "gold/mon_groups/test/tasks");
        assert_ok(intel_rdt_exec_host(&x.c, &err));
        rdt_has(&t, "gold/tasks", NULL);
        rdt_end(&x);
        rdt_end(&t);
}

/* spec: config-linux.rdt.3 */
static void without_the_property_the_row_does_nothing(void **state)
{
        struct ctx c;

        (void)state;
        test_ctx(&c, WALK_CREATE, TEST_LINUX("\"sysctl\":{}"));
        assert_false(intel_rdt_wanted(&c));
        ctx_done(&c);
        test_ctx(&c, WALK_CREATE, TEST_LINUX("\"intelRdt\":{}"));
        assert_true(intel_rdt_wanted(&c));
        ctx_done(&c);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(schemata_are_combined),
                cmocka_unit_test(an_existing_class_agrees_or_not),
                cmocka_unit_test(without_resctrl_it_is_an_error),
                cmocka_unit_test(groups_are_made),
                cmocka_unit_test(without_a_name_the_class_is_the_containers_own),
                cmocka_unit_test(a_named_class_is_made_and_stays),
                cmocka_unit_test(monitoring_has_a_group_of_the_containers_own),
                cmocka_unit_test(a_monitoring_group_that_cannot_be_made_is_an_error),
                cmocka_unit_test(the_class_of_all_others_is_the_root),
                cmocka_unit_test(a_named_class_whose_shares_are_refused_does_not_stay),
                cmocka_unit_test(what_the_kernel_refuses_is_told_and_undone),
                cmocka_unit_test(exec_follows_the_container),
                cmocka_unit_test(without_the_property_the_row_does_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
