/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The corpus of documents: tests/corpus/TYPE/good/NAME.json decodes, and what it was decoded to encodes and
 * decodes to the same again; tests/corpus/TYPE/bad/NAME.json fails with the message of NAME.expect.
 * check-schema.py, beside the corpus, holds the same documents against the schemas.
 */
#include "test.h"
#include "base/str.h"
#include "oci.h"

static char *corpus_read(const char *path, size_t *ret_len)
{
        _cleanup_file_ FILE *f = fopen(path, "re");
        char *text = malloc(1 << 20);

        if (!f)
                fail_msg("%s: %s", path, strerror(errno));
        assert_non_null(text);
        *ret_len = fread(text, 1, (1 << 20) - 1, f);
        text[*ret_len] = '\0';
        return text;
}

static void check_good(const struct oci_type *type, const char *path, const char *name)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_oci_arena_ struct oci_arena *arena2 = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *once = NULL;
        _cleanup_free_ char *twice = NULL;
        struct cfs_error err;
        void *root;
        size_t len;

        text = corpus_read(path, &len);
        assert_ok(oci_decode(type, name, text, len, &root, &arena, &err));
        assert_ok(oci_encode(type, root, 0, &once, &len, &err));
        assert_ok(oci_decode(type, name, once, len, &root, &arena2, &err));
        assert_ok(oci_encode(type, root, 0, &twice, NULL, &err));
        assert_string_equal(once, twice);
}

static void count_report(void *data, unsigned line, unsigned column, const char *property,
                         const char *message)
{
        unsigned *n = data;

        (void)property;
        assert_true(line > 0 && column > 0 && *message);
        (*n)++;
}

static void check_bad(const struct oci_type *type, const char *path, const char *name)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *expect = NULL;
        struct cfs_error err = { 0 };
        char expect_path[512];
        void *root = NULL;
        unsigned reports = 0;
        const struct oci_decode_options all = { .report = count_report, .data = &reports };
        size_t len, expect_len;

        text = corpus_read(path, &len);
        (void)snprintf(expect_path, sizeof(expect_path), "%.*s.expect", (int)(strlen(path) - 5), path);
        expect = corpus_read(expect_path, &expect_len);
        expect[strcspn(expect, "\n")] = '\0';
        assert_fails(oci_decode(type, name, text, len, &root, &arena, &err), EINVAL);
        assert_null(arena);
        assert_int_equal(err.code, CFS_E_INVALID);
        assert_string_equal(err.text, expect);
        /* A caller that wants all errors gets this one too, and what was built can be freed. */
        assert_fails(oci_decode_with(type, name, text, len, &all, &root, &arena, &err), EINVAL);
        assert_true(reports >= 1);
        assert_string_equal(err.text, expect);
}

static unsigned check_directory(const struct oci_type *type, const char *verdict,
                                void (*check)(const struct oci_type *type, const char *path,
                                              const char *name))
{
        const char *top = getenv("top_srcdir");
        char dir[256], path[512];
        struct dirent **names = NULL;
        unsigned n = 0;
        int found;

        (void)snprintf(dir, sizeof(dir), "%s/tests/corpus/%s/%s", top ? top : ".", type->name, verdict);
        found = scandir(dir, &names, NULL, alphasort);
        for (int i = 0; i < found; i++) {
                size_t len = strlen(names[i]->d_name);

                if (len > 5 && STREQ(names[i]->d_name + len - 5, ".json")) {
                        (void)snprintf(path, sizeof(path), "%.240s/%.240s", dir, names[i]->d_name);
                        print_message("# %s\n", path);
                        check(type, path, names[i]->d_name);
                        n++;
                }
                free(names[i]);
        }
        free(names);
        return n;
}

/* `state` is the type whose documents the test is about. */
static void good_documents(void **state)
{
        assert_true(check_directory(*state, "good", check_good) > 0);
}

static void bad_documents(void **state)
{
        assert_true(check_directory(*state, "bad", check_bad) > 0);
}

#define TYPE(type)                                                                                           \
        { .name = #type ": good documents",                                                                  \
          .test_func = good_documents,                                                                       \
          .initial_state = (void *)(uintptr_t)&oci_##type##_type },                                          \
        {                                                                                                    \
                .name = #type ": bad documents", .test_func = bad_documents,                                 \
                .initial_state = (void *)(uintptr_t)&oci_##type##_type                                       \
        }

int main(void)
{
        const struct CMUnitTest tests[] = {
                TYPE(config),  TYPE(state),     TYPE(container_process_state), TYPE(features), TYPE(record),
                TYPE(process), TYPE(resources),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
