/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --format TEMPLATE: lines and tables by templates (box/template/template.h), over documents that have
 * docker's names (rows.h), and cfs-box's own.
 */
#ifndef BOX_CMD_FORMAT_H
#define BOX_CMD_FORMAT_H

#include "base/str.h"
#include "oci.h"

/* Is it a template, rather than `table`, `json` or none? */
bool format_is_template(const char *format);
/* Before anything is done: none, table, json, or a template that is well formed. */
int format_check(const char *format, struct cfs_error *err);

struct format {
        char *text; /* the template, "\t" and "\n" being what they mean */
        bool table, terminal;
        struct str lines; /* of the table, until its end */
};

int format_begin(struct format *f, const char *format, struct cfs_error *err);
/* Prints one line. `row`: the document under docker's names, NULL: there is none; freed here. */
int format_line(struct format *f, char *row, const struct oci_type *type, void *document,
                struct cfs_error *err);
/* Prints the table, if there is one, when r is not negative; frees everything. Returns r, or why it failed.
 * */
int format_end(struct format *f, int r, struct cfs_error *err);

#endif
