/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the commands that list something share: tables, JSON, times and IDs.
 */
#ifndef BOX_CMD_OUTPUT_H
#define BOX_CMD_OUTPUT_H

#include "base/err.h"
#include "oci.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output_options {
        const char *format; /* "table", "json" or NULL */
        bool quiet, no_trunc;
};

#define OUTPUT_FORMAT_OPTION(at)                                                                             \
        {                                                                                                    \
                "format", 0, OPTION_TEXT, (at), "FORMAT", NULL,                                              \
                        "table, json, or a template of Go such as {{.Name}}"                                 \
        }

/* A table that is printed at its end: cells row by row, the first row being the heading. */
struct output_table {
        unsigned columns;
        char **cells;
        size_t n, cap;
        bool failed;
};
void output_cell(struct output_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void output_heads(struct output_table *t, const char *const *heads); /* one for each column */
int output_table(struct output_table *t, struct cfs_error *err);     /* prints and frees */

/* A JSON array of documents of one type, on standard output. */
int output_json(const struct oci_type *type, void *const *documents, size_t n, struct cfs_error *err);
int output_json_one(const struct oci_type *type, void *document, int indent, struct cfs_error *err);

/* A command that lists documents of one type. */
struct output_list {
        const struct oci_type *type;
        const char *const *heads; /* one for each column */
        unsigned columns;
        /* Adds the cells of one document. */
        int (*row)(struct output_table *t, const void *document, const struct output_options *o,
                   struct cfs_error *err);
        /* --quiet: prints its line. NULL: the command has no such option. */
        void (*name)(const void *document, const struct output_options *o);
        /* The document under docker's names (rows.h), for templates. NULL: it has its own only. */
        int (*docker)(const void *document, const struct output_options *o, char **ret,
                      struct cfs_error *err);
};

/* Prints them as the options want it: as a JSON array, as names, or as a table. */
int output_list(const struct output_list *l, const struct output_options *o, void *const *documents, size_t n,
                struct cfs_error *err);

/* One document by a template, on a line. `row`: the same under docker's names; freed here. */
int output_template(const char *format, char *row, const struct oci_type *type, void *document,
                    struct cfs_error *err);
/* `image inspect`: as JSON, or by a template. */
int output_image(struct oci_box_image *image, const char *format, struct cfs_error *err);

#define OUTPUT_TIME_SIZE 48
/* "3 minutes ago" */
const char *output_ago(char buf[OUTPUT_TIME_SIZE], int64_t when);
/* "2026-11-25T21:38:13Z" */
const char *output_time(char buf[OUTPUT_TIME_SIZE], int64_t when);
/* "1790000000" or "2026-11-25T21:38:13Z"; `option` is for the message. */
int output_parse_time(const char *option, const char *text, int64_t *ret, struct cfs_error *err);
int output_bad_time(const char *option, const char *text, struct cfs_error *err);
/* "sha256:0123..." -> its first digits */
const char *output_short(const char *id);
/* Words with blanks between them, shortened to `max` characters (0: not). The caller frees. */
int output_words(char *const *words, size_t n, size_t max, char **ret, struct cfs_error *err);

#endif
