/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building the tree from the events of the JSON parser, which bounds the depth.
 */
#include "box/template/value.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "json.h"
#include <errno.h>
#include <stdio.h>

struct builder {
        struct oci_arena *arena;
        const char *text;
        struct value *root, *open; /* the list or map that is being filled */
        const char *key;
        bool failed;
};

/* Maps whose keys Go's documents have as data: a name that is missing there is no mistake of the template. */
static bool has_free_keys(const char *key)
{
        static const char *const names[] = { "Labels",  "labels",       "Networks", "Ports",
                                             "Volumes", "ExposedPorts", "Options",  "Attributes" };

        for (size_t i = 0; key && i < ARRAY_SIZE(names); i++)
                if (STREQ(names[i], key))
                        return true;
        return false;
}

static struct value *add(struct builder *b, enum value_kind kind, size_t offset, size_t len)
{
        struct value *v = oci_arena_alloc(b->arena, sizeof(*v));

        if (!v) {
                b->failed = true;
                return NULL;
        }
        *v = (struct value){ .kind = kind, .parent = b->open, .json = b->text + offset, .json_len = len };
        if (!b->open) {
                b->root = v;
                return v;
        }
        if (b->open->kind == VALUE_MAP)
                v->key = b->key;
        v->free_keys = has_free_keys(v->key);
        *(b->open->last ? &b->open->last->next : &b->open->first) = v;
        b->open->last = v;
        b->open->n++;
        return v;
}

static char *copy(struct builder *b, const char *s, size_t len)
{
        char *text = oci_arena_strndup(b->arena, s, len);

        b->failed |= !text;
        return text;
}

static int null_value(void *data, size_t offset)
{
        return add(data, VALUE_NULL, offset, 4) ? 0 : 1;
}

static int boolean_value(void *data, size_t offset, bool truth)
{
        struct value *v = add(data, VALUE_BOOLEAN, offset, truth ? 4 : 5);

        if (!v)
                return 1;
        v->truth = truth;
        v->text = truth ? "true" : "false";
        return 0;
}

static int number_value(void *data, size_t offset, const char *s, size_t len)
{
        struct value *v = add(data, VALUE_NUMBER, offset, len);

        return v && (v->text = copy(data, s, len)) ? 0 : 1;
}

/* The length in the document is not known here: strings are written anew. */
static int string_value(void *data, size_t offset, const char *s, size_t len)
{
        struct value *v = add(data, VALUE_STRING, offset, 0);

        return v && (v->text = copy(data, s, len)) ? 0 : 1;
}

static int key_value(void *data, size_t offset, const char *s, size_t len)
{
        struct builder *b = data;

        (void)offset;
        b->key = copy(b, s, len);
        return b->key ? 0 : 1;
}

static int begin(struct builder *b, enum value_kind kind, size_t offset)
{
        struct value *v = add(b, kind, offset, 0);

        if (v)
                b->open = v;
        return v ? 0 : 1;
}

static int begin_map(void *data, size_t offset)
{
        return begin(data, VALUE_MAP, offset);
}

static int begin_list(void *data, size_t offset)
{
        return begin(data, VALUE_LIST, offset);
}

static int end(void *data, size_t offset)
{
        struct builder *b = data;

        b->open->json_len = (size_t)(b->text + offset + 1 - b->open->json);
        b->open = b->open->parent;
        return 0;
}

int value_parse(const char *text, size_t len, struct oci_arena *arena, struct value **ret,
                struct cfs_error *err)
{
        static const struct json_events events = { .null = null_value,
                                                   .boolean = boolean_value,
                                                   .number = number_value,
                                                   .string = string_value,
                                                   .key = key_value,
                                                   .begin_object = begin_map,
                                                   .end_object = end,
                                                   .begin_array = begin_list,
                                                   .end_array = end };
        struct builder b = { .arena = arena, .text = text };
        struct json_problem problem;
        int r = json_parse(text, len, &events, &b, &problem);

        if (r == -ENOMEM || b.failed)
                return err_nomem(err);
        if (r != 0 || !b.root)
                return err_set(err, CFS_E_BUG, "a document of cfs-box is not JSON: %s", problem.text);
        *ret = b.root;
        return 0;
}

const struct value *value_member(const struct value *v, const char *key)
{
        if (!v || v->kind != VALUE_MAP)
                return NULL;
        for (const struct value *m = v->first; m; m = m->next)
                if (STREQ(m->key, key))
                        return m;
        return NULL;
}

static struct value *make(struct oci_arena *arena, enum value_kind kind, const char *text)
{
        struct value *v = oci_arena_alloc(arena, sizeof(*v));

        if (!v || !text)
                return NULL;
        *v = (struct value){ .kind = kind, .text = text };
        return v;
}

struct value *value_string(struct oci_arena *arena, const char *text)
{
        return make(arena, VALUE_STRING, oci_arena_strdup(arena, text));
}

struct value *value_number(struct oci_arena *arena, int64_t n)
{
        return make(arena, VALUE_NUMBER, oci_arena_printf(arena, "%lld", (long long)n));
}

struct value *value_boolean(struct oci_arena *arena, bool truth)
{
        struct value *v = make(arena, VALUE_BOOLEAN, truth ? "true" : "false");

        if (v)
                v->truth = truth;
        return v;
}

bool value_is_true(const struct value *v)
{
        if (!v)
                return false;
        switch (v->kind) {
        case VALUE_NULL:
                return false;
        case VALUE_BOOLEAN:
                return v->truth;
        case VALUE_NUMBER:
                return !STREQ(v->text, "0");
        case VALUE_STRING:
                return *v->text;
        case VALUE_LIST:
        case VALUE_MAP:
                return v->n > 0;
        }
        return false;
}
