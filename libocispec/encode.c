/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The encoder: structures become JSON, by the same descriptors that the decoder reads.
 *
 * Properties come in the order of the schema, so that output is stable and reads as the specification lists
 * it. What is absent from the structure is absent from the text; an empty array, which is not the same, is
 * written.
 *
 * JSON is UTF-8, but a path on Linux is any bytes. Such a string is an error here rather than something to be
 * written differently from what it is: a record that does not read back is worse than none.
 */
#include "oci_internal.h"
#include "base/utf8.h"
#include "json.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct encoder {
        struct json_writer *out; /* NULL, which writes nothing, the second time */
        bool track;              /* keep the path: only when there is an error to tell */
        struct docpath path;
        struct cfs_error *err;
        int result;
};

static void put_string(struct encoder *e, const char *s)
{
        size_t len = strlen(s);

        if (json_write_plain(e->out, s, len))
                return;
        if (utf8_length(s, len) == len) {
                json_write_text(e->out, s, len);
        } else if (e->result == 0 && !e->track) {
                e->result = -EINVAL;
        } else if (e->result == 0) {
                e->result = err_set(e->err, CFS_E_INVALID,
                                    "%s: the string is not UTF-8, which JSON cannot represent", e->path.buf);
                snprintf(e->err->property, sizeof(e->err->property), "%s", e->path.buf);
        }
}

static void encode_object(struct encoder *e, const struct oci_type *type, const char *object);

static void encode_integer(struct encoder *e, const struct oci_property *p, const char *where)
{
        uint64_t magnitude;
        bool negative;

        value_integer_load(p, where, &negative, &magnitude);
        json_write_decimal(e->out, negative, magnitude, p->decimals);
}

/* One value of the property's kind: `where` is the field, or the place of an entry. */
static void encode_value(struct encoder *e, const struct oci_property *p, const char *where)
{
        const char *pointer;

        switch (p->kind) {
        case OCI_STRING:
                memcpy(&pointer, where, sizeof(pointer));
                put_string(e, pointer);
                break;
        case OCI_BOOLEAN:
                json_write_raw(e->out, *(const bool *)where ? "true" : "false");
                break;
        case OCI_INTEGER:
                encode_integer(e, p, where);
                break;
        case OCI_OBJECT:
                memcpy(&pointer, where, sizeof(pointer));
                encode_object(e, p->type, pointer);
                break;
        case OCI_IGNORED:
                break;
        }
}

static void encode_array(struct encoder *e, const struct oci_property *p, const char *object)
{
        size_t width = p->kind == OCI_INTEGER ? p->width : sizeof(void *), n, cut = e->path.len;
        const char *array;

        memcpy(&array, object + p->offset, sizeof(array));
        memcpy(&n, object + p->count_offset, sizeof(n));
        json_write_array(e->out);
        for (size_t i = 0; i < n; i++) {
                if (e->track)
                        docpath_index(&e->path, i);
                encode_value(e, p, array + i * width);
                docpath_cut(&e->path, cut);
        }
        json_write_array_end(e->out);
}

static void encode_map(struct encoder *e, const struct oci_property *p, const char *object)
{
        const struct any_map *map;
        size_t cut = e->path.len;

        memcpy(&map, object + p->offset, sizeof(map));
        json_write_object(e->out);
        for (size_t i = 0; i < map->n; i++) {
                if (e->track)
                        docpath_key(&e->path, map->entries[i].key, strlen(map->entries[i].key));
                put_string(e, map->entries[i].key);
                encode_value(e, p, (const char *)&map->entries[i].value);
                docpath_cut(&e->path, cut);
        }
        json_write_object_end(e->out);
}

static void encode_object(struct encoder *e, const struct oci_type *type, const char *object)
{
        size_t cut = e->path.len;

        json_write_object(e->out);
        for (size_t i = 0; i < type->n_properties; i++) {
                const struct oci_property *p = &type->properties[i];

                if (!value_present(p, object))
                        continue;
                json_write_text(e->out, p->name, strlen(p->name));
                if (e->track)
                        docpath_key(&e->path, p->name, strlen(p->name));
                if (p->shape == OCI_ARRAY)
                        encode_array(e, p, object);
                else if (p->shape == OCI_MAP)
                        encode_map(e, p, object);
                else
                        encode_value(e, p, object + p->offset);
                docpath_cut(&e->path, cut);
        }
        json_write_object_end(e->out);
}

int oci_encode_into(struct json_writer *out, const struct oci_type *type, const void *root,
                    struct cfs_error *err)
{
        struct encoder e = { .out = out, .err = err };
        char path[sizeof(err->property)];

        docpath_init(&e.path, path, sizeof(path));
        encode_object(&e, type, root);
        if (e.result == -EINVAL) {
                /* Once more, to learn where. */
                e.result = 0;
                e.out = NULL;
                e.track = true;
                encode_object(&e, type, root);
        }
        return e.result;
}

int oci_encode(const struct oci_type *type, const void *root, int indent, char **ret_text, size_t *ret_len,
               struct cfs_error *err)
{
        struct json_writer *w = json_write_new(indent);
        int r = oci_encode_into(w, type, root, err);

        if (r < 0) {
                json_write_free(w);
                return r;
        }
        return json_write_take(w, ret_text, ret_len, err);
}
