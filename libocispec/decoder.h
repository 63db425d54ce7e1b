/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoder's working state, see decode.c.
 */
#ifndef DECODER_H
#define DECODER_H

#include "oci_internal.h"

enum what { IN_OBJECT, IN_ARRAY, IN_MAP };

struct frame {
        enum what what;
        const struct oci_type *type; /* IN_OBJECT */
        /* IN_OBJECT: the property whose value comes next, NULL: skip it; else: being filled */
        const struct oci_property *property;
        char *object;    /* the structure; for arrays and maps the one that has the property */
        uint64_t seen;   /* IN_OBJECT: bit i: the key of properties[i] was there */
        const char *key; /* IN_MAP: whose value comes next */
        size_t index;    /* IN_ARRAY: of the entry that comes next */
        size_t base;     /* where this frame's part of the scratch stack begins */
        size_t offset;   /* of the opening bracket */
};

/* On the scratch stack: an entry of a map, or an unknown key of an object. */
struct entry {
        char *key;
        void *value;
        size_t offset;
};

struct decoder {
        const char *name;
        const char *text;
        size_t len;
        const struct oci_type *type;
        const struct oci_decode_options *options;
        struct cfs_error *err;
        struct oci_arena *arena;
        void *root;
        int result; /* negative once err is filled */
        unsigned reports;
        unsigned skip; /* brackets open inside a value that is skipped */
        unsigned depth;
        struct frame frames[OCI_MAX_DEPTH];
        char *scratch;
        size_t scratch_len;
        size_t scratch_size;
        _Alignas(struct entry) char scratch_first[2048]; /* enough for most documents */
};

static inline struct frame *top(struct decoder *d)
{
        return &d->frames[d->depth - 1];
}

#endif
