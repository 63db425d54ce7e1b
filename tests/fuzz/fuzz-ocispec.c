/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoder of OCI documents. The input is a config.json, or another type's document when its first byte is
 * that type's number in documents[], or 128 and more: in oci_types[]. What decodes has to encode, and to be
 * the same after another round; what does not has one good message, whose place can be located.
 */
#include "fuzz.h"
#include "base/cleanup.h"
#include "oci.h"

static void take_report(void *data, unsigned line, unsigned column, const char *property, const char *message)
{
        unsigned *n = data;

        CHECK(strchr(property, '\n') == NULL);
        CHECK(line > 0 && column > 0 && *message && strchr(message, '\n') == NULL);
        CHECK(++*n <= OCI_MAX_REPORTS);
}

static void take_unknown(void *data, unsigned line, unsigned column, const char *property,
                         const char *nearest)
{
        (void)data;
        (void)nearest;
        CHECK(line > 0 && column > 0 && *property && strchr(property, '\n') == NULL);
}

static int take_present(void *data, const char *path, const struct oci_property *p, const void *object)
{
        (void)data;
        (void)p;
        CHECK(*path && object);
        return 0;
}

static void encode_twice(const struct oci_type *type, const void *root)
{
        struct oci_arena *arena;
        struct cfs_error err;
        char *once, *twice;
        size_t len;
        void *again;

        CHECK(oci_walk_present(type, root, take_present, NULL) == 0);
        CHECK(oci_encode(type, root, 2, &once, &len, &err) == 0);
        CHECK(oci_decode(type, "again", once, len, &again, &arena, &err) == 0);
        CHECK(oci_encode(type, again, 2, &twice, NULL, &err) == 0);
        CHECK(strcmp(once, twice) == 0);
        oci_arena_free(arena);
        free(once);
        free(twice);
}

/* Those that are read from files and command lines. The seeds have these numbers. */
static const struct oci_type *const documents[] = {
        [1] = &oci_record_type,   [2] = &oci_process_type, [3] = &oci_resources_type,
        [4] = &oci_features_type, [5] = &oci_state_type,   [6] = &oci_container_process_state_type,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct oci_decode_options options = { .unknown = take_unknown };
        const struct oci_type *type = &oci_config_type;
        const char *text = (const char *)data;
        struct oci_arena *arena = NULL;
        struct cfs_error err = { 0 };
        unsigned line, column, reports = 0, n_types = 0;
        const struct oci_decode_options with_reports = { .report = take_report, .data = &reports };
        void *root;
        int r, all;

        while (oci_types[n_types])
                n_types++;
        if (size > 0 && data[0] < ARRAY_SIZE(documents) && documents[data[0]])
                type = documents[data[0]];
        else if (size > 0 && data[0] >= 128 && data[0] - 128U < n_types)
                type = oci_types[data[0] - 128];
        if (type != &oci_config_type) {
                text++;
                size--;
        }
        r = oci_decode_with(type, "fuzz", text, size, &options, &root, &arena, &err);
        if (r == 0) {
                encode_twice(type, root);
                oci_arena_free(arena);
        } else {
                CHECK(r < 0 && err.code == CFS_E_INVALID && strncmp(err.text, "fuzz:", 5) == 0);
                (void)oci_locate(text, size, err.property, &line, &column);
        }
        all = oci_decode_with(type, "fuzz", text, size, &with_reports, &root, &arena, &err);
        CHECK(all == r && (all < 0) == (reports > 0));
        if (all < 0 && root)
                CHECK(oci_walk_present(type, root, take_present, NULL) == 0);
        oci_arena_free(arena);
        return 0;
}
