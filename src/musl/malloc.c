/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for a program that lives for milliseconds.
 *
 * musl's own allocator gives pages back to the kernel as soon as nothing is left in them, which for the
 * short-lived buffers of directory streams and files is an mmap(2) and a munmap(2) each time: 170 of the
 * system calls of a `cfs run`. This one keeps what it has got. Sizes are rounded up to powers of two; a block
 * that is freed waits in the list of its size for the next one that asks for it. The first 64 KiB are part of
 * the executable's own zeroed memory, and often enough; then come chunks from the kernel. Large blocks are
 * mappings of their own, given back when they are freed, so that a process that waits for a container for
 * days does not hold on to a large config.json. Who asks for that much fills it: the kernel is told to make
 * the pages at once, which is a third of what a fault for each of them takes. They grow by mremap(2), without
 * being copied.
 *
 * In front of each block are its size and a word that says whether it is in use. A block that is freed twice,
 * or whose front was overwritten, ends the process: better than going on with a heap that an attacker may
 * have arranged.
 */
#include <errno.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE /* linux/mman.h; musl 1.2.3 has not got it */
#define MADV_POPULATE_WRITE 23
#endif

#define SMALLEST 5  /* 32 bytes, of which 16 are the front */
#define LARGEST  17 /* 128 KiB                             */
#define CHUNK    (256u << 10)
#define AT_ONCE  (4u << 20) /* larger ones may not be filled */
#define IN_USE   0x75736564u
#define FREE     0x66726565u

struct front {
        uint64_t size; /* of the block, the front included */
        uint32_t power;
        uint32_t state;
};

struct block {
        struct front front;
        struct block *next; /* while it is free */
};

static alignas(16) char first[64u << 10];
static char *at = first, *end = first + sizeof(first);
static struct block *lists[LARGEST + 1];
static atomic_flag locked = ATOMIC_FLAG_INIT;

static void lock(void)
{
        while (atomic_flag_test_and_set_explicit(&locked, memory_order_acquire))
                (void)sched_yield();
}

static void unlock(void)
{
        atomic_flag_clear_explicit(&locked, memory_order_release);
}

static _Noreturn void corrupted(void)
{
        static const char text[] = "*** heap corruption detected ***: terminated\n";

        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        abort();
}

static void *map(size_t size, int flags)
{
        void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

        return p == MAP_FAILED ? NULL : p;
}

static struct front *front_of(void *p)
{
        struct front *f = (struct front *)p - 1;

        if (f->state != IN_USE)
                corrupted();
        return f;
}

/* Of a large block, or 0 when there is no such number. */
static size_t large_size(size_t n)
{
        size_t size = (n + sizeof(struct front) + 4095) & ~(size_t)4095;

        return size > n ? size : 0;
}

/* A large block: power 0. */
static struct front *take_large(size_t n)
{
        size_t size = large_size(n);
        struct front *f = size ? map(size, size <= AT_ONCE ? MAP_POPULATE : 0) : NULL;

        if (f)
                *f = (struct front){ .size = size, .state = IN_USE };
        return f;
}

static struct front *grow_large(struct front *f, size_t n)
{
        size_t size = large_size(n), old = f->size;
        char *p = size ? mremap(f, old, size, MREMAP_MAYMOVE) : MAP_FAILED;

        if (p == MAP_FAILED) {
                errno = ENOMEM;
                return NULL;
        }
        if (size <= AT_ONCE)
                (void)madvise(p + old, size - old, MADV_POPULATE_WRITE); /* Linux 5.14; or later, by faults */
        f = (struct front *)(void *)p;
        f->size = size;
        return f;
}

/* What is left of a chunk when the next one is taken is lost: less than the block that did not fit. */
static struct front *take_new(unsigned power)
{
        size_t size = (size_t)1 << power;
        struct front *f;

        if ((size_t)(end - at) < size) {
                char *chunk = map(CHUNK, 0);

                if (!chunk)
                        return NULL;
                at = chunk;
                end = chunk + CHUNK;
        }
        f = (struct front *)(void *)at;
        at += size;
        *f = (struct front){ .size = size, .power = power, .state = IN_USE };
        return f;
}

static void *take(size_t n, bool zeroed)
{
        unsigned power = SMALLEST;
        struct front *f;

        if (n > ((size_t)1 << LARGEST) - sizeof(struct front)) {
                f = take_large(n);
        } else {
                while (((size_t)1 << power) < n + sizeof(struct front))
                        power++;
                lock();
                struct block *b = lists[power];

                if (b) {
                        if (b->front.state != FREE || b->front.power != power)
                                corrupted();
                        lists[power] = b->next;
                        b->front.state = IN_USE;
                        f = &b->front;
                } else {
                        f = take_new(power);
                }
                unlock();
                if (b && zeroed)
                        memset(f + 1, 0, n);
        }
        if (!f)
                errno = ENOMEM;
        return f ? f + 1 : NULL;
}

void *malloc(size_t n)
{
        return take(n, false);
}

void *calloc(size_t n, size_t size)
{
        size_t all;

        if (__builtin_mul_overflow(n, size, &all)) {
                errno = ENOMEM;
                return NULL;
        }
        return take(all, true);
}

void free(void *p)
{
        int saved = errno;

        if (!p)
                return;
        struct front *f = front_of(p);
        struct block *b = (struct block *)f;

        f->state = FREE;
        if (f->power == 0) {
                (void)munmap(f, f->size);
        } else {
                lock();
                b->next = lists[f->power];
                lists[f->power] = b;
                unlock();
        }
        errno = saved;
}

void *realloc(void *p, size_t n)
{
        struct front *f;
        void *q;

        if (!p)
                return malloc(n);
        f = front_of(p);
        if (f->size - sizeof(*f) >= n)
                return p;
        if (f->power == 0) {
                f = grow_large(f, n);
                return f ? f + 1 : NULL;
        }
        q = malloc(n);
        if (!q)
                return NULL;
        memcpy(q, p, f->size - sizeof(*f));
        free(p);
        return q;
}
