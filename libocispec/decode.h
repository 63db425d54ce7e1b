/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoder's working state, see decode.c.
 */
#ifndef DECODE_H
#define DECODE_H

#include "oci-internal.h"

enum what { IN_OBJECT, IN_ARRAY, IN_MAP };

struct frame {
        enum what what;
        const struct oci_type *type; /* IN_OBJECT */
        const struct oci_property
                *property; /* IN_OBJECT: whose value comes next, NULL: nobody's; else: being filled */
        char *object;      /* the structure; for arrays and maps the one that has the property */
        uint64_t seen;     /* IN_OBJECT: bit i: the key of properties[i] was there */
        const char *key;   /* IN_MAP: whose value comes next */
        size_t index;      /* IN_ARRAY: of the entry that comes next */
        size_t base;       /* where this frame's part of the scratch stack begins */
        size_t offset;     /* of the opening bracket */
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
        unsigned skip; /* brackets open inside a value that nobody wants */
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

/* ---- decode-error.c: these return what an event returns, 0 to go on, 1 to stop ---------------------------------- */

int decode_error_nomem(struct decoder *d);

/* An error in the value that the frames lead to, or in its member `key` (NULL: in itself). */
int decode_error(struct decoder *d, size_t offset, const char *key, const char *message);

/* "expected WANTED, got GOT" */
int decode_error_mismatch(struct decoder *d, size_t offset, const char *wanted, const char *got);

/* Tells somebody about a property that the type of the top frame does not know. */
void decode_error_unknown(struct decoder *d, size_t offset, const char *key, size_t len);

#endif
