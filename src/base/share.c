/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking at many things, shared among the processors.
 *
 * `list` looks at the record and at the init of each container. That is 10 to 17 µs for each, nearly all of
 * it the kernel's, so that nothing of cfs's own can be made faster. But two processors can look at once, and
 * to make a process and to end it takes 150 µs.
 *
 * Parts that are fixed beforehand would make the list as slow as the slowest process, on a machine where
 * others work as well. So the caller goes from the first thing up, the processes go from the last one down,
 * and the one that comes to a thing first marks it as taken, in memory that all share:
 *
 *      caller -> 0 1 2 3 4 ...          ... n-3 n-2 n-1 <- processes
 *
 * When the caller comes to what another process has taken, it uses what that has found, if it is there. It
 * does not wait for it: a thing that was taken and is not done yet, since its process was not given a
 * processor, has been killed or could not tell, is looked at by the caller. So that the list is complete does
 * not depend on any other process, and no more is lost than the time of one look.
 *
 * The processes are forks that send no signal when they end and are not seen by a wait(2) for any child: cfs
 * is also a library. In one with threads another thread may have held the lock of malloc(3) at the fork;
 * such a process never comes to its first result, and is killed at the end.
 */
#include "base/share.h"
#include "base/proc.h"
#include "base/sys.h"
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROCESSES   4  /* at most, with the caller                                          */
#define WORTH_IT    32 /* things for each: less time than to make a process and to end it   */
#define RESULT_MAX  (8U << 10)
#define RESULT_MEAN (1U << 10) /* what is not used takes no memory */
#define PATIENCE_MS 1000       /* for a process that was killed to end */

enum { FREE, TAKEN, DONE };

struct thing {
        _Atomic uint32_t state;
        uint32_t size;
        size_t offset; /* in `results` */
};

struct process {
        pid_t pid;
        int fd; /* pidfd */
};

/* All of it is shared, but only `last`, `used`, the things and the results change after the forks. */
struct share {
        size_t mapped, room;
        atomic_llong last;   /* the thing that the next process will take */
        _Atomic size_t used; /* of the results */
        struct process processes[PROCESSES - 1];
        size_t n_processes;
        char *results;
        struct thing things[];
};

/* Those that the scheduler may give us, sched_setaffinity(2). */
static size_t own_processors(void)
{
        cpu_set_t set;

        return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (size_t)CPU_COUNT(&set);
}

static size_t aligned(size_t size)
{
        return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static bool put(struct share *s, struct thing *t, const void *result, size_t size)
{
        size_t room = aligned(size);
        size_t offset = atomic_fetch_add(&s->used, room);

        if (offset > s->room || room > s->room - offset)
                return false;
        memcpy(s->results + offset, result, size);
        t->size = (uint32_t)size;
        t->offset = offset;
        return true;
}

static bool take(struct thing *t)
{
        uint32_t was = FREE;

        return atomic_compare_exchange_strong(&t->state, &was, TAKEN);
}

static void work(struct share *s, share_fn *fn, void *data)
{
        alignas(max_align_t) char result[RESULT_MAX];
        ssize_t size;

        for (;;) {
                long long i = atomic_fetch_sub(&s->last, 1);

                if (i < 0 || !take(&s->things[i]))
                        return;
                size = fn(data, (size_t)i, result, sizeof(result));
                if (size >= 0 && put(s, &s->things[i], result, (size_t)size))
                        atomic_store_explicit(&s->things[i].state, DONE, memory_order_release);
        }
}

static bool add_process(struct share *s, share_fn *fn, void *data)
{
        struct process *p = &s->processes[s->n_processes];
        struct clone_args a = { .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND, .pidfd = (uintptr_t)&p->fd };
        pid_t parent = getpid();

        p->pid = sys_clone3(&a);
        if (p->pid < 0)
                return false;
        if (p->pid == 0) {
                proc_end_with(parent);
                work(s, fn, data);
                _exit(0);
        }
        s->n_processes++;
        return true;
}

/* How many processes are worth it, with the caller. */
static size_t share_wanted(size_t n)
{
        size_t most = n / WORTH_IT < PROCESSES ? n / WORTH_IT : PROCESSES;
        size_t processors = most < 2 ? 1 : own_processors();

        return most < processors ? most : processors;
}

/* Without a process. */
static struct share *share_make(size_t n)
{
        size_t things, all;
        struct share *s;

        if (n > SIZE_MAX / 2 / (RESULT_MEAN + sizeof(struct thing)))
                return NULL;
        things = aligned(offsetof(struct share, things) + n * sizeof(struct thing));
        all = things + n * RESULT_MEAN;
        s = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (s == MAP_FAILED)
                return NULL;
        s->mapped = all;
        s->room = n * RESULT_MEAN;
        s->last = (long long)n - 1;
        s->results = (char *)s + things;
        return s;
}

struct share *share_begin(size_t n, share_fn *fn, void *data)
{
        size_t processes = share_wanted(n);
        struct share *s = processes < 2 ? NULL : share_make(n);

        if (!s)
                return NULL;
        while (s->n_processes < processes - 1 && add_process(s, fn, data))
                ;
        if (s->n_processes > 0)
                return s;
        share_end(s);
        return NULL;
}

void *share_take(struct share *s, size_t i, size_t *ret_size)
{
        struct thing *t;

        if (!s)
                return NULL;
        t = &s->things[i];
        if (take(t) || atomic_load_explicit(&t->state, memory_order_acquire) != DONE)
                return NULL;
        *ret_size = t->size;
        return s->results + t->offset;
}

void share_end(struct share *s)
{
        int status;

        if (!s)
                return;
        for (size_t i = 0; i < s->n_processes; i++)
                (void)proc_signal(s->processes[i].fd, SIGKILL);
        for (size_t i = 0; i < s->n_processes; i++) {
                (void)proc_reap_in_time(s->processes[i].pid, s->processes[i].fd, PATIENCE_MS, &status);
                (void)close(s->processes[i].fd);
        }
        (void)munmap(s, s->mapped);
}
