/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the decoder has to say: errors with position and path, and unknown properties.
 *
 * The frames of the decoder are the path of the value at hand. It is spelt twice: as a JSON pointer for the message,
 * and dotted, as the rest of cfs names properties, for err->property.
 */
#include "decode_error.h"
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

static void decode_paths(const struct decoder *d, struct docpath *pointer, struct docpath *dotted)
{
        for (unsigned i = 0; i < d->depth; i++) {
                const struct frame *f = &d->frames[i];
                const char *key = f->what == IN_MAP ? f->key : f->property ? f->property->name : NULL;

                if (f->what == IN_ARRAY) {
                        docpath_pointer_index(pointer, f->index);
                        docpath_dotted_index(dotted, f->index);
                } else if (key) {
                        docpath_pointer_key(pointer, key, strlen(key));
                        docpath_dotted_key(dotted, key, strlen(key));
                }
        }
}

int decode_error(struct decoder *d, size_t offset, const char *key, const char *message)
{
        char pointer_text[512], dotted_text[sizeof(d->err->property)];
        struct docpath pointer, dotted;
        unsigned line, column;

        docpath_init(&pointer, pointer_text, sizeof(pointer_text));
        docpath_init(&dotted, dotted_text, sizeof(dotted_text));
        decode_paths(d, &pointer, &dotted);
        if (key)
                docpath_dotted_key(&dotted, key, strlen(key));
        json_position(d->text, d->len, offset, &line, &column);
        if (d->result == 0) {
                d->result = err_set(d->err, CFS_E_INVALID, "%s:%u:%u: %s%s%s", d->name, line, column,
                                    pointer_text, *pointer_text ? ": " : "", message);
                snprintf(d->err->property, sizeof(d->err->property), "%s", dotted_text);
        }
        if (!d->options || !d->options->report)
                return 1;
        d->options->report(d->options->data, line, column, pointer_text, dotted_text, message);
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
        char pointer_text[512], dotted_text[sizeof(d->err->property)];
        struct docpath pointer, dotted;
        struct nearest nearest;
        unsigned line, column;

        if (!callback && !log_enabled(LOG_LEVEL_DEBUG))
                return;
        docpath_init(&pointer, pointer_text, sizeof(pointer_text));
        docpath_init(&dotted, dotted_text, sizeof(dotted_text));
        decode_paths(d, &pointer, &dotted);
        docpath_pointer_key(&pointer, key, len);
        docpath_dotted_key(&dotted, key, len);
        json_position(d->text, d->len, offset, &line, &column);
        nearest_init(&nearest, key, len);
        for (size_t i = 0; i < top(d)->type->n_properties; i++)
                nearest_try(&nearest, top(d)->type->properties[i].name);
        if (callback)
                d->options->unknown(d->options->data, line, column, pointer_text, dotted_text, nearest.name);
        else
                log_debug("%s:%u:%u: %s: unknown property, ignored%s%s%s", d->name, line, column,
                          pointer_text, nearest.name ? "; did you mean `" : "",
                          nearest.name ? nearest.name : "", nearest.name ? "`?" : "");
}
