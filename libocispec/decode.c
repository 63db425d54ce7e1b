/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoder: a stream of JSON events becomes the structures that a descriptor describes.
 *
 * No tree is built. A stack of frames mirrors the objects, arrays and maps that are open; an event looks at
 * the top frame to learn which property its value belongs to and writes the value where the descriptor says.
 * Entries of arrays and maps wait on a stack until their number is known: scratch.c.
 *
 * Work is linear in the size of the document. The one thing that tempts to be quadratic is to find duplicate
 * keys: properties are bits in a word, and the keys of maps and unknown keys are sorted when their object
 * ends.
 *
 * Positions are not tracked: every event comes with its offset, and lines are counted when a message needs
 * them.
 */
#include "decode_error.h"
#include "base/utf8.h"
#include "base/nearest.h"
#include "json.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- where the next value goes ------------------------------------------------------------------------- */

/* The property that the next value is for; *ret_element: it is an entry of the property's array or map.
 * NULL: the value is skipped. */
static const struct oci_property *decode_slot(struct decoder *d, bool *ret_element)
{
        *ret_element = top(d)->what != IN_OBJECT;
        return top(d)->property;
}

/* A value is complete, well or not. */
static void slot_done(struct decoder *d)
{
        if (d->depth == 0)
                return;
        if (top(d)->what == IN_ARRAY)
                top(d)->index++;
        else if (top(d)->what == IN_OBJECT)
                top(d)->property = NULL;
}

/* Stores a pointer: into the field, or as the next entry. */
static int slot_pointer(struct decoder *d, const struct oci_property *p, void *value)
{
        struct frame *f = top(d);

        if (f->what == IN_ARRAY)
                return scratch_push(d, &value, sizeof(value));
        if (f->what == IN_MAP)
                ((struct entry *)(void *)(d->scratch + d->scratch_len))[-1].value = value;
        else if (p)
                memcpy(f->object + p->offset, &value, sizeof(value));
        return 0;
}

/* A value of a wrong type. */
static int slot_mismatch(struct decoder *d, size_t offset, const struct oci_property *p, bool element,
                         const char *got)
{
        char wanted[900];
        int r;

        /* A wrong type says what type was wanted; the range is news for another time. */
        if (p->kind == OCI_INTEGER && (element || p->shape == OCI_ONE))
                snprintf(wanted, sizeof(wanted), "an integer");
        else
                value_expected(p, element, NULL, wanted, sizeof(wanted));
        r = decode_error_mismatch(d, offset, wanted, got);
        slot_done(d);
        return r;
}

/* near: the value that may have been meant, or NULL */
static int slot_wrong_value(struct decoder *d, size_t offset, const struct oci_property *p, const char *got,
                            const char *near)
{
        char wanted[900];
        int r = decode_error_mismatch(d, offset, value_expected(p, true, near, wanted, sizeof(wanted)), got);

        slot_done(d);
        return r;
}

static int slot_wrong_string(struct decoder *d, size_t offset, const struct oci_property *p, const char *s,
                             size_t len)
{
        bool first = d->result == 0;
        struct nearest nearest;
        char got[256];
        int r;

        nearest_init(&nearest, s, len);
        for (const char *const *v = p->rule->values; v && *v; v++)
                nearest_try(&nearest, *v);
        r = slot_wrong_value(d, offset, p, value_quoted("", "\"", s, len, got, sizeof(got)), nearest.name);
        if (nearest.name && first)
                (void)err_hint(d->err, 0, "did you mean \"%s\"?", nearest.name);
        return r;
}

/* ---- scalars ------------------------------------------------------------------------------------------- */

static int decode_null(void *data, size_t offset)
{
        struct decoder *d = data;
        const struct oci_property *p;
        bool element;

        if (d->skip)
                return 0;
        if (d->depth == 0)
                return decode_error_mismatch(d, offset, "an object", "null");
        p = decode_slot(d, &element);
        if (!p)
                return 0;
        if (!element && !p->required) {
                slot_done(d);
                return 0;
        }
        return slot_mismatch(d, offset, p, element, "null");
}

static int decode_boolean(void *data, size_t offset, bool value)
{
        struct decoder *d = data;
        const struct oci_property *p;
        bool element, has = true;

        if (d->skip)
                return 0;
        if (d->depth == 0)
                return decode_error_mismatch(d, offset, "an object", value ? "true" : "false");
        p = decode_slot(d, &element);
        if (!p)
                return 0;
        if (p->kind != OCI_BOOLEAN)
                return slot_mismatch(d, offset, p, element, value ? "true" : "false");
        memcpy(top(d)->object + p->offset, &value, sizeof(value));
        memcpy(top(d)->object + p->has_offset, &has, sizeof(has));
        slot_done(d);
        return 0;
}

static int decode_number(void *data, size_t offset, const char *s, size_t len)
{
        struct decoder *d = data;
        const struct oci_property *p;
        bool element, negative, has = true;
        uint64_t magnitude;
        char got[128], value[8];
        int r;

        if (d->skip)
                return 0;
        if (d->depth == 0)
                return decode_error_mismatch(d, offset, "an object",
                                             value_quoted("the number ", "", s, len, got, sizeof(got)));
        p = decode_slot(d, &element);
        if (!p)
                return 0;
        r = p->kind == OCI_INTEGER && (element || p->shape == OCI_ONE)
                    ? value_integer_parse_for(p, s, len, &negative, &magnitude)
                    : 1;
        if (r == 1)
                return slot_mismatch(d, offset, p, element,
                                     value_quoted("the number ", "", s, len, got, sizeof(got)));
        if (r == 2 || !value_integer_fits(p, negative, magnitude))
                return slot_wrong_value(d, offset, p, value_quoted("", "", s, len, got, sizeof(got)), NULL);
        value_integer_store(p, value, negative, magnitude);
        if (element) {
                if (scratch_push(d, value, p->width))
                        return 1;
        } else {
                memcpy(top(d)->object + p->offset, value, p->width);
                memcpy(top(d)->object + p->has_offset, &has, sizeof(has));
        }
        slot_done(d);
        return 0;
}

static int decode_string(void *data, size_t offset, const char *s, size_t len)
{
        struct decoder *d = data;
        const struct oci_property *p;
        bool element;
        char got[256];
        char *copy;

        if (d->skip)
                return 0;
        if (d->depth == 0)
                return decode_error_mismatch(d, offset, "an object", "a string");
        p = decode_slot(d, &element);
        if (!p)
                return 0;
        if (p->kind != OCI_STRING || (!element && p->shape != OCI_ONE)) {
                value_quoted("the string ", "\"", s, len, got, sizeof(got));
                return slot_mismatch(d, offset, p, element, got);
        }
        if (!(len == 0 && p->empty_is_absent)) {
                if (!value_allowed(p->rule, s, len))
                        return slot_wrong_string(d, offset, p, s, len);
                copy = oci_arena_strndup(d->arena, s, len);
                if (!copy)
                        return decode_error_nomem(d);
                if (slot_pointer(d, p, copy))
                        return 1;
        }
        slot_done(d);
        return 0;
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

const struct oci_property *oci_type_find(const struct oci_type *type, const char *name, size_t len)
{
        size_t low = 0, high = type->n_properties;

        while (low < high) {
                size_t middle = (low + high) / 2;
                const struct oci_property *p = &type->properties[type->sorted[middle]];
                int r = strncmp(name, p->name, len);

                if (r == 0 && p->name[len] == '\0')
                        return p;
                if (r > 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

static int key_of_map(struct decoder *d, size_t offset, const char *key, size_t len)
{
        struct frame *f = top(d);
        const struct oci_rule *rule = f->property->key_rule;
        struct oci_property as_value = { .kind = OCI_STRING, .rule = rule };
        char wanted[512], got[256];

        if (scratch_push_entry(d, offset, key, len))
                return 1;
        f->key = ((struct entry *)(void *)(d->scratch + d->scratch_len))[-1].key;
        if (value_allowed(rule, key, len))
                return 0;
        value_quoted("the key ", "\"", key, len, got, sizeof(got));
        return decode_error_mismatch(d, offset, value_expected(&as_value, true, NULL, wanted, sizeof(wanted)),
                                     got);
}

static int decode_key(void *data, size_t offset, const char *key, size_t len)
{
        struct decoder *d = data;
        struct frame *f;
        uint64_t bit;

        if (d->skip)
                return 0;
        f = top(d);
        if (f->what == IN_MAP)
                return key_of_map(d, offset, key, len);
        f->property = NULL;
        const struct oci_property *p = oci_type_find(f->type, key, len);
        if (!p) {
                decode_error_unknown(d, offset, key, len);
                return scratch_push_entry(d, offset, key, len);
        }
        bit = UINT64_C(1) << (p - f->type->properties);
        if (f->seen & bit) {
                char message[96];
                int r;

                f->property = p;
                snprintf(message, sizeof(message), "duplicate key \"%s\"", p->name);
                r = decode_error(d, offset, NULL, message);
                f->property = NULL;
                return r;
        }
        f->seen |= bit;
        f->property = p->kind == OCI_IGNORED ? NULL : p;
        return 0;
}

/* ---- objects, maps, arrays ----------------------------------------------------------------------------- */

static void frame_push(struct decoder *d, struct frame f)
{
        /* json_parse.c has checked that this is no deeper than OCI_MAX_DEPTH. */
        f.base = d->scratch_len;
        d->frames[d->depth++] = f;
}

static void frame_pop(struct decoder *d)
{
        d->scratch_len = top(d)->base;
        d->depth--;
        slot_done(d);
}

/* A caller that decodes on after errors gets structures whose required strings may be wrong or missing, and
 * code that reads those relies on them being set. So they are empty strings until they have their value. */
static void fill_required(const struct oci_type *type, char *object)
{
        static const char *const nothing = "";

        for (size_t i = 0; i < type->n_properties; i++) {
                const struct oci_property *p = &type->properties[i];

                if (p->required && p->kind == OCI_STRING && p->shape == OCI_ONE && !p->empty_is_absent)
                        memcpy(object + p->offset, &nothing, sizeof(nothing));
        }
}

static int decode_begin_object(void *data, size_t offset)
{
        struct decoder *d = data;
        const struct oci_type *type = d->type;
        const struct oci_property *p = NULL;
        bool element = true;
        char *object;
        int r;

        if (d->skip) {
                d->skip++;
                return 0;
        }
        if (d->depth > 0) {
                p = decode_slot(d, &element);
                if (p && p->shape == OCI_MAP && !element) {
                        frame_push(d, (struct frame){ .what = IN_MAP,
                                                      .property = p,
                                                      .object = top(d)->object,
                                                      .offset = offset });
                        return 0;
                }
                if (!p || p->kind != OCI_OBJECT || (p->shape != OCI_ONE && !element)) {
                        r = p ? slot_mismatch(d, offset, p, element, "an object") : 0;
                        d->skip++;
                        return r;
                }
                type = p->type;
        }
        object = oci_arena_alloc(d->arena, type->size);
        if (!object)
                return decode_error_nomem(d);
        if (d->options && d->options->report)
                fill_required(type, object);
        if (d->depth == 0)
                d->root = object;
        else if (slot_pointer(d, p, object))
                return 1;
        frame_push(d, (struct frame){ .what = IN_OBJECT, .type = type, .object = object, .offset = offset });
        return 0;
}

static int end_map(struct decoder *d)
{
        struct frame *f = top(d);
        struct entry *entries = (struct entry *)(void *)(d->scratch + f->base);
        size_t n = (d->scratch_len - f->base) / sizeof(*entries), kept = 0;
        struct any_map *map = oci_arena_alloc(d->arena, sizeof(*map));

        if (map)
                map->entries = oci_arena_alloc(d->arena, n * sizeof(*map->entries));
        if (!map || !map->entries)
                return decode_error_nomem(d);
        for (size_t i = 0; i < n; i++)
                if (entries[i].value)
                        map->entries[kept++] = (struct any_pair){ entries[i].key, entries[i].value };
        map->n = kept;
        memcpy(f->object + f->property->offset, &map, sizeof(map));
        return scratch_check_entries(d, entries, n);
}

static int decode_end_object(void *data, size_t offset)
{
        struct decoder *d = data;
        struct frame *f;
        uint64_t missing;
        int r = 0;

        (void)offset;
        if (d->skip) {
                d->skip--;
                return 0;
        }
        f = top(d);
        if (f->what == IN_MAP) {
                f->key = NULL;
                r = end_map(d);
                frame_pop(d);
                return r;
        }
        f->property = NULL;
        missing = f->type->required & ~f->seen;
        for (size_t i = 0; missing && i < f->type->n_properties; i++) {
                if ((missing & UINT64_C(1) << i) && decode_error(d, f->offset, f->type->properties[i].name,
                                                                 "this required property is missing"))
                        return 1;
        }
        if (d->scratch_len > f->base)
                r = scratch_check_entries(d, (struct entry *)(void *)(d->scratch + f->base),
                                          (d->scratch_len - f->base) / sizeof(struct entry));
        frame_pop(d);
        return r;
}

static int decode_begin_array(void *data, size_t offset)
{
        struct decoder *d = data;
        const struct oci_property *p;
        bool element;
        int r;

        if (d->skip) {
                d->skip++;
                return 0;
        }
        if (d->depth == 0) {
                r = decode_error_mismatch(d, offset, "an object", "an array");
                d->skip++;
                return r;
        }
        p = decode_slot(d, &element);
        if (p && p->shape == OCI_ARRAY && !element) {
                frame_push(d, (struct frame){ .what = IN_ARRAY,
                                              .property = p,
                                              .object = top(d)->object,
                                              .offset = offset });
                return 0;
        }
        r = p ? slot_mismatch(d, offset, p, element, "an array") : 0;
        d->skip++;
        return r;
}

static int decode_end_array(void *data, size_t offset)
{
        struct decoder *d = data;
        struct frame *f;
        const struct oci_property *p;
        size_t len, width, n;
        char *array;

        (void)offset;
        if (d->skip) {
                d->skip--;
                return 0;
        }
        f = top(d);
        p = f->property;
        len = d->scratch_len - f->base;
        width = p->kind == OCI_INTEGER ? p->width : sizeof(void *);
        n = len / width;
        /* One entry more, so that arrays of pointers end in NULL. */
        array = oci_arena_alloc(d->arena, len + width);
        if (!array)
                return decode_error_nomem(d);
        memcpy(array, d->scratch + f->base, len);
        memcpy(f->object + p->offset, &array, sizeof(array));
        memcpy(f->object + p->count_offset, &n, sizeof(n));
        if (f->index < p->min_items) {
                size_t begin = f->offset;

                /* The error is the array's, not an entry's. */
                d->scratch_len = f->base;
                d->depth--;
                if (decode_error_mismatch(d, begin, "at least one entry", "none"))
                        return 1;
                slot_done(d);
                return 0;
        }
        frame_pop(d);
        return 0;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static const struct json_events decode_events = {
        .null = decode_null,
        .boolean = decode_boolean,
        .number = decode_number,
        .string = decode_string,
        .key = decode_key,
        .begin_object = decode_begin_object,
        .end_object = decode_end_object,
        .begin_array = decode_begin_array,
        .end_array = decode_end_array,
};

/* Returns as oci_decode(), but leaves what was built in the decoder also on failure. */
static int decode_run(struct decoder *d)
{
        struct json_problem problem;
        unsigned line, column;
        char message[160];
        int r;

        /* As structures and strings, a document takes about as much memory as its text. */
        d->arena = arena_new(d->len + d->len / 4);
        if (!d->arena) {
                decode_error_nomem(d);
                return d->result;
        }
        scratch_begin(d);
        r = json_parse(d->text, d->len, &decode_events, d, &problem);
        scratch_free(d);
        if (r == -ENOMEM)
                decode_error_nomem(d);
        if (r == -EINVAL) {
                /* The property where the parser stood is not the cause. */
                d->depth = 0;
                snprintf(message, sizeof(message), "invalid JSON: %s", problem.text);
                decode_error(d, problem.offset, NULL, message);
                utf8_position(d->text, d->len, problem.offset, &line, &column);
                if (!d->err->excerpt[0])
                        d->err->caret = oci_excerpt(d->text, d->len, line, column, d->err->excerpt,
                                                    sizeof(d->err->excerpt));
        }
        return d->result;
}

int oci_decode_with(const struct oci_type *type, const char *name, const char *text, size_t len,
                    const struct oci_decode_options *options, void **ret_root, struct oci_arena **ret_arena,
                    struct cfs_error *err)
{
        struct decoder d = {
                .name = name, .text = text, .len = len, .type = type, .options = options, .err = err
        };
        int r = decode_run(&d);
        bool keep = r == 0 || (r == -EINVAL && d.root && options && options->report);

        if (!keep) {
                oci_arena_free(d.arena);
                d.arena = NULL;
                d.root = NULL;
        }
        if (keep || (options && options->report)) {
                *ret_root = d.root;
                *ret_arena = d.arena;
        }
        return r;
}

int oci_decode(const struct oci_type *type, const char *name, const char *text, size_t len, void **ret_root,
               struct oci_arena **ret_arena, struct cfs_error *err)
{
        return oci_decode_with(type, name, text, len, NULL, ret_root, ret_arena, err);
}
