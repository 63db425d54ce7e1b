/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoding, encoding, locating and walking. What single rules do is tested by the corpus
 * (test-ocispec-corpus.c). */
#include "test.h"
#include "base/log.h"
#include "base/str.h"
#include "oci.h"

struct document {
        struct oci_config *config;
        struct oci_arena *arena;
        struct cfs_error err;
};

static int decode(struct document *d, const char *text)
{
        void *root = NULL;
        int r;

        *d = (struct document){ 0 };
        r = oci_decode(&oci_config_type, "config.json", text, strlen(text), &root, &d->arena, &d->err);
        d->config = root;
        return r;
}

static void expect_decoded(struct document *d, const char *text)
{
        if (decode(d, text) != 0)
                fail_msg("%s", d->err.text);
}

#define HEAD "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"r\"}"

static void values_arrive_in_their_fields(void **state)
{
        struct document d;

        (void)state;
        expect_decoded(
                &d, HEAD
                ", \"process\": {\"args\": [\"a\", \"b\"], \"cwd\": \"/w\", \"terminal\": false,"
                "\"user\": {\"uid\": 1, \"gid\": 4294967294, \"additionalGids\": [7, 8, 9]}},"
                "\"linux\": {\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"time\", \"path\": \"/n\"}],"
                "\"resources\": {\"cpu\": {\"shares\": 18446744073709551615, \"quota\": -1}}},"
                "\"annotations\": {\"z\": \"1\", \"a\": \"2\"}}");
        const struct oci_process *p = d.config->process;
        assert_string_equal(d.config->oci_version, "1.3.0");
        assert_string_equal(d.config->root->path, "r");
        assert_false(d.config->root->has_readonly);
        assert_int_equal(p->n_args, 2);
        assert_string_equal(p->args[1], "b");
        assert_null(p->args[2]);
        assert_true(p->has_terminal);
        assert_false(p->terminal);
        assert_false(p->has_no_new_privileges);
        assert_int_equal(p->user->gid, 4294967294);
        assert_int_equal(p->user->n_additional_gids, 3);
        assert_int_equal(p->user->additional_gids[2], 9);
        assert_false(p->user->has_umask);
        assert_int_equal(d.config->linux->n_namespaces, 2);
        assert_null(d.config->linux->namespaces[0]->path);
        assert_string_equal(d.config->linux->namespaces[1]->path, "/n");
        assert_null(d.config->linux->namespaces[2]);
        assert_true(d.config->linux->resources->cpu->shares == UINT64_MAX);
        assert_int_equal(d.config->linux->resources->cpu->quota, -1);
        assert_false(d.config->linux->resources->cpu->has_burst);
        assert_int_equal(d.config->annotations->n, 2);
        /* in the order of the document */
        assert_string_equal(d.config->annotations->entries[0].key, "z");
        assert_string_equal(d.config->annotations->entries[1].value, "2");
        assert_null(d.config->hooks);
        oci_arena_free(d.arena);
}

static void maps_of_objects(void **state)
{
        struct document d;

        (void)state;
        expect_decoded(&d, HEAD
                       ", \"linux\": {\"timeOffsets\": {\"boottime\": {\"secs\": -5}, \"monotonic\": {}},"
                       "\"netDevices\": {\"eth0\": {\"name\": \"e\"}}}}");
        const struct oci_time_offset_map *t = d.config->linux->time_offsets;
        assert_int_equal(t->n, 2);
        assert_string_equal(t->entries[0].key, "boottime");
        assert_int_equal(t->entries[0].value->secs, -5);
        assert_false(t->entries[1].value->has_secs);
        assert_string_equal(d.config->linux->net_devices->entries[0].value->name, "e");
        oci_arena_free(d.arena);
}

static void absent_and_empty_are_told_apart(void **state)
{
        struct document d;

        (void)state;
        expect_decoded(&d, HEAD ", \"mounts\": [], \"annotations\": {}, \"hostname\": \"\","
                                "\"process\": {\"args\": [\"\"], \"cwd\": \"/\", \"env\": null},"
                                "\"linux\": {\"maskedPaths\": []}}");
        assert_non_null(d.config->mounts);
        assert_int_equal(d.config->n_mounts, 0);
        assert_null(d.config->mounts[0]);
        assert_non_null(d.config->annotations);
        assert_int_equal(d.config->annotations->n, 0);
        assert_null(d.config->hostname);
        assert_null(d.config->process->env);
        assert_string_equal(d.config->process->args[0], "");
        assert_non_null(d.config->linux->masked_paths);
        assert_null(d.config->linux->readonly_paths);
        oci_arena_free(d.arena);
}

static void an_error_has_position_and_property(void **state)
{
        struct document d;

        (void)state;
        assert_int_equal(
                decode(&d, HEAD ",\n  \"linux\": {\"resources\": {\"memory\": {\"limit\": \"1G\"}}}}"),
                -EINVAL);
        assert_null(d.arena);
        assert_int_equal(d.err.code, CFS_E_INVALID);
        assert_string_equal(
                d.err.text,
                "config.json:2:47: linux.resources.memory.limit: expected an integer, got the string "
                "\"1G\"");
        assert_string_equal(d.err.property, "linux.resources.memory.limit");

        assert_int_equal(decode(&d, HEAD ",\"mounts\":[{\"destination\":\"/a\"},{\"destination\":5}]}"),
                         -EINVAL);
        assert_string_equal(d.err.property, "mounts[1].destination");
        assert_int_equal(decode(&d, HEAD ",\"process\":{\"args\":[\"a\"]}}"), -EINVAL);
        assert_string_equal(d.err.property, "process.cwd");
        assert_int_equal(decode(&d, HEAD ",\"linux\":{\"sysctl\":{\"net.core.x\":1}}}"), -EINVAL);
        assert_string_equal(d.err.property, "linux.sysctl[\"net.core.x\"]");
        assert_int_equal(decode(&d, "{"), -EINVAL);
        assert_string_equal(d.err.property, "");
}

static void a_near_miss_is_hinted_at(void **state)
{
        struct document d;

        (void)state;
        assert_int_equal(decode(&d, HEAD ",\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}}"), -EINVAL);
        assert_string_equal(d.err.hint, "did you mean \"network\"?");
        assert_int_equal(decode(&d, HEAD ",\"linux\":{\"namespaces\":[{\"type\":\"xyz\"}]}}"), -EINVAL);
        assert_string_equal(d.err.hint, "");
}

struct reports {
        char text[4096];
        unsigned n;
};

static void add_text(struct reports *r, unsigned line, unsigned column, const char *where,
                     const char *message)
{
        size_t len = strlen(r->text);

        (void)snprintf(r->text + len, sizeof(r->text) - len, "%u:%u %s %s\n", line, column, where, message);
        r->n++;
}

static void add_report(void *data, unsigned line, unsigned column, const char *property, const char *message)
{
        add_text(data, line, column, property, message);
}

static void all_errors_are_reported_and_the_rest_is_decoded(void **state)
{
        static const char text[] =
                "{\"ociVersion\": 1, \"hostname\": \"h\",\n"
                "\"process\": {\"args\": [\"a\", 5, \"c\", {\"x\": [1]}], \"cwd\": \"w\", \"oomScoreAdj\": 5},\n"
                "\"mounts\": [1, {\"destination\": \"/m\"}, {}], \"linux\": [{}]}";
        struct reports reports = { .n = 0 };
        const struct oci_decode_options all = { .report = add_report, .data = &reports };
        struct oci_arena *arena = NULL;
        struct oci_config *config;
        struct cfs_error err = { 0 };
        void *root = NULL;

        (void)state;
        assert_int_equal(
                oci_decode_with(&oci_config_type, "c", text, strlen(text), &all, &root, &arena, &err),
                -EINVAL);
        assert_string_equal(reports.text,
                            "1:16 ociVersion expected a version such as \"1.3.0\", got the number 1\n"
                            "2:27 process.args[1] expected a string, got the number 5\n"
                            "2:35 process.args[3] expected a string, got an object\n"
                            "2:55 process.cwd expected an absolute path, got \"w\"\n"
                            "3:12 mounts[0] expected an object, got the number 1\n"
                            "3:38 mounts[2].destination this required property is missing\n"
                            "3:52 linux expected an object, got an array\n"
                            "1:1 root this required property is missing\n");
        assert_string_equal(err.property, "ociVersion");
        config = root;
        assert_non_null(config);
        assert_string_equal(config->hostname, "h");
        assert_int_equal(config->process->n_args, 2);
        assert_string_equal(config->process->args[1], "c");
        assert_int_equal(config->process->oom_score_adj, 5);
        assert_int_equal(config->n_mounts, 2);
        assert_string_equal(config->mounts[1]->destination, "");
        assert_string_equal(config->oci_version, "");
        assert_null(config->linux);
        oci_arena_free(arena);
}

static void same_map(const struct oci_string_map *a, const struct oci_string_map *b)
{
        assert_int_equal(a ? a->n : SIZE_MAX, b ? b->n : SIZE_MAX);
        for (size_t i = 0; a && i < a->n; i++) {
                assert_string_equal(a->entries[i].key, b->entries[i].key);
                assert_string_equal(a->entries[i].value, b->entries[i].value);
        }
}

/* Is the head of this record taken? What is taken has to be what oci_decode() says. */
static bool takes(const char *text, const char *last)
{
        size_t len = strlen(text);
        char *copy = strdup(text);
        struct oci_record head, *whole;
        struct oci_arena *arena = NULL;
        struct cfs_error err = { 0 };
        void *root = NULL;
        struct oci_arena *maps = oci_arena_new();
        bool taken = oci_take_head(&oci_record_type, copy, len, last, maps, &head);

        if (taken && oci_decode(&oci_record_type, "r", text, len, &root, &arena, &err) == 0) {
                whole = root;
                assert_int_equal(head.version, whole->version);
                assert_string_equal(head.id, whole->id);
                assert_string_equal(head.phase, whole->phase);
                assert_string_equal(head.bundle ? head.bundle : "-", whole->bundle ? whole->bundle : "-");
                assert_int_equal(head.has_pid, whole->has_pid);
                assert_int_equal(head.pid, whole->pid);
                assert_string_equal(head.freezer ? head.freezer : "-", whole->freezer ? whole->freezer : "-");
                if (STREQ(last, "annotations"))
                        same_map(head.annotations, whole->annotations);
                oci_arena_free(arena);
        }
        oci_arena_free(maps);
        free(copy);
        return taken;
}

static void a_head_is_taken_from_what_was_encoded(void **state)
{
        /* The paths that a bundle may have. */
        static const char *const plain[] = { "/b", "", "/b \xc3\xa4", "/{\",\"}" };
        struct oci_record r = { .version = 1, .has_version = true, .id = (char *)"c1" };
        struct cfs_error err;

        (void)state;
        r.phase = (char *)"created";
        r.freezer = (char *)"/f";
        for (size_t i = 0; i < 2 * ARRAY_SIZE(plain); i++) {
                char *text = NULL;

                r.bundle = (char *)plain[i / 2];
                r.has_pid = i % 2 == 1;
                r.pid = (int32_t)i;
                assert_int_equal(oci_encode(&oci_record_type, &r, 0, &text, NULL, &err), 0);
                assert_int_equal(takes(text, "freezer"), i / 2 < 3); /* the last has an escape */
                free(text);
        }
}

static void a_head_is_taken_or_left(void **state)
{
#define V "{\"version\":1,\"id\":\"c1\","
        static const char *const left[] = {
                "",
                "{",
                "[1]",
                "{}",
                "nonsense",
                V,
                V "\"phase\":\"created\"",
                V "\"phase\":\"created\",",
                V "\"phase\":\"created\",\"freezer\"",
                V "\"phase\":\"created\",\"freezer\":",
                V "\"phase\":\"created\",\"freezer\":\"",
                V "\"phase\":\"created\",\"freezer\":\"/f",
                V "\"phase\":\"created\",\"freezer\":\"/f\"",
                V "\"phase\":\"created\",\"freezer\":\"/f\"x",
                V "\"phase\":\"created\",\"freezer\":3}",
                V "\"phase\":\"created\",\"freezer\":null}",
                V "\"phase\":\"odd\",\"freezer\":\"/f\"}",
                V "\"phase\":\"created\", \"freezer\":\"/f\"}",
                V "\"phase\":\"created\" ,\"freezer\":\"/f\"}",
                V "\"freezer\":\"/f\",\"phase\":\"created\"}",
                V "\"freezer\":\"/f\"}", /* a required property is missing */
                V "\"phase\":\"created\",\"odd\":1,\"freezer\":\"/f\"}",
                V "\"phase\":\"created\",\"worker\":{\"pid\":1,\"startTime\":1},\"freezer\":\"/f\"}",
                V "\"phase\":\"created\",\"pid\":-1,\"freezer\":\"/f\"}",
                V "\"phase\":\"created\",\"pid\":01,\"freezer\":\"/f\"}",
                V "\"phase\":\"created\",\"pid\":1.0,\"freezer\":\"/f\"}",
                V "\"phase\":\"created\",\"pid\":9999999999,\"freezer\":\"/f\"}",
                V "\"phase\":\"created\",\"freezer\":\"/\\u0066\"}",
                V "\"phase\":\"created\",\"freezer\":\"\n\"}",
                V "\"phase\":\"created\",\"freezer\":\"\xff\"}",
        };
        static const char *const no_maps[] = {
                "x",
                "[]",
                "{",
                "{x",
                "{\"",
                "{\"a",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1}",
                "{\"a\":\"",
                "{\"a\":\"b",
                "{\"a\":\"b\"",
                "{\"a\":\"b\",",
                "{\"a\":\"b\",}",
                "{,}",
                "{\"a\":\"b\" }",
                "{\"a\":\"b\"}",
                "{\"a\":\"b\"}x",
                "{\"a\":\"b\\t\"},",
                "{\"a\\t\":\"b\"},",
                "{\"a\":\"b\",\"c\":\"d\"]",
        };
        static const char *const maps[] = { "{}", "{\"a\":\"b\"}",
                                            "{\"a\":\"\",\"b\":\"{}\",\"c\":\"\xc3\xa4\"}" };
        char text[1024], *many = NULL;
        struct cfs_error err;
        struct str s = { 0 };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(left); i++)
                if (takes(left[i], "freezer"))
                        fail_msg("%s", left[i]);
        assert_true(takes(V "\"phase\":\"created\",\"freezer\":\"/f\"}", "freezer"));
        for (size_t i = 0; i < ARRAY_SIZE(no_maps); i++) {
                (void)snprintf(text, sizeof(text), V "\"phase\":\"created\",\"annotations\":%s", no_maps[i]);
                if (takes(text, "annotations"))
                        fail_msg("%s", text);
        }
        for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
                (void)snprintf(text, sizeof(text),
                               V "\"phase\":\"created\",\"annotations\":%s,\"mounts\":[]}", maps[i]);
                assert_true(takes(text, "annotations"));
                assert_false(takes(text, "mounts"));
        }
        str_add(&s, V "\"phase\":\"created\",\"annotations\":{\"a\":\"b\"");
        for (int i = 0; i < 100; i++)
                str_addf(&s, ",\"k%d\":\"v%d\"", i, i);
        str_add(&s, "}}");
        assert_int_equal(str_take(&s, &many, &err), 0);
        assert_true(takes(many, "annotations"));
        free(many);
        /* The last one need not be there; then what follows is one of those behind it, or the end. */
        assert_true(takes(V "\"phase\":\"created\",\"mounts\":[]}", "freezer"));
        assert_true(takes(V "\"phase\":\"created\"}", "freezer"));
        assert_false(takes(V "\"phase\":\"created\",\"odd\":[]}", "freezer"));
        /* What comes after it need not even be JSON. */
        assert_true(takes(V "\"phase\":\"created\",\"freezer\":\"/f\",\"phase\"nonsense", "freezer"));
#undef V
}

static void reports_end_somewhere(void **state)
{
        struct reports reports = { .n = 0 };
        const struct oci_decode_options all = { .report = add_report, .data = &reports };
        struct oci_arena *arena = NULL;
        struct cfs_error err = { 0 };
        void *root = NULL;
        char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);

        (void)state;
        assert_non_null(f);
        (void)fputs("{\"mounts\":[0", f);
        for (int i = 0; i < 1000; i++)
                (void)fputs(",0", f);
        (void)fputs("]}", f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(oci_decode_with(&oci_config_type, "c", text, len, &all, &root, &arena, &err),
                         -EINVAL);
        assert_int_equal(reports.n, OCI_MAX_REPORTS);
        oci_arena_free(arena);
        free(text);
}

static void without_an_object_nothing_is_returned(void **state)
{
        struct reports reports = { .n = 0 };
        const struct oci_decode_options all = { .report = add_report, .data = &reports };
        struct oci_arena *arena = (void *)1;
        struct cfs_error err = { 0 };
        void *root = (void *)1;

        (void)state;
        assert_int_equal(oci_decode_with(&oci_config_type, "c", "[{}]", 4, &all, &root, &arena, &err),
                         -EINVAL);
        assert_null(root);
        assert_null(arena);
        assert_string_equal(reports.text, "1:1  expected an object, got an array\n");
}

static void add_unknown(void *data, unsigned line, unsigned column, const char *property, const char *nearest)
{
        add_text(data, line, column, property, nearest ? nearest : "-");
}

/* spec: config.extensibility.1 */
static void unknown_properties_are_told_and_ignored(void **state)
{
        static const char text[] =
                HEAD ",\n\"linux\": {\"maskedpaths\": {\"a\": [{}]},\n \"wholly new\": 1}, \"mount\": []}";
        struct reports reports = { .n = 0 };
        struct oci_decode_options options = { .unknown = add_unknown, .data = &reports };
        struct oci_arena *arena = NULL;
        struct cfs_error err;
        void *root;

        (void)state;
        assert_ok(oci_decode_with(&oci_config_type, "c", text, strlen(text), &options, &root, &arena, &err));
        assert_string_equal(reports.text, "2:11 linux.maskedpaths maskedPaths\n"
                                          "3:2 linux[\"wholly new\"] -\n"
                                          "3:20 mount mounts\n");
        oci_arena_free(arena);
}

static void take_log(void *data, enum log_level level, const char *message)
{
        assert_int_equal(level, LOG_LEVEL_DEBUG);
        (void)snprintf(data, 256, "%s", message);
}

static void unknown_properties_are_logged_by_default(void **state)
{
        char message[256] = "";
        struct document d;

        (void)state;
        log_set_handler(take_log, message, LOG_LEVEL_DEBUG);
        expect_decoded(&d, HEAD ",\"hostnames\":1}");
        log_set_handler(NULL, NULL, LOG_LEVEL_ERROR);
        assert_string_equal(
                message, "config.json:1:47: hostnames: unknown property, ignored; did you mean `hostname`?");
        oci_arena_free(d.arena);
}

static void every_definition_can_be_a_root(void **state)
{
        static const char process[] = "{\"args\":[\"a\"],\"cwd\":\"/\"}";
        static const char resources[] = "{\"pids\":{\"limit\":0}}";
        struct oci_arena *arena = NULL;
        struct cfs_error err;
        void *root;

        (void)state;
        assert_ok(oci_decode(&oci_process_type, "p", process, strlen(process), &root, &arena, &err));
        assert_string_equal(((struct oci_process *)root)->cwd, "/");
        oci_arena_free(arena);
        assert_ok(oci_decode(&oci_resources_type, "r", resources, strlen(resources), &root, &arena, &err));
        assert_true(((struct oci_resources *)root)->pids->has_limit);
        oci_arena_free(arena);
}

/* ---- encoding ------------------------------------------------------------------------------------------ */

static void encoding_is_in_the_order_of_the_schema(void **state)
{
        char *fds[] = { (char *)"a\"\\\n\x01", NULL };
        char *none[] = { NULL };
        struct oci_state inner = { .oci_version = (char *)"1.3.0",
                                   .id = (char *)"ä",
                                   .pid = 0,
                                   .has_pid = true,
                                   .status = (char *)"stopped" };
        struct oci_container_process_state s = {
                .state = &inner, .fds = fds, .n_fds = 1, .pid = -7, .has_pid = true
        };
        struct cfs_error err;
        char *text;
        size_t len;

        (void)state;
        assert_ok(oci_encode(&oci_container_process_state_type, &s, 0, &text, &len, &err));
        assert_string_equal(
                text, "{\"fds\":[\"a\\\"\\\\\\n\\u0001\"],\"pid\":-7,"
                      "\"state\":{\"ociVersion\":\"1.3.0\",\"id\":\"ä\",\"pid\":0,\"status\":\"stopped\"}}");
        assert_int_equal(len, strlen(text));
        free(text);
        s.fds = none;
        s.n_fds = 0;
        inner = (struct oci_state){ 0 };
        assert_ok(oci_encode(&oci_container_process_state_type, &s, 2, &text, NULL, &err));
        assert_string_equal(text, "{\n  \"fds\": [],\n  \"pid\": -7,\n  \"state\": {}\n}\n");
        free(text);
}

static void encoding_refuses_what_is_not_utf8(void **state)
{
        struct oci_string_pair pair = { (char *)"k.x", (char *)"bad \xff" };
        struct oci_string_map map = { 1, &pair };
        struct oci_state s = { .annotations = &map };
        struct cfs_error err;
        char *text = NULL;

        (void)state;
        assert_fails(oci_encode(&oci_state_type, &s, 0, &text, NULL, &err), EINVAL);
        assert_null(text);
        assert_int_equal(err.code, CFS_E_INVALID);
        assert_string_equal(err.property, "annotations[\"k.x\"]");
}

/* ---- locating ------------------------------------------------------------------------------------------ */

static const char located[] =
        "{\"mounts\": [{\"source\": \"a\"},\n"
        " {\"options\": [\"x\", \"y\"], \"source\": {\"source\": 1}, \"last\": null}],\n"
        "\"annotations\": {\"a\": \"0\", \"a.b\": \"1\", \"c/d~\\\"\": \"2\", \"a.b.c\": [[5, 6]]},\n"
        "\"hostname\": true}";

static void expect_location(const char *path, int result, unsigned line, unsigned column)
{
        unsigned l = 0, c = 0;
        int r = oci_locate(located, strlen(located), path, &l, &c);

        if (r != result || l != line || c != column)
                fail_msg("%s: %d at %u:%u", path, r, l, c);
}

static void values_are_located_by_path(void **state)
{
        (void)state;
        expect_location("", 0, 1, 1);
        expect_location("mounts", 0, 1, 12);
        expect_location("/mounts", 0, 1, 12);
        expect_location("mounts[0]", 0, 1, 13);
        expect_location("mounts[1].options[1]", 0, 2, 20);
        expect_location("/mounts/1/options/1", 0, 2, 20);
        expect_location("mounts[1].source", 0, 2, 36);
        expect_location("mounts[1].source.source", 0, 2, 47);
        expect_location("mounts[1].last", 0, 2, 59);
        expect_location("hostname", 0, 4, 13);
        expect_location("annotations.a", 0, 3, 22);
        expect_location("annotations.a.b", 0, 3, 34);
        expect_location("annotations[\"a.b\"]", 0, 3, 34);
        expect_location("/annotations/a.b", 0, 3, 34);
        expect_location("annotations[\"c/d~\\\"\"]", 0, 3, 49);
        expect_location("/annotations/c~1d~0\"", 0, 3, 49);
        expect_location("annotations[\"a.b.c\"][0][1]", 0, 3, 68);
}

static void what_is_not_there_is_located_by_what_is_above_it(void **state)
{
        unsigned line, column;

        (void)state;
        expect_location("linux.resources", 1, 1, 1);
        expect_location("mounts[7].source", 1, 1, 12);
        expect_location("mounts[0].type", 1, 1, 13);
        expect_location("hostname.x", 1, 4, 13);
        assert_int_equal(oci_locate("", 0, "a", &line, &column), -ENOENT);
        /* As far as the text can be read. */
        assert_int_equal(oci_locate("{\"a\": {", 7, "a.b", &line, &column), 1);
        assert_int_equal(column, 7);
}

/* ---- walking ------------------------------------------------------------------------------------------- */

static int find_path(void *data, const char *path, const struct oci_property *p)
{
        const char **want = data;

        (void)p;
        if (want[0] && STREQ(want[0], path))
                want[0] = NULL;
        return want[1] && STREQ(want[1], path) ? 42 : 0;
}

static void a_type_is_walked_with_paths(void **state)
{
        const char *paths[] = { "linux.resources.memory.limit", "mounts[].source", "linux.netDevices{}.name",
                                "hooks.poststop[].timeout",     "windows",         "annotations" };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                const char *want[2] = { paths[i], NULL };

                assert_int_equal(oci_walk(&oci_config_type, find_path, want), 0);
                if (want[0])
                        fail_msg("%s was not visited", paths[i]);
        }
        const char *stop[2] = { "never", "process.cwd" };
        assert_int_equal(oci_walk(&oci_config_type, find_path, stop), 42);
}

static int list_path(void *data, const char *path, const struct oci_property *p, const void *object)
{
        struct reports *r = data;
        size_t len = strlen(r->text);

        (void)p;
        assert_non_null(object);
        (void)snprintf(r->text + len, sizeof(r->text) - len, "%s\n", path);
        return 0;
}

static void a_document_is_walked_with_what_it_has(void **state)
{
        struct reports list = { .n = 0 };
        struct document d;

        (void)state;
        expect_decoded(
                &d, HEAD
                ",\"windows\":{},\"mounts\":[{\"destination\":\"/a\"},{\"destination\":\"/b\",\"options\":[\"ro\"]}],"
                "\"linux\":{\"netDevices\":{\"eth.0\":{\"name\":\"x\"}},\"resources\":{\"pids\":{\"limit\":0}}}}");
        assert_int_equal(oci_walk_present(&oci_config_type, d.config, list_path, &list), 0);
        assert_string_equal(list.text,
                            "ociVersion\nroot\nroot.path\nmounts\nmounts[0].destination\n"
                            "mounts[1].destination\nmounts[1].options\nlinux\nlinux.netDevices\n"
                            "linux.netDevices[\"eth.0\"].name\nlinux.resources\nlinux.resources.pids\n"
                            "linux.resources.pids.limit\n");
        oci_arena_free(d.arena);
}

static void a_property_is_found_by_its_whole_name(void **state)
{
        (void)state;
        for (const struct oci_type *const *t = oci_types; *t; t++)
                for (size_t i = 0; i < (*t)->n_properties; i++) {
                        const struct oci_property *p = &(*t)->properties[i];

                        assert_ptr_equal(oci_type_find(*t, p->name, strlen(p->name)), p);
                }
        assert_null(oci_type_find(&oci_config_type, "mount", 5));
        assert_null(oci_type_find(&oci_config_type, "mountsx", 7));
        assert_null(oci_type_find(&oci_config_type, "", 0));
}

/* ---- size ---------------------------------------------------------------------------------------------- */

/* 8000 annotations of a megabyte together; with keys in an order that is unkind to hash tables and
 * quicksorts. */
static void a_large_document_is_decoded_and_its_duplicate_found(void **state)
{
        struct document d;
        char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);

        (void)state;
        assert_non_null(f);
        (void)fputs(HEAD ",\"annotations\":{\"x\":\"\"", f);
        for (int i = 0; i < 8000; i++)
                (void)fprintf(f, ",\"key.%d\":\"%0100d\"", i, i);
        (void)fputs("}}", f);
        assert_int_equal(fclose(f), 0);
        expect_decoded(&d, text);
        assert_int_equal(d.config->annotations->n, 8001);
        assert_string_equal(d.config->annotations->entries[8000].key, "key.7999");
        oci_arena_free(d.arena);

        memcpy(strstr(text, "\"key.7999\""), "\"key.1234\"", 10);
        assert_int_equal(decode(&d, text), -EINVAL);
        assert_contains(d.err.text,
                        "annotations[\"key.1234\"]: duplicate key \"key.1234\", given before on line 1");
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_arrive_in_their_fields),
                cmocka_unit_test(maps_of_objects),
                cmocka_unit_test(absent_and_empty_are_told_apart),
                cmocka_unit_test(an_error_has_position_and_property),
                cmocka_unit_test(a_near_miss_is_hinted_at),
                cmocka_unit_test(all_errors_are_reported_and_the_rest_is_decoded),
                cmocka_unit_test(reports_end_somewhere),
                cmocka_unit_test(without_an_object_nothing_is_returned),
                cmocka_unit_test(unknown_properties_are_told_and_ignored),
                cmocka_unit_test(unknown_properties_are_logged_by_default),
                cmocka_unit_test(every_definition_can_be_a_root),
                cmocka_unit_test(encoding_is_in_the_order_of_the_schema),
                cmocka_unit_test(encoding_refuses_what_is_not_utf8),
                cmocka_unit_test(values_are_located_by_path),
                cmocka_unit_test(what_is_not_there_is_located_by_what_is_above_it),
                cmocka_unit_test(a_type_is_walked_with_paths),
                cmocka_unit_test(a_document_is_walked_with_what_it_has),
                cmocka_unit_test(a_property_is_found_by_its_whole_name),
                cmocka_unit_test(a_head_is_taken_from_what_was_encoded),
                cmocka_unit_test(a_head_is_taken_or_left),
                cmocka_unit_test(a_large_document_is_decoded_and_its_duplicate_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
