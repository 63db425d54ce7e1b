/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for yajl that is freed in one go: json_memory.h. */
#include "json_memory.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct json_block {
        struct json_block *next, **link; /* link: what points to us */
        max_align_t data[];
};

static void memory_link(struct json_memory *m, struct json_block *b)
{
        b->next = m->first;
        b->link = &m->first;
        if (b->next)
                b->next->link = &b->next;
        m->first = b;
}

static void memory_unlink(const struct json_block *b)
{
        *b->link = b->next;
        if (b->next)
                b->next->link = b->link;
}

static struct json_block *block_of(void *p)
{
        return p ? (struct json_block *)((char *)p - offsetof(struct json_block, data)) : NULL;
}

static void *memory_realloc(void *ctx, void *p, size_t size)
{
        struct json_memory *m = ctx;
        struct json_block *b = block_of(p), *new;

        if (b)
                memory_unlink(b);
        new = size > SIZE_MAX - sizeof(*b) ? NULL : realloc(b, sizeof(*b) + size);
        if (!new) {
                if (b)
                        memory_link(m, b);
                __builtin_longjmp(m->failed, 1);
        }
        memory_link(m, new);
        return new->data;
}

static void *memory_malloc(void *ctx, size_t size)
{
        return memory_realloc(ctx, NULL, size);
}

static void memory_free(void *ctx, void *p)
{
        (void)ctx;
        if (!p)
                return;
        memory_unlink(block_of(p));
        free(block_of(p));
}

yajl_alloc_funcs json_memory_funcs(struct json_memory *m)
{
        return (yajl_alloc_funcs){ memory_malloc, memory_realloc, memory_free, m };
}

void json_memory_free(struct json_memory *m)
{
        while (m->first)
                memory_free(m, m->first->data);
}
