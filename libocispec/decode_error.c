/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the decoder has to say: errors with position and path, and unknown properties.
 *
 * The frames of the decoder are the path of the value at hand, which is spelt as all of cfs spells
 * properties: process.args[0].
 */
#include "decode_error.h"
#include "base/utf8.h"
#include "json.h"
#include "base/log.h"
#include "base/nearest.h"
#include <stdio.h>
#include <string.h>

int decode_error_nomem(struct decoder *d)
{
        err_clear(d->err);
        d->result = err_nomem(d->err);
        return 1;
}

/* The text may have a longer path than err->property, which shares its struct with the text. */
#define PATH_SIZE 512

static void decode_path(const struct decoder *d, struct docpath *path)
{
        for (unsigned i = 0; i < d->depth; i++) {
                const struct frame *f = &d->frames[i];
                const char *key = f->what == IN_MAP ? f->key : f->property ? f->property->name : NULL;

                if (f->what == IN_ARRAY)
                        docpath_index(path, f->index);
                else if (key)
                        docpath_key(path, key, strlen(key));
        }
}

int decode_error(struct decoder *d, size_t offset, const char *key, const char *message)
{
        char property[PATH_SIZE];
        struct docpath path;
        unsigned line, column;

        docpath_init(&path, property, sizeof(property));
        decode_path(d, &path);
        if (key)
                docpath_key(&path, key, strlen(key));
        utf8_position(d->text, d->len, offset, &line, &column);
        if (d->result == 0) {
                d->result = err_set(d->err, CFS_E_INVALID, "%s:%u:%u: %s%s%s", d->name, line, column,
                                    property, *property ? ": " : "", message);
                docpath_init(&path, d->err->property, sizeof(d->err->property));
                decode_path(d, &path);
                if (key)
                        docpath_key(&path, key, strlen(key));
        }
        if (!d->options || !d->options->report)
                return 1;
        d->options->report(d->options->data, line, column, property, message);
        return ++d->reports >= OCI_MAX_REPORTS;
}

int decode_error_mismatch(struct decoder *d, size_t offset, const char *wanted, const char *got)
{
        char message[1024];

        snprintf(message, sizeof(message), "expected %s, got %s", wanted, got);
        return decode_error(d, offset, NULL, message);
}

void decode_error_unknown(struct decoder *d, size_t offset, const char *key, size_t len)
{
        bool callback = d->options && d->options->unknown;
        char property[PATH_SIZE];
        struct docpath path;
        struct nearest nearest;
        unsigned line, column;

        if (!callback && !log_enabled(LOG_LEVEL_DEBUG))
                return;
        docpath_init(&path, property, sizeof(property));
        decode_path(d, &path);
        docpath_key(&path, key, len);
        utf8_position(d->text, d->len, offset, &line, &column);
        nearest_init(&nearest, key, len);
        for (size_t i = 0; i < top(d)->type->n_properties; i++)
                nearest_try(&nearest, top(d)->type->properties[i].name);
        if (callback)
                d->options->unknown(d->options->data, line, column, property, nearest.name);
        else
                log_debug("%s:%u:%u: %s: unknown property, ignored%s%s%s", d->name, line, column, property,
                          nearest.name ? "; did you mean `" : "", nearest.name ? nearest.name : "",
                          nearest.name ? "`?" : "");
}
