/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine, with tables of a few rows: which columns it calls, in which order, when it stops, what it makes
 * of errors; and each row of the real plan made to fail, alone: the error must name the property of that row,
 * or none.
 */
#include "ctx.h"
#include "base/clock.h"
#include "libcfs/process/sync.h"
#include "libcfs/walk/engine.h"
#include <sys/socket.h>

/* What was called, as words. */
static char calls[512];

static int note(const char *what)
{
        size_t n = strlen(calls);

        (void)snprintf(calls + n, sizeof(calls) - n, "%s%s", n ? " " : "", what);
        return 0;
}

#define CALL(name)                                                                                           \
        static int name(struct ctx *c, struct cfs_error *err)                                                \
        {                                                                                                    \
                (void)c;                                                                                     \
                (void)err;                                                                                   \
                return note(#name);                                                                          \
        }

CALL(prepare1)
CALL(prepare3)
CALL(host1)
CALL(host2)
CALL(host3)
CALL(init1)
CALL(init2)

static void release1(struct ctx *c)
{
        (void)c;
        (void)note("release1");
}

static bool unwanted(const struct ctx *c)
{
        (void)c;
        return false;
}

static int fails(struct ctx *c, struct cfs_error *err)
{
        (void)c;
        return err_sys(err, EIO, "test", "do it");
}

static int fails_precisely(struct ctx *c, struct cfs_error *err)
{
        return err_property(err, fails(c, err), "process.args[3]");
}

static int undo1(struct state *s, struct cfs_error *err)
{
        (void)s;
        (void)err;
        return note("undo1");
}

static int undo3_fails(struct state *s, struct cfs_error *err)
{
        (void)s;
        (void)note("undo3");
        return err_sys(err, EBUSY, "rmdir", "remove it");
}

static void check_complains(const struct ctx *c, struct problems *p)
{
        (void)c;
        problem(p, "linux.test", "is wrong");
}

static void with(struct ctx *c, enum walk walk, const struct step *rows)
{
        ctx_init(c, walk);
        c->plan = rows;
        calls[0] = '\0';
}

/* ---- the columns --------------------------------------------------------------------------------------- */

static const struct step three[] = {
        { .name = "one",
          .walks = WALK_CREATE | WALK_EXEC,
          .prepare = prepare1,
          .release = release1,
          .host = host1,
          .init = init1,
          .undo = undo1 },
        { .name = "two", .walks = WALK_CREATE, .flags = STEP_CREATE_ENDS, .host = host2, .init = init2 },
        { .name = "three", .walks = WALK_CREATE | WALK_EXEC, .prepare = prepare3, .host = host3 },
        { .name = NULL },
};

static void create_ends_where_start_begins(void **state)
{
        struct cfs_error err;
        struct ctx c;

        (void)state;
        with(&c, WALK_CREATE, three);
        assert_ok(engine_prepare(&c, &err));
        engine_release(&c);
        assert_ok(engine_host(&c, &err));
        assert_string_equal(calls, "prepare1 prepare3 release1 host1 host2");
        calls[0] = '\0';
        assert_ok(engine_start(&c, &err));
        assert_string_equal(calls, "host3");
}

static void exec_walks_its_rows_to_the_end(void **state)
{
        struct cfs_error err;
        struct ctx c;

        (void)state;
        with(&c, WALK_EXEC, three);
        assert_ok(engine_host(&c, &err));
        assert_string_equal(calls, "host1 host3");
}

/* The init's column ends with an execve, which does not return: a table that lets it return is a bug. */
static void the_init_column_must_not_return(void **state)
{
        struct cfs_error err = { 0 };
        struct ctx c;

        (void)state;
        with(&c, WALK_CREATE, three);
        assert_true(engine_init(&c, &err) < 0);
        assert_int_equal(err.code, CFS_E_BUG);
        assert_string_equal(calls, "init1 init2");
}

static void a_row_that_is_not_wanted_is_left_out(void **state)
{
        static const struct step rows[] = {
                { .name = "no", .walks = WALK_CREATE, .wanted = unwanted, .prepare = fails, .host = fails },
                { .name = "meet", .walks = WALK_CREATE, .flags = STEP_MEET, .wanted = unwanted },
                { .name = "yes", .walks = WALK_CREATE, .host = host1 },
                { .name = NULL },
        };
        struct cfs_error err;
        struct ctx c;

        (void)state;
        with(&c, WALK_CREATE, rows);
        assert_ok(engine_prepare(&c, &err));
        assert_ok(engine_host(&c, &err));
        assert_string_equal(calls, "host1");
}

static void a_row_that_fails_ends_the_walk(void **state)
{
        static const struct step rows[] = {
                { .name = "good", .walks = WALK_CREATE, .host = host1 },
                { .name = "bad", .property = "linux.bad", .walks = WALK_CREATE, .host = fails },
                { .name = "later", .walks = WALK_CREATE, .host = host2 },
                { .name = NULL },
        };
        struct cfs_error err;
        struct ctx c;

        (void)state;
        with(&c, WALK_CREATE, rows);
        assert_fails(engine_host(&c, &err), EIO);
        assert_string_equal(calls, "host1");
        assert_string_equal(err.property, "linux.bad");
        assert_string_equal(err.phase, "create/host/bad");
}

static void a_row_may_name_a_more_precise_property(void **state)
{
        static const struct step rows[] = {
                { .name = "bad", .property = "process.args", .walks = WALK_EXEC, .prepare = fails_precisely },
                { .name = NULL },
        };
        struct cfs_error err;
        struct ctx c;

        (void)state;
        with(&c, WALK_EXEC, rows);
        assert_fails(engine_prepare(&c, &err), EIO);
        assert_string_equal(err.property, "process.args[3]");
        assert_string_equal(err.phase, "exec/prepare/bad");
}

/* ---- MEET ---------------------------------------------------------------------------------------------- */

static void both_columns_meet(void **state)
{
        static const struct step rows[] = {
                { .name = "before", .walks = WALK_CREATE, .host = host1, .init = init1 },
                { .name = "meet", .walks = WALK_CREATE, .flags = STEP_MEET },
                { .name = "after", .walks = WALK_CREATE, .host = host2, .init = fails },
                { .name = NULL },
        };
        struct sync mine = { .fd = -1 }, theirs = { .fd = -1 };
        struct cfs_error err;
        struct ctx c;
        pid_t pid;
        int status;

        (void)state;
        assert_ok(sync_pair(&mine, &theirs, &err));
        with(&c, WALK_CREATE, rows);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                sync_close(&mine);
                c.sync = &theirs;
                _exit(engine_init(&c, &err) == -EIO && strcmp(calls, "init1") == 0 ? 0 : 1);
        }
        sync_close(&theirs);
        c.sync = &mine;
        assert_ok(engine_host(&c, &err));
        assert_string_equal(calls, "host1 host2");
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        sync_close(&mine);
}

/* When the runtime was told that a wait takes long, and how often. */
struct told {
        int64_t at;
        int times;
};

static void note_time(void *data)
{
        struct told *told = data;

        told->at = clock_now_ms();
        told->times++;
}

/* After a moment, whose end must not be taken for a failure to be tried again. */
static void a_long_wait_is_told_after_a_moment(void **state)
{
        struct sync mine = { .fd = -1 }, theirs = { .fd = -1 };
        int64_t begin = clock_now_ms();
        struct told told = { 0 };
        struct cfs_error err;
        pid_t pid;

        (void)state;
        assert_ok(sync_pair(&mine, &theirs, &err));
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                clock_sleep_us(4 * SYNC_PATIENCE_MS * 1000);
                _exit(0);
        }
        sync_watch(&mine, note_time, &told);
        sync_close(&theirs);
        assert_true(sync_meet(&mine, 1, "meet", &err) < 0); /* the child holds both ends, and ends */
        assert_int_equal(told.times, 1);
        assert_in_range(told.at - begin, SYNC_PATIENCE_MS - 10, 2 * SYNC_PATIENCE_MS);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        sync_close(&mine);
}

/* ---- undo ---------------------------------------------------------------------------------------------- */

static void undo_runs_backwards_and_goes_on_after_a_failure(void **state)
{
        static const struct step rows[] = {
                { .name = "one", .walks = WALK_CREATE, .undo = undo1 },
                { .name = "two", .walks = WALK_CREATE },
                { .name = "three", .walks = WALK_CREATE, .undo = undo3_fails },
                { .name = NULL },
        };
        struct cfs_error err;

        (void)state;
        calls[0] = '\0';
        assert_fails(engine_undo(rows, NULL, &err), EBUSY);
        assert_string_equal(calls, "undo3 undo1");
        assert_string_equal(err.phase, "undo/three");
}

/* ---- checks -------------------------------------------------------------------------------------------- */

static int count_problems(unsigned flags, bool (*wanted)(const struct ctx *), enum walk walk)
{
        const struct step rows[] = {
                { .name = "x",
                  .walks = WALK_CREATE,
                  .flags = flags,
                  .wanted = wanted,
                  .check = check_complains },
                { .name = NULL },
        };
        struct test_found found = { 0 };
        struct ctx c;

        with(&c, walk, rows);
        return engine_check_all(&c, false, false, test_found_add, &found);
}

static void checks_run_where_the_row_is_wanted(void **state)
{
        (void)state;
        assert_int_equal(count_problems(0, NULL, WALK_CREATE), 1);
        assert_int_equal(count_problems(0, unwanted, WALK_CREATE), 0);
        assert_int_equal(count_problems(STEP_CHECK_ALWAYS, unwanted, WALK_CREATE), 1);
        assert_int_equal(count_problems(STEP_CHECK_ALWAYS, unwanted, WALK_EXEC), 0);
}

/* ---- every row of the plan fails ----------------------------------------------------------------------- */

/* The error of a walk over that row alone, with `fails` in one of its columns. */
static void fail_in(const struct step *s, enum walk walk, const char *column)
{
        struct step rows[2] = { { .name = s->name, .property = s->property, .walks = s->walks } };
        struct cfs_error err = { 0 };
        char phase[sizeof(err.phase)];
        struct ctx c;
        int r;

        with(&c, walk, rows);
        if (STREQ(column, "prepare")) {
                rows[0].prepare = fails;
                r = engine_prepare(&c, &err);
        } else if (STREQ(column, "host")) {
                rows[0].host = fails;
                r = engine_host(&c, &err);
        } else {
                rows[0].init = fails;
                r = engine_init(&c, &err);
        }
        assert_int_equal(r, -EIO);
        assert_string_equal(err.property, s->property ? s->property : "");
        (void)snprintf(phase, sizeof(phase), "%s/%s/%s",
                       walk == WALK_EXEC      ? "exec"
                       : walk == WALK_RESTORE ? "restore"
                                              : "create",
                       column, s->name);
        assert_string_equal(err.phase, phase);
}

static void an_error_names_no_property_but_the_rows_own(void **state)
{
        static const char *const columns[] = { "prepare", "host", "init" };

        (void)state;
        for (const struct step *s = plan; s->name; s++) {
                const bool has[] = { s->prepare != NULL, s->host != NULL, s->init != NULL };

                for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
                        for (unsigned walk = WALK_CREATE; walk <= WALK_RESTORE; walk <<= 1)
                                if (has[i] && (s->walks & walk))
                                        fail_in(s, walk, columns[i]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(create_ends_where_start_begins),
                cmocka_unit_test(exec_walks_its_rows_to_the_end),
                cmocka_unit_test(the_init_column_must_not_return),
                cmocka_unit_test(a_row_that_is_not_wanted_is_left_out),
                cmocka_unit_test(a_row_that_fails_ends_the_walk),
                cmocka_unit_test(a_row_may_name_a_more_precise_property),
                cmocka_unit_test(both_columns_meet),
                cmocka_unit_test(a_long_wait_is_told_after_a_moment),
                cmocka_unit_test(undo_runs_backwards_and_goes_on_after_a_failure),
                cmocka_unit_test(checks_run_where_the_row_is_wanted),
                cmocka_unit_test(an_error_names_no_property_but_the_rows_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
