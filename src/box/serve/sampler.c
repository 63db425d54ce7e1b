/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples of what containers use. A sample takes two rounds, since the use of the processor is the difference
 * of two readings.
 */
#include "box/serve/sampler.h"
#include "base/clock.h"
#include "box/container/stats.h"
#include <stdlib.h>

#define EVERY 950  /* ms */
#define FIRST 200  /* ms between the first two looks */
#define STALE 3000 /* ms after which a difference says little about now */

struct sampler {
        struct stats_round rounds[2];
        unsigned turn;
        int64_t at;
        bool compared;
        struct oci_arena *arena;
        struct oci_box_stats **list;
        size_t n;
};

static int look(struct sampler *s, const struct box *box, struct cfs_error *err)
{
        int r;

        oci_arena_free(s->arena);
        s->n = 0;
        s->arena = oci_arena_new();
        if (!s->arena)
                return err_nomem(err);
        r = stats_all(box, NULL, s->arena, &s->rounds[s->turn], &s->rounds[!s->turn], &s->list, &s->n, err);
        s->turn = !s->turn;
        return r;
}

int sampler_look(struct sampler **sampler, const struct box *box, int64_t wanted, int64_t *ret_at,
                 struct oci_box_stats ***ret, size_t *ret_n, struct cfs_error *err)
{
        struct sampler *s = *sampler;
        int64_t t = clock_now_ms(), age;
        int r = 0;

        if (!s)
                s = *sampler = calloc(1, sizeof(*s));
        if (!s)
                return err_nomem(err);
        age = t - s->at;
        if (!s->at || age > STALE) {
                s->rounds[s->turn].n = 0;
                s->compared = false;
                r = look(s, box, err);
                s->at = t;
        } else if (age >= (s->compared && (s->at >= wanted || wanted > t) ? EVERY : FIRST)) {
                r = look(s, box, err);
                s->compared = true;
                s->at = t;
        }
        *ret_at = s->compared ? s->at : 0;
        *ret = s->list;
        *ret_n = s->n;
        return r;
}

void sampler_free(struct sampler *s)
{
        if (s)
                oci_arena_free(s->arena);
        free(s);
}
