/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Templates of Go's package text/template, as `--format` of docker and podman takes them: {{.Name}}, {{json
 * .}}, {{range}}, {{if}}, {{with}}, variables, pipelines, and the functions of functions.c. Not: define,
 * template, block, break, continue.
 */
#ifndef BOX_TEMPLATE_TEMPLATE_H
#define BOX_TEMPLATE_TEMPLATE_H

#include "base/str.h"
#include "box/template/value.h"

struct template
{
        const char *text;
        const struct value *root; /* what "." is: first looked for here,                                   */
        const struct value *own;  /* then here: the same under the names of cfs-box. NULL: there is none   */
        const char *(*heading)(const char *name); /* makes the line above a table: each name is this     */
        bool terminal;                            /* what would command a terminal becomes question marks */
};

/* Appends what the template makes of its document. */
int template_execute(const struct template *t, struct str *out, struct oci_arena *arena,
                     struct cfs_error *err);

/* Is it well formed? To be asked before anything is printed. */
int template_check(const char *text, struct cfs_error *err);

#endif
