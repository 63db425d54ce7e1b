/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of one document.
 *
 * A configuration is hundreds of small objects and strings that are all freed together, so they are cut from
 * a few large chunks. Structures are cut from the front of a chunk, where alignment costs something once, and
 * strings from its back, where they need none.
 */
#include "oci_internal.h"
#include "base/cleanup.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN _Alignof(max_align_t)
#define ARENA_CHUNK ((size_t)8192)

struct chunk {
        struct chunk *next;
        char *front; /* the next structure begins here    */
        char *back;  /* the last string begins here       */
        _Alignas(max_align_t) char bytes[];
};

struct oci_arena {
        struct chunk *chunks; /* the first one is being cut from */
        size_t chunk_size;
};

struct oci_arena *arena_new(size_t expected)
{
        struct oci_arena *arena = calloc(1, sizeof(*arena));

        if (arena)
                arena->chunk_size = expected > ARENA_CHUNK ? expected : ARENA_CHUNK;
        return arena;
}

struct oci_arena *oci_arena_new(void)
{
        return arena_new(ARENA_CHUNK);
}

void oci_arena_free(struct oci_arena *arena)
{
        if (!arena)
                return;
        for (struct chunk *c = arena->chunks, *next; c; c = next) {
                next = c->next;
                free(c);
        }
        free(arena);
}

/* A chunk with room for `size` bytes. What is larger than a quarter of a chunk gets one of its own, behind
 * the current one, so that the rest of that is not lost. */
static struct chunk *arena_chunk(struct oci_arena *arena, size_t size)
{
        struct chunk *c = arena->chunks;
        bool own = size > arena->chunk_size / 4;
        size_t capacity = own ? size : arena->chunk_size;

        if (c && size <= (size_t)(c->back - c->front))
                return c;
        c = malloc(sizeof(*c) + capacity);
        if (!c)
                return NULL;
        c->front = c->bytes;
        c->back = c->bytes + capacity;
        if (own && arena->chunks) {
                c->next = arena->chunks->next;
                arena->chunks->next = c;
        } else {
                c->next = arena->chunks;
                arena->chunks = c;
        }
        return c;
}

void *oci_arena_alloc(struct oci_arena *arena, size_t size)
{
        struct chunk *c;
        void *p;

        if (size > SIZE_MAX / 4)
                return NULL;
        size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
        c = arena_chunk(arena, size);
        if (!c)
                return NULL;
        p = c->front;
        c->front += size;
        return memset(p, 0, size);
}

char *oci_arena_strndup(struct oci_arena *arena, const char *s, size_t len)
{
        struct chunk *c = len < SIZE_MAX / 4 ? arena_chunk(arena, len + 1) : NULL;

        if (!c)
                return NULL;
        c->back -= len + 1;
        memcpy(c->back, s, len);
        c->back[len] = '\0';
        return c->back;
}

char *oci_arena_strdup(struct oci_arena *arena, const char *s)
{
        return s ? oci_arena_strndup(arena, s, strlen(s)) : NULL;
}

char *oci_arena_vprintf(struct oci_arena *arena, const char *fmt, va_list ap)
{
        _cleanup_free_ char *text = NULL;
        int n = vasprintf(&text, fmt, ap);

        if (n < 0) {
                text = NULL; /* asprintf(3): its contents are undefined */
                return NULL;
        }
        return oci_arena_strndup(arena, text, (size_t)n);
}

char *oci_arena_printf(struct oci_arena *arena, const char *fmt, ...)
{
        va_list ap;
        char *s;

        va_start(ap, fmt);
        s = oci_arena_vprintf(arena, fmt, ap);
        va_end(ap);
        return s;
}
