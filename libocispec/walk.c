/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Going through all properties: those that a type has, for tests that ask whether each
 * one is handled, and those that a document has.
 */
#include "oci_internal.h"
#include <string.h>

struct walk {
        int (*visit)(void *data, const char *path, const struct oci_property *p);
        int (*visit_present)(void *data, const char *path, const struct oci_property *p, const void *object);
        void *data;
        char text[512];
        struct docpath path;
};

/* "[]" and "{}" stand for any index and key. */
static void walk_suffix(struct walk *w, enum oci_shape shape)
{
        size_t room = w->path.size - w->path.len;

        if (shape == OCI_ONE || room < 3)
                return;
        memcpy(w->path.buf + w->path.len, shape == OCI_ARRAY ? "[]" : "{}", 3);
        w->path.len += 2;
}

static int walk_type(struct walk *w, const struct oci_type *type)
{
        size_t cut = w->path.len;
        int r = 0;

        for (size_t i = 0; i < type->n_properties && r == 0; i++) {
                const struct oci_property *p = &type->properties[i];

                docpath_key(&w->path, p->name, strlen(p->name));
                r = w->visit(w->data, w->text, p);
                if (r == 0 && p->kind == OCI_OBJECT) {
                        walk_suffix(w, p->shape);
                        r = walk_type(w, p->type);
                }
                docpath_cut(&w->path, cut);
        }
        return r;
}

int oci_walk(const struct oci_type *type,
             int (*visit)(void *data, const char *path, const struct oci_property *p), void *data)
{
        struct walk w = { .visit = visit, .data = data };

        docpath_init(&w.path, w.text, sizeof(w.text));
        return walk_type(&w, type);
}

static int walk_object(struct walk *w, const struct oci_type *type, const char *object);

/* The objects that a property consists of. */
static int walk_inside(struct walk *w, const struct oci_property *p, const char *object)
{
        size_t cut = w->path.len, n = 0;
        const char *pointer, *const *array;
        const struct any_map *map;
        int r = 0;

        memcpy(&pointer, object + p->offset, sizeof(pointer));
        if (p->shape == OCI_ONE)
                return walk_object(w, p->type, pointer);
        if (p->shape == OCI_ARRAY) {
                array = (const char *const *)(const void *)pointer;
                memcpy(&n, object + p->count_offset, sizeof(n));
                for (size_t i = 0; i < n && r == 0; i++) {
                        docpath_index(&w->path, i);
                        r = walk_object(w, p->type, array[i]);
                        docpath_cut(&w->path, cut);
                }
                return r;
        }
        map = (const struct any_map *)(const void *)pointer;
        for (size_t i = 0; i < map->n && r == 0; i++) {
                docpath_key(&w->path, map->entries[i].key, strlen(map->entries[i].key));
                r = walk_object(w, p->type, map->entries[i].value);
                docpath_cut(&w->path, cut);
        }
        return r;
}

static int walk_object(struct walk *w, const struct oci_type *type, const char *object)
{
        size_t cut = w->path.len;
        int r = 0;

        for (size_t i = 0; i < type->n_properties && r == 0; i++) {
                const struct oci_property *p = &type->properties[i];

                if (!value_present(p, object))
                        continue;
                docpath_key(&w->path, p->name, strlen(p->name));
                r = w->visit_present(w->data, w->text, p, object);
                if (r == 0 && p->kind == OCI_OBJECT)
                        r = walk_inside(w, p, object);
                docpath_cut(&w->path, cut);
        }
        return r;
}

int oci_walk_present(const struct oci_type *type, const void *root,
                     int (*visit)(void *data, const char *path, const struct oci_property *p,
                                  const void *object),
                     void *data)
{
        struct walk w = { .visit_present = visit, .data = data };

        docpath_init(&w.path, w.text, sizeof(w.text));
        return walk_object(&w, type, root);
}
