/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/cgroup/cgroup.h"
#include "oci.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The tests make real cgroups, named after their own pid, and leave none. */
static char id[64];

static int needs_cgroups(void **state)
{
        (void)state;
        return geteuid() == 0 && cgroup_detect() != CGROUP_MODE_ABSENT ? 0 : -1;
}

#define REQUIRE_ROOT(state)                                                                                  \
        do {                                                                                                 \
                if (needs_cgroups(state) < 0)                                                                \
                        TEST_SKIP("not root, or no cgroup file system is mounted");                          \
        } while (0)

/* "/cfs-test-PID-NAME": other runs of this test may be under way. */
static const char *path_of(const char *name)
{
        static char path[2][96];
        static unsigned next;

        next = (next + 1) % 2;
        (void)snprintf(path[next], sizeof(path[next]), "/cfs-test-%d-%s", (int)getpid(), name);
        return path[next];
}

struct fixture {
        struct oci_record record;
        struct oci_arena *arena;
        struct cgroup *cg;
        struct cfs_error err;
        pid_t pid;
};

static void setup(struct fixture *f)
{
        *f = (struct fixture){ .arena = oci_arena_new() };
        (void)snprintf(id, sizeof(id), "cfs-test-%d", (int)getpid());
}

static int plan(struct fixture *f, const char *path, const struct oci_resources *r)
{
        const struct cgroup_request rq = { .id = id, .path = path, .resources = r };

        return cgroup_plan(&rq, &f->record, f->arena, &f->cg, &f->err);
}

static void make(struct fixture *f, const char *path, const struct oci_resources *r)
{
        setup(f);
        if (plan(f, path, r) < 0 || cgroup_make(f->cg, &f->err) < 0)
                fail_msg("%s", f->err.text);
}

/* A child in the cgroup, as spawn() makes it; waits to be killed. */
static void enter(struct fixture *f)
{
        int fd = cgroup_clone_fd(f->cg);
        struct clone_args args = { .exit_signal = SIGCHLD };
        int sync[2];
        char c;

        assert_int_equal(pipe2(sync, O_CLOEXEC), 0);
        if (fd >= 0) {
                args.flags = CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t)fd;
        }
        f->pid = sys_clone3(&args);
        assert_true(f->pid >= 0);
        if (f->pid == 0) {
                if (cgroup_enter(f->cg, &f->err) < 0 || write(sync[1], "x", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(sync[1]);
        assert_int_equal(read(sync[0], &c, 1), 1);
        close(sync[0]);
}

static void reopen(struct fixture *f)
{
        cgroup_close(f->cg);
        f->cg = NULL;
        if (cgroup_open(&f->record, &f->cg, &f->err) < 0)
                fail_msg("%s", f->err.text);
}

static void teardown(struct fixture *f)
{
        if (cgroup_remove(f->cg, &f->err) < 0)
                fail_msg("%s", f->err.text);
        for (size_t i = 0; i < f->record.cgroup->n_hierarchies; i++)
                assert_int_equal(access(f->record.cgroup->hierarchies[i]->path, F_OK), -1);
        cgroup_close(f->cg);
        oci_arena_free(f->arena);
        if (f->pid > 0)
                assert_int_equal(waitpid(f->pid, NULL, 0), f->pid);
}

/* Is the line of /proc/PID/cgroup for every hierarchy the one of the record? */
static void a_process_is_in_every_hierarchy(void **state)
{
        struct fixture f;
        char name[64], line[512];
        FILE *file;
        size_t n = 0;

        REQUIRE_ROOT(state);
        make(&f, NULL, NULL);
        enter(&f);
        (void)snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)f.pid);
        file = fopen(name, "re");
        assert_non_null(file);
        while (fgets(line, sizeof(line), file)) {
                line[strcspn(line, "\n")] = '\0';
                if (strlen(line) > strlen(id) && STREQ(line + strlen(line) - strlen(id), id))
                        n++;
        }
        fclose(file);
        assert_int_equal(n, f.record.cgroup->n_hierarchies);
        teardown(&f);
}

static void pids_signals_and_removal_work_from_the_record(void **state)
{
        struct fixture f;
        pid_t *pids;
        size_t n;
        int status;

        REQUIRE_ROOT(state);
        make(&f, NULL, NULL);
        enter(&f);
        reopen(&f);
        assert_int_equal(cgroup_pids(f.cg, &pids, &n, &f.err), 0);
        assert_int_equal(n, 1);
        assert_int_equal(pids[0], f.pid);
        free(pids);
        assert_int_equal(cgroup_is_frozen(f.cg), 0);
        assert_int_equal(cgroup_kill(f.cg, SIGTERM, &f.err), 1);
        assert_int_equal(waitpid(f.pid, &status, 0), f.pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
        f.pid = 0;
        assert_int_equal(cgroup_pids(f.cg, &pids, &n, &f.err), 0);
        assert_int_equal(n, 0);
        free(pids);
        teardown(&f);
}

static void a_frozen_one_can_be_killed_and_removed(void **state)
{
        struct fixture f;
        int status;

        REQUIRE_ROOT(state);
        make(&f, NULL, NULL);
        enter(&f);
        reopen(&f);
        assert_int_equal(cgroup_freeze(f.cg, true, &f.err), 0);
        assert_int_equal(cgroup_is_frozen(f.cg), 1);
        assert_int_equal(cgroup_freeze(f.cg, false, &f.err), 0);
        assert_int_equal(cgroup_is_frozen(f.cg), 0);
        assert_int_equal(cgroup_freeze(f.cg, true, &f.err), 0);
        assert_int_equal(cgroup_kill(f.cg, SIGKILL, &f.err), 1);
        assert_int_equal(waitpid(f.pid, &status, 0), f.pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        f.pid = 0;
        teardown(&f);
}

static void removal_kills_and_empties_what_the_container_made(void **state)
{
        struct fixture f;
        char path[512], top[512];

        REQUIRE_ROOT(state);
        make(&f, path_of("parent/child/x"), NULL);
        (void)snprintf(top, sizeof(top), "%s%s", f.record.cgroup->hierarchies[0]->mount, path_of("parent"));
        assert_int_equal(access(top, F_OK), 0);
        enter(&f);
        for (size_t i = 0; i < f.record.cgroup->n_hierarchies; i++) {
                const char *base = f.record.cgroup->hierarchies[i]->path;

                for (unsigned k = 0; k < 3; k++) {
                        (void)snprintf(path, sizeof(path), "%s/%u", base, k);
                        assert_int_equal(mkdir(path, 0755), 0);
                        (void)snprintf(path, sizeof(path), "%s/%u/deep", base, k);
                        assert_int_equal(mkdir(path, 0755), 0);
                }
        }
        reopen(&f);
        teardown(&f);
        assert_int_equal(access(top, F_OK), -1);
}

/* Two containers share a parent that the first one made. The last one removes it. */
static void the_last_one_removes_the_shared_parent(void **state)
{
        struct fixture a, b;
        char parent[512];

        REQUIRE_ROOT(state);
        make(&a, path_of("shared/a"), NULL);
        make(&b, path_of("shared/b"), NULL);
        (void)snprintf(parent, sizeof(parent), "%s", a.record.cgroup->hierarchies[0]->path);
        *strrchr(parent, '/') = '\0';
        teardown(&a);
        assert_int_equal(access(parent, F_OK), 0);
        teardown(&b);
        assert_int_equal(access(parent, F_OK), -1);
}

/* spec: config-linux.cgroups.1 */
static void an_inhabited_cgroup_is_refused_and_left_alone(void **state)
{
        struct fixture a, b;

        REQUIRE_ROOT(state);
        make(&a, path_of("taken"), NULL);
        enter(&a);
        setup(&b);
        assert_true(plan(&b, path_of("taken"), NULL) < 0);
        assert_int_equal(b.err.code, CFS_E_STATE);
        assert_non_null(strstr(b.err.text, "container's cgroup is not empty"));
        assert_null(b.record.cgroup);
        oci_arena_free(b.arena);
        teardown(&a);
}

/* Both have planned, both records are saved: the second one takes nothing from the first. */
static void a_lost_race_harms_nobody(void **state)
{
        struct fixture a, b;

        REQUIRE_ROOT(state);
        setup(&a);
        setup(&b);
        assert_int_equal(plan(&a, path_of("race"), NULL), 0);
        assert_int_equal(plan(&b, path_of("race"), NULL), 0);
        assert_int_equal(cgroup_make(a.cg, &a.err), 0);
        enter(&a);
        assert_true(cgroup_make(b.cg, &b.err) < 0);
        assert_contains(b.err.text, "container's cgroup is not empty");
        reopen(&b);
        assert_int_equal(cgroup_remove(b.cg, &b.err), 0);
        cgroup_close(b.cg);
        oci_arena_free(b.arena);
        assert_int_equal(waitpid(a.pid, NULL, WNOHANG), 0);
        teardown(&a);
}

/* spec: runtime.delete.4 */
static void a_cgroup_that_was_there_before_stays(void **state)
{
        struct fixture a, b;

        REQUIRE_ROOT(state);
        make(&a, path_of("foreign"), NULL);
        make(&b, path_of("foreign"), NULL);
        enter(&b);
        if (cgroup_remove(b.cg, &b.err) < 0)
                fail_msg("%s", b.err.text);
        assert_int_equal(waitpid(b.pid, NULL, 0), b.pid);
        for (size_t i = 0; i < b.record.cgroup->n_hierarchies; i++)
                assert_int_equal(access(b.record.cgroup->hierarchies[i]->path, F_OK), 0);
        cgroup_close(b.cg);
        oci_arena_free(b.arena);
        teardown(&a);
}

/* spec: config-linux.cgroups-path.3 */
static void bad_paths_are_refused(void **state)
{
        static const char *const bad[] = { "/../x", "/a/../b", "..", "/", "//", "/.", "a/.." };
        struct fixture f;

        (void)state;
        setup(&f);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                f.err = (struct cfs_error){ 0 };
                assert_true(plan(&f, bad[i], NULL) < 0);
                assert_int_equal(f.err.code, CFS_E_INVALID);
                assert_string_equal(f.err.property, "linux.cgroupsPath");
        }
        oci_arena_free(f.arena);
}

static void limits_are_written(void **state)
{
        struct oci_memory memory = {
                .limit = 200 << 20, .has_limit = true, .swap = 300 << 20, .has_swap = true
        };
        struct oci_pids pids = { .limit = 17, .has_limit = true };
        struct oci_resources r = { .memory = &memory, .pids = &pids };
        struct fixture f;
        char text[64];

        REQUIRE_ROOT(state);
        if (cgroup_detect() == CGROUP_MODE_V2)
                TEST_SKIP("reads the files of v1");
        make(&f, path_of("limits"), &r);
        for (size_t i = 0; i < f.record.cgroup->n_hierarchies; i++) {
                const struct oci_record_hierarchy *h = f.record.cgroup->hierarchies[i];
                char path[512];
                int fd;
                ssize_t n;

                if (!STREQ(h->name, "pids") && !STREQ(h->name, "memory"))
                        continue;
                (void)snprintf(path, sizeof(path), "%s/%s", h->path,
                               STREQ(h->name, "pids") ? "pids.max" : "memory.memsw.limit_in_bytes");
                fd = open(path, O_RDONLY | O_CLOEXEC);
                assert_true(fd >= 0);
                n = read(fd, text, sizeof(text) - 1);
                assert_true(n > 0);
                text[n - 1] = '\0';
                close(fd);
                assert_string_equal(text, STREQ(h->name, "pids") ? "17" : "314572800");
        }
        enter(&f);
        teardown(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_process_is_in_every_hierarchy),
                cmocka_unit_test(pids_signals_and_removal_work_from_the_record),
                cmocka_unit_test(a_frozen_one_can_be_killed_and_removed),
                cmocka_unit_test(removal_kills_and_empties_what_the_container_made),
                cmocka_unit_test(the_last_one_removes_the_shared_parent),
                cmocka_unit_test(an_inhabited_cgroup_is_refused_and_left_alone),
                cmocka_unit_test(a_lost_race_harms_nobody),
                cmocka_unit_test(a_cgroup_that_was_there_before_stays),
                cmocka_unit_test(bad_paths_are_refused),
                cmocka_unit_test(limits_are_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
