/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pieces of a JSON text, cut at the offsets that the reader's events have (json.h).
 */
#include "box/net/slice.h"
#include "json.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct state {
        const char *key;
        unsigned depth;
        bool wanted, inside; /* the next value is the member's; we are in its array */
        struct slice *list;
        size_t n;
        bool failed;
};

static int ignore(void *data, size_t offset)
{
        ((struct state *)data)->wanted = false;
        return 0;
}

static int boolean(void *data, size_t offset, bool value)
{
        return ignore(data, offset);
}

static int text(void *data, size_t offset, const char *s, size_t len)
{
        return ignore(data, offset);
}

static int key(void *data, size_t offset, const char *s, size_t len)
{
        struct state *st = data;

        st->wanted = st->depth == 1 && strlen(st->key) == len && memcmp(st->key, s, len) == 0;
        return 0;
}

static int begin_object(void *data, size_t offset)
{
        struct state *st = data;

        if (st->inside && st->depth == 2) {
                struct slice *grown = realloc(st->list, (st->n + 1) * sizeof(*grown));

                if (!grown) {
                        st->failed = true;
                        return 1;
                }
                st->list = grown;
                st->list[st->n].offset = offset;
        }
        st->depth++;
        return ignore(data, offset);
}

static int end_object(void *data, size_t offset)
{
        struct state *st = data;

        st->depth--;
        if (st->inside && st->depth == 2) {
                st->list[st->n].len = offset + 1 - st->list[st->n].offset;
                st->n++;
        }
        return 0;
}

static int begin_array(void *data, size_t offset)
{
        struct state *st = data;

        if (st->wanted)
                st->inside = true;
        st->depth++;
        return ignore(data, offset);
}

static int end_array(void *data, size_t offset)
{
        struct state *st = data;

        st->depth--;
        if (st->depth == 1)
                st->inside = false;
        return 0;
}

int slice_objects(const char *s, const char *member, struct slice **ret, size_t *ret_n, struct cfs_error *err)
{
        static const struct json_events events = { .null = ignore,
                                                   .boolean = boolean,
                                                   .number = text,
                                                   .string = text,
                                                   .key = key,
                                                   .begin_object = begin_object,
                                                   .end_object = end_object,
                                                   .begin_array = begin_array,
                                                   .end_array = end_array };
        struct state st = { .key = member };
        struct json_problem problem;
        int r = json_parse(s, strlen(s), &events, &st, &problem);

        if (r == 0) {
                *ret = st.list;
                *ret_n = st.n;
                return 0;
        }
        free(st.list);
        return r == -EINVAL ? err_set(err, CFS_E_INVALID, "not JSON: %s", problem.text) : err_nomem(err);
}
