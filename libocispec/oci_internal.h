/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libocispec share with each other.
 */
#ifndef OCI_INTERNAL_H
#define OCI_INTERNAL_H

#include "oci.h"

/* Any array or map of the generated structures, seen generically: they have the same layout. */
struct any_pair {
        char *key;
        void *value;
};

struct any_map {
        size_t n;
        struct any_pair *entries;
};

/* An arena whose chunks suit a document whose parts take about that many bytes. */
struct oci_arena *arena_new(size_t expected);

/* A path that is built step by step, in a buffer of fixed size; what does not fit is cut off. */
struct docpath {
        char *buf;
        size_t size;
        size_t len;
        bool full;
};

void docpath_init(struct docpath *p, char *buf, size_t size);

/* As errors and logs show it: mounts[3], linux.sysctl["net.core.somaxconn"] */
void docpath_key(struct docpath *p, const char *key, size_t len);
void docpath_index(struct docpath *p, size_t index);

/* Back to a former length. */
void docpath_cut(struct docpath *p, size_t len);

/* A number as written in JSON, as an integer: 0 when it is one and fits into 64 bits, 1 when it is not a
 * whole number, 2 when it is larger than any integer. */
int value_integer_parse(const char *s, size_t len, bool *ret_negative, uint64_t *ret_magnitude);

/* The same for a property, which may keep digits behind the point. */
int value_integer_parse_for(const struct oci_property *p, const char *s, size_t len, bool *ret_negative,
                            uint64_t *ret_magnitude);

/* Is the integer within the property's range? */
bool value_integer_fits(const struct oci_property *p, bool negative, uint64_t magnitude);

/* Stores it at `where`, in the property's width. */
void value_integer_store(const struct oci_property *p, void *where, bool negative, uint64_t magnitude);

/* The integer at `where`. */
void value_integer_load(const struct oci_property *p, const void *where, bool *ret_negative,
                        uint64_t *ret_magnitude);

/* What the property wants, in words: "an integer from 0 to 7", "one of \"a\", \"b\"". With `element`, what
 * its entries have to be. Returns buf. */
char *value_expected(const struct oci_property *p, bool element, const char *near, char *buf, size_t size);

/* A piece of JSON in words, shortened and on one line: WHAT, then s between two quotes (or between
 * nothing, when quote is ""). Returns buf. */
char *value_quoted(const char *what, const char *quote, const char *s, size_t len, char *buf, size_t size);

/* Is the property in this structure? */
bool value_present(const struct oci_property *p, const char *object);

/* Is the string one that the rule allows? */
bool value_allowed(const struct oci_rule *rule, const char *s, size_t len);

/* Does s match a pattern of the schema? */
bool pattern_matches(const char *pattern, const char *s, size_t len);

#endif
