/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoder's scratch stack. The length of an array or a map is known only at its end, so entries wait
 * here (those of an inner array lie above those of the outer one) and are copied into the arena once, in
 * their final size.
 *
 * Unknown keys of objects wait here as well, as the keys of maps do: one that is there twice is an error.
 */
#include "scratch.h"
#include "base/utf8.h"
#include "decode_error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scratch_push(struct decoder *d, const void *bytes, size_t len)
{
        if (d->scratch_size - d->scratch_len < len) {
                bool first = d->scratch == d->scratch_first;
                char *bigger = realloc(first ? NULL : d->scratch, d->scratch_size * 2);

                if (!bigger)
                        return decode_error_nomem(d);
                if (first)
                        memcpy(bigger, d->scratch_first, d->scratch_len);
                d->scratch = bigger;
                d->scratch_size *= 2;
        }
        memcpy(d->scratch + d->scratch_len, bytes, len);
        d->scratch_len += len;
        return 0;
}

void scratch_begin(struct decoder *d)
{
        d->scratch = d->scratch_first;
        d->scratch_size = sizeof(d->scratch_first);
}

void scratch_free(struct decoder *d)
{
        if (d->scratch != d->scratch_first)
                free(d->scratch);
}

int scratch_push_entry(struct decoder *d, size_t offset, const char *key, size_t len)
{
        struct entry e = { .key = oci_arena_strndup(d->arena, key, len), .offset = offset };

        return e.key ? scratch_push(d, &e, sizeof(e)) : decode_error_nomem(d);
}

static int compare_entries(const void *a, const void *b)
{
        const struct entry *x = a, *y = b;
        int r = strcmp(x->key, y->key);

        return r ? r : x->offset < y->offset ? -1 : 1;
}

/* As most programs write them. Then none is there twice. */
static bool are_sorted(const struct entry *entries, size_t n)
{
        for (size_t i = 1; i < n; i++)
                if (strcmp(entries[i - 1].key, entries[i].key) >= 0)
                        return false;
        return true;
}

int scratch_check_entries(struct decoder *d, struct entry *entries, size_t n)
{
        struct frame *f = top(d);

        if (n < 2 || are_sorted(entries, n))
                return 0;
        qsort(entries, n, sizeof(*entries), compare_entries);
        for (size_t i = 1; i < n; i++) {
                char message[256], shown[200];
                unsigned line, column;
                int r;

                if (strcmp(entries[i - 1].key, entries[i].key) != 0)
                        continue;
                utf8_position(d->text, d->len, entries[i - 1].offset, &line, &column);
                f->key = entries[i].key;
                value_quoted("", "", f->key, strlen(f->key), shown, sizeof(shown));
                snprintf(message, sizeof(message), "duplicate key \"%s\", given before on line %u", shown,
                         line);
                r = decode_error(d, entries[i].offset, f->what == IN_OBJECT ? f->key : NULL, message);
                f->key = NULL;
                if (r)
                        return r;
        }
        return 0;
}
