/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OCI documents as C: config.json, state, features, and cfs's own record of a container.
 *
 * ocispec.h, generated from schema/, has a plain structure for each object of these documents; a constant
 * descriptor (struct oci_type) says how the structure and the JSON object correspond. One decoder and one
 * encoder work from the descriptors, so a property that is added to a schema is decoded, checked and encoded
 * without a line of C.
 *
 *         struct oci_config *config;
 *         struct oci_arena *arena;
 *         r = oci_decode(&oci_config_type, "config.json", text, len, (void **)&config, &arena, err);
 *         ...
 *         oci_arena_free(arena);
 *
 * Ownership: everything that a decoded document consists of lives in one arena and dies with it.
 *
 * What a document may look like: RFC 8259 JSON in UTF-8, at most OCI_MAX_SIZE bytes, nested at most
 * OCI_MAX_DEPTH deep, without a byte order mark. Wrong types, missing required properties, values out of
 * range, duplicate keys, NUL inside a string and lone surrogates are errors. Unknown properties are ignored,
 * as the specification demands. A null counts as a missing property, because engines written in Go print one
 * for an empty list. A number counts as an integer when its value is one: 5, 5.0 and 5e0 are the same.
 */
#ifndef OCI_H
#define OCI_H

#include "ocispec.h"
#include "base/err.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCI_MAX_SIZE  (16U << 20)
#define OCI_MAX_DEPTH 64

/* ---- descriptors --------------------------------------------------------------------------------------- */

enum oci_kind {
        OCI_STRING,  /* char *                                                                         */
        OCI_BOOLEAN, /* bool                                                                           */
        OCI_INTEGER, /* of `width` bytes                                                               */
        OCI_OBJECT,  /* a pointer to the structure of `type`                                           */
        OCI_IGNORED, /* accepted whatever its value; has no field                                      */
};

/* How many of them: ARRAY and MAP hold values of the property's kind. */
enum oci_shape { OCI_ONE, OCI_ARRAY, OCI_MAP };

/* What a string has to be like. */
struct oci_rule {
        const char *const *values; /* one of these, NULL-terminated; or NULL                           */
        const char *pattern;       /* a regular expression, see pattern.c; or NULL               */
        const char *expect;        /* pattern and min_length in words, for messages; or NULL           */
        unsigned min_length;
};

struct oci_property {
        const char *name; /* as in JSON: "maskedPaths"                                                 */
        enum oci_kind kind;
        enum oci_shape shape;
        uint16_t offset;       /* of the field                                                         */
        uint16_t has_offset;   /* one boolean or integer: of its has_ field                            */
        uint16_t count_offset; /* array: of its n_ field                                               */
        bool required;
        bool empty_is_absent; /* an empty string is stored as NULL                                     */
        bool is_signed;
        uint8_t width;
        uint8_t decimals; /* integers: how many digits of it JSON shows behind a point                   */
        unsigned min_items;
        int64_t minimum;                 /* integers                                                   */
        uint64_t maximum;                /* integers                                                   */
        const struct oci_rule *rule;     /* strings, also in arrays and maps; or NULL                  */
        const struct oci_rule *key_rule; /* the keys of a map; or NULL                                 */
        const struct oci_type *type;     /* objects, also in arrays and maps                           */
};

struct oci_type {
        const char *name; /* "linux" for struct oci_linux. For the tests                               */
        size_t size;
        size_t n_properties; /* at most 64                                                             */
        uint64_t required;   /* bit i: properties[i] is required                                       */
        const struct oci_property *properties;
        const uint8_t *sorted; /* indices of properties in the order of their names' bytes             */
};

/* Every type, NULL-terminated. For the tests. */
extern const struct oci_type *const oci_types[];

/* The property of that name, or NULL. */
const struct oci_property *oci_type_find(const struct oci_type *type, const char *name, size_t len);

/* Calls visit() for every property that documents of this type can have, parents first, with its path such
 * as "linux.resources.memory.limit", "mounts[].source" or "linux.netDevices{}.name". Stops when visit()
 * returns nonzero and returns that. For the tests. */
int oci_walk(const struct oci_type *type,
             int (*visit)(void *data, const char *path, const struct oci_property *p), void *data);

/* The same for the properties that are present in a document, with real indices and keys:
 * "mounts[3].source", "linux.sysctl[\"net.core.somaxconn\"]". Integers, strings and so on are read through
 * `object`, the structure that the property's field is in. Entries of arrays and maps are visited when
 * they are objects. */
int oci_walk_present(const struct oci_type *type, const void *root,
                     int (*visit)(void *data, const char *path, const struct oci_property *p,
                                  const void *object),
                     void *data);

/* The line of a document, for a message below which a caret points at a place of it: what fits into buf,
 * without control characters. Returns the column of that place in buf, from 0. */
unsigned oci_excerpt(const char *text, size_t len, unsigned line, unsigned column, char *buf, size_t size);

/* ---- memory -------------------------------------------------------------------------------------------- */

/* All memory of a document. */
struct oci_arena;

/* An empty arena, for documents that are made rather than read. NULL: out of memory. */
struct oci_arena *oci_arena_new(void);

/* Releases the arena and everything in it. NULL is fine. */
void oci_arena_free(struct oci_arena *arena);

/* Zeroed memory that lives as long as the arena, aligned for any of the structures. NULL: out of memory. */
void *oci_arena_alloc(struct oci_arena *arena, size_t size);

/* A copy that lives as long as the arena. NULL: out of memory, or s is NULL. */
char *oci_arena_strdup(struct oci_arena *arena, const char *s);

/* The same for len bytes, adding a NUL. */
char *oci_arena_strndup(struct oci_arena *arena, const char *s, size_t len);

/* sprintf(3) into the arena. NULL: out of memory. */
char *oci_arena_printf(struct oci_arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *oci_arena_vprintf(struct oci_arena *arena, const char *fmt, va_list ap)
        __attribute__((format(printf, 2, 0)));

static inline void oci_arena_free_p(struct oci_arena **arena)
{
        oci_arena_free(*arena);
}
#define _cleanup_oci_arena_ __attribute__((cleanup(oci_arena_free_p)))

/* ---- decoding ------------------------------------------------------------------------------------------ */

struct oci_decode_options {
        /* Called for each property that the type does not know: where its key is, its path, and the name
         * that it may be a misspelling of, or NULL. Without a callback, unknown properties are logged at
         * debug level. */
        void (*unknown)(void *data, unsigned line, unsigned column, const char *property,
                        const char *nearest);

        /* When set, decoding goes on after an error, and each one is reported here: its position, the
         * property (empty for the whole document) as err->property has it, and what is wrong with it.
         * Reports come in the order in which the errors are found, and end after OCI_MAX_REPORTS. err is
         * filled with the first.
         *
         * Other than usual, *ret_root and *ret_arena are set on -EINVAL too, to what could be built: wrong
         * values are absent from it, required ones may be missing; a required string, on which code relies,
         * is empty then. Both are NULL when memory ran out or the document is not even an object. */
        void (*report)(void *data, unsigned line, unsigned column, const char *property, const char *message);

        void *data;
};
#define OCI_MAX_REPORTS 100

/* Decodes a document. `name` is what messages call it, a file name. `text` need not end in NUL and is not
 * referred to afterwards. On success *ret_root is the structure of `type` and *ret_arena what holds it.
 *
 * Errors: CFS_E_INVALID when the document is not what the type demands: the text is `config.json:41:17:
 * linux.resources.memory.limit: expected an integer, got the string "1G"`, and err->property is
 * "linux.resources.memory.limit"; CFS_E_NOMEM. */
int oci_decode(const struct oci_type *type, const char *name, const char *text, size_t len, void **ret_root,
               struct oci_arena **ret_arena, struct cfs_error *err);

/* The same with options, which may be NULL. */
int oci_decode_with(const struct oci_type *type, const char *name, const char *text, size_t len,
                    const struct oci_decode_options *options, void **ret_root, struct oci_arena **ret_arena,
                    struct cfs_error *err);

/* Fills root, a structure of `type`, from the first properties of a text that oci_encode() wrote without
 * indenting it, up to and with `last`, which need not be there; what follows is not looked at. The strings
 * are in the text, which is changed; maps are in the arena, which may be NULL: then there must be none.
 * False, and root is of no use: oci_decode() has to say what the document is. */
bool oci_take_head(const struct oci_type *type, char *text, size_t len, const char *last,
                   struct oci_arena *arena, void *root);

/* ---- encoding ------------------------------------------------------------------------------------------ */

/* Writes the document as JSON: on one line without a newline when indent is 0, otherwise with that many
 * spaces a level and a newline at the end. Properties come in the order of the schema; absent
 * ones are left out. *ret_text is malloc'ed, ends in NUL (not counted in *ret_len) and belongs to the
 * caller; ret_len may be NULL. Strings in arrays and maps must not be NULL. Errors: CFS_E_INVALID for a
 * string that is not UTF-8, CFS_E_NOMEM. */
int oci_encode(const struct oci_type *type, const void *root, int indent, char **ret_text, size_t *ret_len,
               struct cfs_error *err);

/* The same as a value of a larger text (json.h). After an error the writer is of no use. */
struct json_writer;
int oci_encode_into(struct json_writer *out, const struct oci_type *type, const void *root,
                    struct cfs_error *err);

/* ---- questions (query.c) ------------------------------------------------------------------------------- */

/* Is the option among the mount's? */
bool oci_mount_has_option(const struct oci_mount *m, const char *option);

/* The value of a key, or NULL; the map may be NULL. */
const char *oci_find_string(const struct oci_string_map *m, const char *key);

/* The namespace of that type ("user", "network", ...), or NULL. */
const struct oci_namespace *oci_find_namespace(const struct oci_linux *l, const char *type);

/* Is an ID of the container among the n mappings? */
bool oci_is_mapped(struct oci_id_mapping *const *maps, size_t n, uint32_t id);

/* ---- positions ----------------------------------------------------------------------------------------- */

/* Finds the value that a path leads to, by reading the text again: for errors that are found long after
 * decoding. `path` is a JSON pointer ("/mounts/3/source") or what err->property holds ("mounts[3].source",
 * "annotations.a.b", "linux.sysctl[\"net.ipv4.ip_forward\"]"). Returns 0 when it is there, 1 when only
 * something above it is (then the position is that one's), -ENOENT when the text is not even a JSON
 * document. Lines and columns count from 1, columns in characters. */
int oci_locate(const char *text, size_t len, const char *path, unsigned *ret_line, unsigned *ret_column);

#endif
