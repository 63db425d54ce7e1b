/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first properties of records, which are all that `list` and `state` read. */
#include "test.h"
#include "base/log.h"
#include "base/user.h"
#include "libcfs/store/foreach.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "oci.h"
#include <limits.h>
#include <sys/stat.h>

struct env {
        char *dir;
        char root[256];
};

/* One container, "a". */
static int setup(void **state)
{
        struct env *e = calloc(1, sizeof(*e));
        struct cfs_error err;
        struct state *s = NULL;

        assert_non_null(e);
        e->dir = test_mkdir();
        (void)snprintf(e->root, sizeof(e->root), "%s/cfs", e->dir);
        assert_ok(state_create(e->root, "a", &s, &err));
        assert_ok(record_save(s, &err));
        state_close(s);
        *state = e;
        return 0;
}

static int teardown(void **state)
{
        struct env *e = *state;

        test_rmdir(e->dir);
        free(e);
        return 0;
}

static void count_warnings(void *data, enum log_level level, const char *message)
{
        (void)message;
        if (level == LOG_LEVEL_WARNING)
                ++*(unsigned *)data;
}

static int see_head(void *data, struct state *s)
{
        assert_int_equal(s->head, *(const bool *)data);
        assert_string_equal(s->record->id, "a");
        return 1;
}

static const struct store_heads heads = { .fn = see_head };

/* Whatever a reader of the first properties could get wrong is read as a whole. */
static void heads_are_read_where_they_suffice(void **state)
{
        static const struct {
                const char *text;
                bool head;
        } records[] = {
#define ID "{\"version\":1,\"id\":\"a\","
                { ID "\"phase\":\"created\",\"freezer\":\"/f\",\"mounts\":[]}\n", true },
                { ID "\"phase\":\"created\",\"freezer\":\"/f\"}\n", true },
                { ID "\"phase\":\"created\",\"mounts\":[]}\n", false },
                { ID "\"phase\":\"created\",\"freezer\":\"/f\",\"mounts\":[]}", false },
                { ID "\"phase\":\"creating\",\"freezer\":\"/f\",\"mounts\":[]}\n", false },
                { ID
                  "\"phase\":\"created\",\"worker\":{\"pid\":1,\"startTime\":1},\"freezer\":\"/f\",\"mounts\":[]}\n",
                  false },
                { ID "\"freezer\":\"/f\",\"phase\":\"created\"}\n", false },
#undef ID
        };
        struct env *e = *state;
        struct cfs_error err;

        for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
                bool head = records[i].head, whole = false;

                test_write(e->root, "a/state.json", records[i].text);
                assert_int_equal(store_foreach_head(e->root, true, &heads, &head, &err), 1);
                assert_int_equal(store_foreach(e->root, true, see_head, &whole, &err), 1);
        }
}

/* Where other users can look or write, a container's directory is looked at before anything in it is read. */
static void heads_of_a_store_that_others_can_enter(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        unsigned warnings = 0;
        bool head = true;
        char dir[PATH_MAX];

        test_write(e->root, "a/state.json",
                   "{\"version\":1,\"id\":\"a\",\"phase\":\"created\",\"freezer\":\"/f\"}\n");
        assert_int_equal(chmod(e->root, 0755), 0);
        assert_int_equal(store_foreach_head(e->root, true, &heads, &head, &err), 1);
        assert_int_equal(chmod(e->root, 01777), 0);
        head = false;
        assert_int_equal(store_foreach_head(e->root, true, &heads, &head, &err), 1);
        assert_int_equal(chmod(e->root, 0755), 0);
        (void)snprintf(dir, sizeof(dir), "%s/a", e->root);
        assert_int_equal(chmod(dir, 0777), 0);
        log_set_handler(count_warnings, &warnings, LOG_LEVEL_WARNING);
        assert_ok(store_foreach_head(e->root, true, &heads, &head, &err)); /* see_head() stops with 1 */
        log_set_handler(NULL, NULL, LOG_LEVEL_ERROR);
        assert_true(warnings > 0);
}

/* What `state` shows is the same by either way; and where the head does not suffice, the whole is read. */
static void a_head_is_opened_where_it_suffices(void **state)
{
        static const struct {
                const char *text;
                bool head;
        } records[] = {
#define ID "{\"version\":1,\"id\":\"a\",\"bundle\":\"/b\",\"phase\":\"created\","
                { ID "\"freezer\":\"/f\",\"annotations\":{\"k\":\"v\",\"l\":\"\"},\"mounts\":[]}\n", true },
                { ID "\"freezer\":\"/f\",\"mounts\":[]}\n", true },
                { ID "\"freezer\":\"/f\",\"annotations\":{}}\n", true },
                { ID "\"freezer\":\"/f\",\"new\":1,\"annotations\":{\"k\":\"v\"}}\n", false },
                { ID "\"freezer\":\"/f\",\"annotations\":{\"k\":\"\\n\"}}\n", false },
                { ID "\"annotations\":{\"k\":\"v\"}}\n", false },
#undef ID
        };
        struct env *e = *state;
        struct cfs_error err;

        for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
                struct oci_arena *arena = oci_arena_new();
                struct user_name owner = { 0 };
                struct oci_state one, other;
                struct state known, *s = NULL;
                struct record_head head;
                char *text = NULL, *other_text = NULL;

                test_write(e->root, "a/state.json", records[i].text);
                assert_int_equal(state_open_head(e->root, "a", arena, &head, &known), records[i].head);
                assert_ok(state_open(e->root, "a", 0, &s, &err));
                if (records[i].head) {
                        status_document(&known, status_of(&known, &err), &owner, &one);
                        status_document(s, status_of(s, &err), &owner, &other);
                        assert_ok(oci_encode(&oci_state_type, &one, 2, &text, NULL, &err));
                        assert_ok(oci_encode(&oci_state_type, &other, 2, &other_text, NULL, &err));
                        assert_string_equal(text, other_text);
                        free(text);
                        free(other_text);
                }
                state_close(s);
                oci_arena_free(arena);
        }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(heads_are_read_where_they_suffice),
                T(heads_of_a_store_that_others_can_enter),
                T(a_head_is_opened_where_it_suffices),
        };

        return cmocka_run_group_tests_name("record-head", tests, NULL, NULL);
}
