/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/io.h"
#include "base/log.h"
#include "base/user.h"
#include "libcfs/cfs.h"
#include "libcfs/store/foreach.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "libcfs/store/root.h"
#include "libcfs/store/status.h"
#include "libcfs/store/state.h"
#include "oci.h"
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

struct env {
        char *dir;
        char root[256]; /* dir/run/cfs, not there yet */
        int fds_before;
};

static int setup(void **state)
{
        struct env *e = calloc(1, sizeof(*e));

        assert_non_null(e);
        e->fds_before = test_count_fds();
        e->dir = test_mkdir();
        (void)snprintf(e->root, sizeof(e->root), "%s/run/cfs", e->dir);
        *state = e;
        return 0;
}

static int teardown(void **state)
{
        struct env *e = *state;

        test_rmdir(e->dir);
        assert_int_equal(test_count_fds(), e->fds_before); /* nothing leaked */
        free(e);
        return 0;
}

static bool there(struct env *e, const char *name)
{
        char path[512];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s/%s", e->root, name);
        return lstat(path, &st) == 0;
}

/* Overwrites the record of a container. */
static void write_record(struct env *e, const char *id, const char *text)
{
        char name[300];

        (void)snprintf(name, sizeof(name), "%s/state.json", id);
        test_write(e->root, name, text);
}

static struct state *create(struct env *e, const char *id)
{
        struct cfs_error err;
        struct state *s = NULL;

        assert_ok(state_create(e->root, id, &s, &err));
        return s;
}

/* A container that a command has created and left: with a record, unlocked. */
static void leave(struct env *e, const char *id)
{
        struct cfs_error err;
        struct state *s = create(e, id);

        assert_ok(record_save(s, &err));
        state_close(s);
}

static pid_t sleeper(void)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                for (;;)
                        (void)pause();
        return pid;
}

/* A process that executes a program when it is told to. */
static pid_t program(int *ret_go)
{
        int fds[2];
        pid_t pid;
        char c;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (read(fds[0], &c, 1) == 1)
                        (void)execlp("sleep", "sleep", "100", NULL);
                _exit(1);
        }
        (void)close(fds[0]);
        *ret_go = fds[1];
        return pid;
}

static void program_go(int go)
{
        assert_int_equal(write(go, "x", 1), 1);
        (void)close(go);
}

static void end(pid_t pid)
{
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- identifiers, the root ----------------------------------------------------------------------------- */

static void ids(void **state)
{
        static const char *const good[] = { "a", "A-b_c.d+1", "-x", "...", ".hidden", "0", "a..b" };
        static const char *const bad[] = { "",    ".",   "..",       "a/b", "/", "../x",
                                           "a b", "a\n", "\xc3\xa4", "a:b", "a*" };
        struct cfs_error err;
        char big[300];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                assert_ok(state_check_id(good[i], &err));
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                assert_fails(state_check_id(bad[i], &err), EINVAL);
                assert_int_equal(err.code, CFS_E_INVALID);
                assert_contains(err.text, "invalid container ID format");
        }
        memset(big, 'x', sizeof(big));
        big[255] = '\0';
        assert_ok(state_check_id(big, &err));
        big[255] = 'x';
        big[256] = '\0';
        assert_fails(state_check_id(big, &err), EINVAL);
}

static void create_makes_the_root_and_a_private_directory(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = NULL;
        struct stat st;
        mode_t old = umask(0);

        s = create(e, "c1");
        (void)umask(old);
        assert_int_equal(stat(e->root, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
        assert_int_equal(stat(s->dir, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_int_equal(fcntl(s->dir_fd, F_GETFD), FD_CLOEXEC);
        assert_string_equal(s->id, "c1");
        assert_string_equal(s->root, e->root);
        assert_int_equal(s->lock, LOCK_EX);
        /* The record is there, but not on disk. */
        assert_string_equal(s->record->id, "c1");
        assert_string_equal(s->record->phase, "creating");
        assert_int_equal(s->record->version, 1);
        assert_false(there(e, "c1/state.json"));
        state_close(s);
        s = NULL;
        assert_fails(state_create("run/cfs", "c1", &s, &err), EINVAL);
        assert_fails(state_create(e->root, "a/b", &s, &err), EINVAL);
        assert_fails(state_open(e->root, "..", 0, &s, &err), EINVAL);
        assert_fails(state_create("/proc/self/status/x", "c", &s, &err), ENOTDIR);
        assert_null(s);
}

static void a_store_that_others_can_write_is_refused(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = NULL;

        leave(e, "c1");
        assert_int_equal(chmod(e->root, 0777), 0);
        assert_fails(state_create(e->root, "c2", &s, &err), EINVAL);
        assert_contains(err.text, "can be written to by every user");
        assert_int_equal(chmod(e->root, 01777), 0); /* as /tmp: our own directory in it is safe */
        assert_ok(state_create(e->root, "c2", &s, &err));
        state_close(s);
        if (geteuid() != 0)
                TEST_SKIP("only root can make directories of other users");
        assert_int_equal(chown(e->root, 1234, 0), 0);
        assert_fails(state_create(e->root, "c3", &s, &err), EINVAL);
        assert_contains(err.text, "belongs to uid 1234");
        assert_int_equal(chown(e->root, 0, 0), 0);
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/c1", e->root);
        assert_int_equal(chown(path, 1234, 0), 0);
        assert_fails(state_open(e->root, "c1", 0, &s, &err), EINVAL);
        assert_contains(err.text, "belongs to uid 1234");
}

/* In /tmp, another user may make it between our look and our mkdir(2), which says EEXIST then. */
static void a_store_that_another_user_was_faster_to_make_is_refused(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        char other[512];

        assert_ok(store_root_make(e->root, &err));
        assert_ok(store_root_make(e->root, &err)); /* another cfs of ours was faster */
        assert_int_equal(chmod(e->root, 0777), 0);
        assert_fails(store_root_make(e->root, &err), EINVAL);
        assert_int_equal(chmod(e->root, 0700), 0);
        if (geteuid() != 0)
                TEST_SKIP("only root can make directories of other users");
        assert_int_equal(chown(e->root, 1234, 0), 0);
        assert_fails(store_root_make(e->root, &err), EINVAL);
        assert_contains(err.text, "belongs to uid 1234");
        /* Or what is above it, and a link there to a directory of ours. */
        (void)snprintf(other, sizeof(other), "%s/theirs", e->dir);
        assert_int_equal(mkdir(other, 0755), 0);
        assert_int_equal(chown(other, 1234, 0), 0);
        (void)snprintf(other, sizeof(other), "%s/theirs/cfs", e->dir);
        assert_int_equal(symlink(e->dir, other), 0);
        assert_fails(store_root_make(other, &err), EINVAL);
        assert_contains(err.text, "cannot be trusted");
}

/* ---- the life of a directory --------------------------------------------------------------------------- */

static void an_id_is_taken_once(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = create(e, "c1"), *other = NULL;

        /* While it is created: taken for create, not there for the others. */
        assert_true(state_create(e->root, "c1", &other, &err) < 0);
        assert_int_equal(err.code, CFS_E_EXISTS);
        assert_contains(err.text, "container with given ID already exists");
        assert_true(state_open(e->root, "c1", 0, &other, &err) < 0);
        assert_int_equal(err.code, CFS_E_NOT_FOUND);
        assert_ok(record_save(s, &err));
        assert_true(state_create(e->root, "c1", &other, &err) < 0);
        assert_int_equal(err.code, CFS_E_EXISTS);
        state_close(s);
        /* And afterwards. */
        assert_true(state_create(e->root, "c1", &other, &err) < 0);
        assert_int_equal(err.code, CFS_E_EXISTS);
        assert_true(state_open(e->root, "c2", LOCK_EX, &other, &err) < 0);
        assert_int_equal(err.code, CFS_E_NOT_FOUND);
        assert_string_equal(err.text, "container `c2` does not exist");
        assert_null(other);
}

static void the_record_is_what_was_saved(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = create(e, "c1"), *again = NULL;
        struct stat st;

        s->record->bundle = oci_arena_strdup(s->arena, "/b \"quoted\"\n");
        s->record->cgroup = oci_arena_alloc(s->arena, sizeof(*s->record->cgroup));
        s->record->cgroup->path = oci_arena_strdup(s->arena, "/cg");
        s->record->start_time = UINT64_MAX;
        s->record->has_start_time = true;
        assert_ok(record_save(s, &err));
        assert_int_equal(fstatat(s->dir_fd, "state.json", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_ok(state_open(e->root, "c1", 0, &again, &err));
        assert_int_equal(again->lock, 0);
        assert_string_equal(again->record->bundle, "/b \"quoted\"\n");
        assert_string_equal(again->record->cgroup->path, "/cg");
        assert_true(again->record->start_time == UINT64_MAX);
        assert_int_equal(again->record->owner, geteuid());
        assert_int_equal(strlen(again->record->boot_id), 36);
        state_close(again);
        state_close(s);
        state_close(NULL);
}

static void what_a_dead_create_left_is_reclaimed(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = create(e, "c1");

        /* It had made some files, but no record yet. */
        test_write(s->dir, "junk", "x");
        assert_int_equal(mkdirat(s->dir_fd, "sub", 0700), 0);
        assert_int_equal(mkdirat(s->dir_fd, "sub/sub", 0700), 0);
        state_close(s);
        s = create(e, "c1");
        assert_false(there(e, "c1/junk"));
        assert_false(there(e, "c1/sub"));
        state_close(s);
        /* Looking without a lock, or with a shared one, changes nothing; an exclusive one removes it. */
        assert_true(state_open(e->root, "c1", 0, &s, &err) < 0);
        assert_true(state_open(e->root, "c1", LOCK_SH, &s, &err) < 0);
        assert_true(there(e, "c1"));
        assert_true(state_open(e->root, "c1", LOCK_EX, &s, &err) < 0);
        assert_int_equal(err.code, CFS_E_NOT_FOUND);
        assert_false(there(e, "c1"));
}

static void a_record_of_an_earlier_boot_is_reclaimed(void **state)
{
        static const char free_one[] =
                "{\"version\":1,\"id\":\"c1\",\"phase\":\"created\",\"pid\":1,\"startTime\":1,"
                "\"bootId\":\"00000000-0000-0000-0000-000000000000\"}";
        static const char devices[] =
                "{\"version\":1,\"id\":\"c1\",\"phase\":\"created\",\"devices\":[\"/r/dev/null\"],"
                "\"bootId\":\"00000000-0000-0000-0000-000000000000\"}";
        static const char hooks[] =
                "{\"version\":1,\"id\":\"c1\",\"phase\":\"created\",\"hooks\":{\"poststop\":[{\"path\":\"/x\"}]},"
                "\"bootId\":\"00000000-0000-0000-0000-000000000000\"}";
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = NULL;

        leave(e, "c1");
        write_record(e, "c1", free_one);
        assert_ok(state_open(e->root, "c1", 0, &s, &err));
        assert_int_equal(status_recorded(s, &(struct cfs_error){ 0 }),
                         STATUS_STOPPED); /* pid 1 is another process now */
        state_close(s);
        s = create(e, "c1");
        assert_false(there(e, "c1/state.json"));
        assert_ok(record_save(s, &err));
        state_close(s);
        /* What survives a boot must be undone by delete. */
        write_record(e, "c1", devices);
        assert_true(state_create(e->root, "c1", &s, &err) < 0);
        assert_int_equal(err.code, CFS_E_EXISTS);
        write_record(e, "c1", hooks);
        assert_true(state_create(e->root, "c1", &s, &err) < 0);
        assert_int_equal(err.code, CFS_E_EXISTS);
}

static void broken_records_are_errors(void **state)
{
        static const char *const bad[] = { "", "{", "[]", "{\"version\":1,\"id\":\"c1\"}",
                                           "{\"version\":1,\"id\":\"c1\",\"phase\":\"dancing\"}" };
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = NULL;

        leave(e, "c1");
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                write_record(e, "c1", bad[i]);
                assert_true(state_open(e->root, "c1", LOCK_EX, &s, &err) < 0);
                assert_int_equal(err.code, CFS_E_INVALID);
                assert_contains(err.text, "/c1/state.json");
                assert_true(state_create(e->root, "c1", &s, &err) < 0);
                assert_int_equal(err.code, CFS_E_EXISTS);
        }
        write_record(e, "c1", "{\"version\":2,\"id\":\"c1\",\"phase\":\"created\"}");
        assert_true(state_open(e->root, "c1", LOCK_EX, &s, &err) < 0);
        assert_int_equal(err.code, CFS_E_UNSUPPORTED);
        assert_contains(err.text, "another version of cfs");
        assert_true(there(e, "c1/state.json")); /* nothing is thrown away */
        assert_null(s);
}

static void remove_takes_all_and_follows_nothing(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = create(e, "c1");
        char canary[512], path[600];
        int fd;

        (void)snprintf(canary, sizeof(canary), "%s/canary", e->dir);
        assert_int_equal(mkdir(canary, 0755), 0);
        test_write(canary, "file", "host");
        assert_ok(record_save(s, &err));
        assert_int_equal(symlinkat(canary, s->dir_fd, "link"), 0);
        assert_int_equal(mkfifoat(s->dir_fd, "fifo", 0600), 0);
        assert_int_equal(mkdirat(s->dir_fd, "notify", 0700), 0);
        assert_int_equal(symlinkat(canary, s->dir_fd, "notify/link"), 0);
        assert_int_equal(mkdirat(s->dir_fd, ".removed-1", 0700), 0); /* a name that the removal uses itself */
        assert_int_equal(mkdirat(s->dir_fd, ".removed-1/x", 0700), 0);
        /* A container that was bored: 1200 levels, more than there are descriptors. */
        fd = openat(s->dir_fd, "notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (int i = 0; i < 1200; i++) {
                int next;

                assert_int_equal(mkdirat(fd, "d", 0700), 0);
                if (i % 100 == 0)
                        assert_int_equal(mkdirat(fd, "e", 0700), 0);
                next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                (void)close(fd);
                fd = next;
        }
        (void)close(fd);
        assert_ok(state_remove(s, &err));
        assert_false(there(e, "c1"));
        assert_ok(state_remove(s, &err)); /* again: nothing to do */
        state_close(s);
        (void)snprintf(path, sizeof(path), "%s/file", canary);
        assert_int_equal(access(path, F_OK), 0);
        assert_true(state_open(e->root, "c1", 0, &s, &err) < 0);
        assert_int_equal(err.code, CFS_E_NOT_FOUND);
}

/* ---- status -------------------------------------------------------------------------------------------- */

static int status_in_store(struct env *e, const char *id)
{
        struct cfs_error err;
        struct state *s = NULL;
        int st;

        assert_ok(state_open(e->root, id, 0, &s, &err));
        st = status_recorded(s, &(struct cfs_error){ 0 });
        state_close(s);
        return st;
}

static void status_through_a_life(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct proc_identity id;
        struct state *s = create(e, "c1"), *other = NULL;
        int go, held;
        pid_t pid = program(&go);

        assert_ok(record_save(s, &err));
        assert_false(record_identity(s, &id));
        assert_int_equal(status_recorded(s, &(struct cfs_error){ 0 }), STATUS_CREATING);
        assert_int_equal(status_in_store(e, "c1"), STATUS_CREATING);

        assert_ok(record_set_init(s, pid, &err));
        assert_ok(record_publish_init(s, &err));
        assert_true(record_identity(s, &id));
        assert_int_equal(id.pid, pid);
        assert_int_equal(proc_status(&id), PROC_ALIVE);
        assert_int_equal(status_recorded(s, &(struct cfs_error){ 0 }), STATUS_CREATED);
        assert_int_equal(status_in_store(e, "c1"), STATUS_CREATED);
        /* It waits until it executes a program. */
        program_go(go);
        while (proc_executed(&id) == 0)
                (void)usleep(1000);
        assert_int_equal(status_in_store(e, "c1"), STATUS_RUNNING);
        state_close(s);
        assert_int_equal(status_in_store(e, "c1"), STATUS_RUNNING);

        /* Another process has its pid now. */
        assert_ok(state_open(e->root, "c1", LOCK_EX, &other, &err));
        assert_int_equal(status_hold(other, false, &err), STATUS_RUNNING);
        held = record_pidfd(other);
        assert_true(held >= 0);
        assert_int_equal(proc_signal(held, 0), 0);
        (void)close(held);
        assert_int_equal(other->init_pidfd, -1);
        other->record->start_time++;
        assert_int_equal(status_recorded(other, &(struct cfs_error){ 0 }), STATUS_STOPPED);
        assert_int_equal(status_hold(other, false, &err), STATUS_STOPPED);
        assert_int_equal(other->init_pidfd, -1);
        assert_int_equal(record_pidfd(other), -ESRCH);
        state_close(other);

        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
        assert_int_equal(status_in_store(e, "c1"), STATUS_STOPPED); /* a zombie runs nothing */
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(status_in_store(e, "c1"), STATUS_STOPPED);

        assert_ok(state_open(e->root, "c1", LOCK_EX, &other, &err));
        assert_true(record_set_init(other, pid, &err) < 0);
        assert_int_equal(err.code, CFS_E_DIED);
        state_close(other);
}

static void a_create_that_died_is_stopped(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = NULL;
        pid_t pid, init;
        int p[2];

        /* Killed after its record was written, while it held the lock. */
        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (state_create(e->root, "c1", &s, &err) < 0 || record_save(s, &err) < 0 ||
                    write(p[1], "x", 1) != 1)
                        _exit(1);
                for (;;)
                        (void)pause();
        }
        assert_int_equal(read(p[0], &(char){ 0 }, 1), 1);
        assert_int_equal(status_in_store(e, "c1"), STATUS_CREATING);
        end(pid);
        assert_int_equal(status_in_store(e, "c1"), STATUS_STOPPED);
        assert_ok(state_open(e->root, "c1", LOCK_SH, &s, &err));
        assert_int_equal(status_recorded(s, &(struct cfs_error){ 0 }), STATUS_STOPPED);
        assert_int_equal(s->lock, LOCK_SH);
        state_close(s);
        assert_ok(state_open(e->root, "c1", LOCK_EX, &s, &err));
        assert_int_equal(status_recorded(s, &(struct cfs_error){ 0 }), STATUS_STOPPED);
        /* With an init that lives, it is not stopped: delete has to kill it. */
        init = sleeper();
        assert_ok(record_set_init(s, init, &err));
        assert_ok(record_publish_init(s, &err));
        s->record->phase = oci_arena_strdup(s->arena, "creating");
        assert_int_equal(status_recorded(s, &(struct cfs_error){ 0 }), STATUS_CREATING);
        state_close(s);
        end(init);
        (void)close(p[0]);
        (void)close(p[1]);
}

static void names_of_status(void **state)
{
        (void)state;
        assert_string_equal(status_name(STATUS_CREATING), "creating");
        assert_string_equal(status_name(STATUS_CREATED), "created");
        assert_string_equal(status_name(STATUS_RUNNING), "running");
        assert_string_equal(status_name(STATUS_PAUSED), "paused");
        assert_string_equal(status_name(STATUS_STOPPED), "stopped");
}

/* ---- locks --------------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A process that holds a lock for so long. Returns when it has it. */
static pid_t holder(struct env *e, const char *id, int lock, int ms)
{
        struct cfs_error err;
        struct state *s = NULL;
        pid_t pid;
        int p[2];

        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (state_open(e->root, id, lock, &s, &err) < 0 || write(p[1], "x", 1) != 1)
                        _exit(1);
                (void)nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L },
                                NULL);
                state_close(s);
                _exit(0);
        }
        assert_int_equal(read(p[0], &(char){ 0 }, 1), 1);
        (void)close(p[0]);
        (void)close(p[1]);
        return pid;
}

static void locks_exclude_and_share(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = NULL;
        int64_t begin;
        pid_t pid;

        leave(e, "c1");
        pid = holder(e, "c1", LOCK_EX, 200);
        begin = now_ms();
        assert_ok(state_open(e->root, "c1", 0, &s, &err)); /* reading never waits */
        state_close(s);
        assert_in_range(now_ms() - begin, 0, 150);
        assert_ok(state_open(e->root, "c1", LOCK_SH, &s, &err));
        assert_in_range(now_ms() - begin, 100, 10000);
        assert_int_equal(waitpid(pid, NULL, 0), pid);

        pid = holder(e, "c1", LOCK_SH, 0); /* two share */
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        state_close(s);

        pid = holder(e, "c1", LOCK_SH, 200);
        begin = now_ms();
        assert_ok(state_open(e->root, "c1", LOCK_EX, &s, &err));
        assert_in_range(now_ms() - begin, 100, 10000);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        /* Released early: the rest stays usable. */
        lock_release(s);
        assert_int_equal(s->lock, 0);
        pid = holder(e, "c1", LOCK_EX, 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_ok(record_save(s, &err));
        state_close(s);
        /* Freed by the kernel. */
        pid = holder(e, "c1", LOCK_EX, 60000);
        end(pid);
        begin = now_ms();
        assert_ok(state_open(e->root, "c1", LOCK_EX, &s, &err));
        assert_in_range(now_ms() - begin, 0, 1000);
        state_close(s);
}

static void a_child_does_not_keep_the_lock(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = create(e, "c1");
        int64_t begin;
        pid_t creator, child = 0;
        int p[2];

        assert_ok(record_save(s, &err));
        state_close(s);
        /* The creator forks an init and is killed: the lock is not released. */
        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        creator = fork();
        assert_true(creator >= 0);
        if (creator == 0) {
                if (state_open(e->root, "c1", LOCK_EX, &s, &err) < 0)
                        _exit(1);
                child = fork();
                if (child == 0) {
                        state_forget_in_child(s);
                        child = getpid();
                        if (s->dir_fd != -1 || write(p[1], &child, sizeof(child)) != sizeof(child))
                                _exit(1);
                        for (;;)
                                (void)pause();
                }
                for (;;)
                        (void)pause();
        }
        assert_int_equal(read(p[0], &child, sizeof(child)), sizeof(child));
        end(creator);
        begin = now_ms();
        assert_ok(state_open(e->root, "c1", LOCK_EX, &s, &err));
        assert_in_range(now_ms() - begin, 0, 1000);
        state_close(s);
        assert_int_equal(kill(child, SIGKILL), 0);
        (void)close(p[0]);
        (void)close(p[1]);
}

static void a_container_that_is_removed_while_we_wait_is_gone(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = NULL;
        pid_t waiter;
        int status;

        leave(e, "c1");
        assert_ok(state_open(e->root, "c1", LOCK_EX, &s, &err));
        waiter = fork();
        assert_true(waiter >= 0);
        if (waiter == 0) {
                struct state *w = NULL;

                state_forget_in_child(s);
                _exit(state_open(e->root, "c1", LOCK_EX, &w, &err) < 0 && err.code == CFS_E_NOT_FOUND ? 0
                                                                                                      : 1);
        }
        (void)nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
        assert_ok(state_remove(s, &err));
        state_close(s);
        assert_int_equal(waitpid(waiter, &status, 0), waiter);
        assert_int_equal(status, 0);
}

/* One process of the race below: 0 when nothing was ever wrong. */
static int racer(struct env *e, int64_t until, bool creator)
{
        unsigned won = 0;

        /* On a busy machine one of them may not get its turn in time: a creator goes on until it has. */
        while (now_ms() < until || (creator && won == 0 && now_ms() < until + 20000)) {
                struct cfs_error err = { 0 };
                struct state *s = NULL;
                int r = creator ? state_create(e->root, "c1", &s, &err)
                                : state_open(e->root, "c1", LOCK_EX, &s, &err);

                if (r < 0) {
                        if (err.code != CFS_E_EXISTS && err.code != CFS_E_NOT_FOUND) {
                                print_message("# %s\n", err.text);
                                return 1;
                        }
                        continue;
                }
                won++;
                /* It is ours alone: there is no other process's file, and no process removes ours. */
                if (creator) {
                        int fd = openat(s->dir_fd, "mine", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

                        if (fd < 0)
                                return 2;
                        (void)close(fd);
                        if (won % 3 == 0) { /* a create that dies without a record, before it made anything */
                                (void)unlinkat(s->dir_fd, "mine", 0);
                                state_close(s);
                                continue;
                        }
                        if (record_save(s, &err) < 0)
                                return 3;
                        if (won % 3 == 1) { /* a container for the others */
                                state_close(s);
                                continue;
                        }
                }
                if (faccessat(s->dir_fd, "mine", F_OK, 0) < 0 || state_remove(s, &err) < 0)
                        return 4;
                state_close(s);
        }
        return won > 0 || !creator ? 0 : 5;
}

static void creators_and_removers_race(void **state)
{
        struct env *e = *state;
        int64_t until = now_ms() + 400;
        pid_t pids[4];
        int status;

        for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
                pids[i] = fork();
                assert_true(pids[i] >= 0);
                if (pids[i] == 0)
                        _exit(racer(e, until, i < 2));
        }
        for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_true(WIFEXITED(status));
                assert_int_equal(WEXITSTATUS(status), 0);
        }
}

/* ---- listing and the document -------------------------------------------------------------------------- */

struct seen {
        char ids[128];
        struct env *remove_from; /* remove "c" when "b" comes by */
        const char *stop_at;
};

static int see(void *data, struct state *s)
{
        struct seen *seen = data;
        size_t n = strlen(seen->ids);

        (void)snprintf(seen->ids + n, sizeof(seen->ids) - n, "%s ", s->id);
        if (seen->remove_from && STREQ(s->id, "b")) {
                struct cfs_error err;
                struct state *c = NULL;

                assert_ok(state_open(seen->remove_from->root, "c", LOCK_EX, &c, &err));
                assert_ok(state_remove(c, &err));
                state_close(c);
        }
        return seen->stop_at && STREQ(s->id, seen->stop_at) ? 42 : 0;
}

static void count_warnings(void *data, enum log_level level, const char *message)
{
        (void)message;
        if (level == LOG_LEVEL_WARNING)
                ++*(int *)data;
}

static void foreach_goes_in_order(void **state)
{
        struct env *e = *state;
        struct seen seen = { 0 };
        struct cfs_error err;
        int warnings = 0;

        assert_ok(store_foreach(e->root, false, see, &seen, &err));
        assert_fails(store_foreach(e->root, true, see, &seen, &err), ENOENT);
        leave(e, "c");
        leave(e, "a");
        leave(e, "b");
        leave(e, "B");
        state_close(create(e, "no-record"));
        test_write(e->root, "file", "");
        assert_ok(store_foreach(e->root, true, see, &seen, &err));
        assert_string_equal(seen.ids, "B a b c ");

        seen = (struct seen){ .stop_at = "b" };
        assert_int_equal(store_foreach(e->root, false, see, &seen, &err), 42);
        assert_string_equal(seen.ids, "B a b ");

        log_set_handler(count_warnings, &warnings, LOG_LEVEL_WARNING);
        write_record(e, "a", "nonsense");
        seen = (struct seen){ .remove_from = e };
        assert_ok(store_foreach(e->root, false, see, &seen, &err));
        assert_string_equal(seen.ids, "B a b "); /* a is broken, and there */
        assert_int_equal(warnings, 1);
        log_set_handler(NULL, NULL, LOG_LEVEL_ERROR);
}

static void the_document(void **state)
{
        struct user_name owner = { 0 };
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = create(e, "c1");
        struct oci_state doc;

        s->record->bundle = oci_arena_strdup(s->arena, "/bundle");
        s->record->rootfs = oci_arena_strdup(s->arena, "/bundle/rootfs");
        s->record->owner = 0;
        s->record->pid = 4711;
        s->record->has_pid = true;
        status_document(s, STATUS_RUNNING, &owner, &doc);
        assert_string_equal(doc.oci_version, CFS_SPEC_VERSION);
        assert_string_equal(doc.id, "c1");
        assert_string_equal(doc.status, "running");
        assert_string_equal(doc.bundle, "/bundle");
        assert_string_equal(doc.rootfs, "/bundle/rootfs");
        assert_string_equal(doc.owner, "root");
        assert_int_equal(doc.pid, 4711);
        s->record->owner = 4000000001U;
        s->record->oci_version = oci_arena_strdup(s->arena, "1.0.2");
        status_document(s, STATUS_STOPPED, &owner, &doc);
        assert_int_equal(doc.pid, 0);
        assert_true(doc.has_pid); /* printed nevertheless */
        assert_string_equal(doc.owner, "4000000001");
        assert_string_equal(doc.oci_version, "1.0.2");
        assert_string_equal(doc.status, "stopped");
        assert_ok(state_remove(s, &err));
        state_close(s);
}

static void a_record_that_is_replaced_is_another_file(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct state *s = create(e, "c1"), *other;

        assert_false(record_is_that_file(s));
        assert_ok(record_save(s, &err));
        assert_false(record_is_that_file(s)); /* not noted yet */
        record_note_file(s);
        assert_true(record_is_that_file(s));
        lock_release(s);
        assert_ok(state_open(e->root, "c1", LOCK_EX, &other, &err));
        assert_true(record_is_that_file(s));
        assert_ok(record_save(other, &err)); /* the same text */
        assert_false(record_is_that_file(s));
        record_note_file(s);
        assert_ok(state_remove(other, &err));
        assert_false(record_is_that_file(s));
        state_close(other);
        state_close(s);
}

/* A run in the foreground has let go of the lock while its program ran. */
static void open_again_is_the_same_directory(void **state)
{
        struct env *e = *state;
        struct cfs_error err = { 0 };
        struct state *a = create(e, "c1"), *b = NULL, *other = NULL;

        assert_ok(record_save(a, &err));
        lock_release(a);
        assert_ok(state_open_again(a, LOCK_EX | LOCK_NB, &b, &err));
        assert_int_equal(a->dir_fd, -1);
        assert_int_equal(b->lock, LOCK_EX);
        assert_string_equal(b->record->id, "c1");
        lock_release(b);

        /* Locked by another one. */
        assert_ok(state_open(e->root, "c1", LOCK_EX, &other, &err));
        assert_true(state_open_again(b, LOCK_EX | LOCK_NB, &a, &err) < 0);
        assert_int_equal(err.code, CFS_E_TIMEOUT);
        state_close(a);
        state_close(b);

        /* Deleted, and the name used again. */
        a = NULL;
        assert_ok(state_open(e->root, "c1", 0, &a, &err));
        assert_ok(state_remove(other, &err));
        state_close(other);
        leave(e, "c1");
        err_clear(&err);
        assert_true(state_open_again(a, LOCK_EX | LOCK_NB, &b, &err) < 0);
        assert_int_equal(err.code, CFS_E_NOT_FOUND);
        state_close(a);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(ids),
                T(create_makes_the_root_and_a_private_directory),
                T(a_store_that_others_can_write_is_refused),
                T(a_store_that_another_user_was_faster_to_make_is_refused),
                T(an_id_is_taken_once),
                T(the_record_is_what_was_saved),
                T(what_a_dead_create_left_is_reclaimed),
                T(a_record_of_an_earlier_boot_is_reclaimed),
                T(broken_records_are_errors),
                T(remove_takes_all_and_follows_nothing),
                T(status_through_a_life),
                T(a_create_that_died_is_stopped),
                T(names_of_status),
                T(locks_exclude_and_share),
                T(a_child_does_not_keep_the_lock),
                T(a_container_that_is_removed_while_we_wait_is_gone),
                T(creators_and_removers_race),
                T(foreach_goes_in_order),
                T(the_document),
                T(open_again_is_the_same_directory),
                T(a_record_that_is_replaced_is_another_file),
        };

        return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
