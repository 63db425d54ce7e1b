/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at many things in several processes: whatever becomes of those, the caller is told what they have
 * found and nothing else, and looks at the rest. */
#include "test.h"
#include "base/clock.h"
#include "base/share.h"
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define N 1000

struct work {
        _Atomic unsigned *looked; /* shared by all processes */
        size_t odd;               /* the thing with which something happens */
        size_t size;              /* of each result, when not 0 */
};

static int setup(void **state)
{
        static struct work w;
        cpu_set_t set, two;
        unsigned n = 0;

        w = (struct work){ .odd = N };
        w.looked = mmap(NULL, sizeof(*w.looked), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        assert_true(w.looked != MAP_FAILED);
        *state = &w;
        /* Two processors: one process beside this one, so that it is known what that does. */
        CPU_ZERO(&two);
        assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
        for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
                if (CPU_ISSET(i, &set)) {
                        CPU_SET(i, &two);
                        n++;
                }
        return sched_setaffinity(0, sizeof(two), &two);
}

/* No test leaves a process. */
static int teardown(void **state)
{
        struct work *w = *state;

        (void)munmap((void *)w->looked, sizeof(*w->looked));
        assert_int_equal(waitpid(-1, NULL, __WALL), -1);
        assert_int_equal(errno, ECHILD);
        return 0;
}

static bool one_processor(void)
{
        cpu_set_t set;

        return sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 2;
}

/* The i-th result is i in words of its own length, or as long as is asked for. */
static ssize_t look(void *data, size_t i, void *ret, size_t size)
{
        struct work *w = data;
        int n = snprintf(
                ret, size, "%zu%.*s", i, (int)(i % 100),
                "....................................................................................");

        ++*w->looked;
        if (w->size > (size_t)n)
                memset((char *)ret + n + 1, 'x', w->size - (size_t)n - 1);
        return w->size > (size_t)n ? (ssize_t)w->size : n + 1;
}

static void wait_looked(const struct work *w, unsigned n)
{
        for (unsigned i = 0; i < 5000 && *w->looked < n; i++)
                clock_sleep_us(2000);
        assert_int_equal(*w->looked, n);
        clock_sleep_us(50000); /* the last look was counted before its result was there */
}

static bool found(struct share *s, const struct work *w, size_t i)
{
        size_t size = 0;
        char *p = share_take(s, i, &size), right[256];

        if (!p)
                return false;
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        (void)look(&(struct work){ .looked = w->looked }, i, right, sizeof(right));
        --*w->looked;
        assert_string_equal(p, right);
        assert_int_equal(size, w->size ? w->size : strlen(right) + 1);
        return true;
}

static void all_is_found(void **state)
{
        struct work *w = *state;
        struct share *s;
        int fds = test_count_fds();

        if (one_processor())
                TEST_SKIP("one processor");
        s = share_begin(N, look, w);
        assert_non_null(s);
        wait_looked(w, N);
        for (size_t i = 0; i < N; i++)
                assert_true(found(s, w, i));
        share_end(s);
        assert_int_equal(test_count_fds(), fds);
}

/* Both at work: each thing is looked at once, but for those that the two come to at the same time. */
static void the_work_is_shared(void **state)
{
        struct work *w = *state;
        struct share *s;
        unsigned own = 0;

        if (one_processor())
                TEST_SKIP("one processor");
        s = share_begin(N, look, w);
        assert_non_null(s);
        for (size_t i = 0; i < N; i++)
                if (!found(s, w, i)) {
                        own++;
                        clock_sleep_us(20);
                }
        share_end(s);
        assert_true(own + *w->looked >= N);
        assert_true(own + *w->looked <= N + 1);
}

static ssize_t look_and_die(void *data, size_t i, void *ret, size_t size)
{
        struct work *w = data;
        ssize_t n = look(data, i, ret, size);

        if (i == w->odd)
                (void)raise(SIGKILL);
        return n;
}

static void a_process_dies(void **state)
{
        struct work *w = *state;
        struct share *s;

        if (one_processor())
                TEST_SKIP("one processor");
        w->odd = 700;
        s = share_begin(N, look_and_die, w);
        assert_non_null(s);
        wait_looked(w, N - 700);
        for (size_t i = 0; i < N; i++)
                assert_int_equal(found(s, w, i), i > 700);
        share_end(s);
}

static ssize_t look_and_hang(void *data, size_t i, void *ret, size_t size)
{
        struct work *w = data;
        ssize_t n = look(data, i, ret, size);

        while (i == w->odd)
                (void)pause();
        return n;
}

static void a_process_hangs(void **state)
{
        struct work *w = *state;
        struct share *s;

        if (one_processor())
                TEST_SKIP("one processor");
        w->odd = 700;
        s = share_begin(N, look_and_hang, w);
        assert_non_null(s);
        wait_looked(w, N - 700);
        for (size_t i = 0; i < N; i++)
                assert_int_equal(found(s, w, i), i > 700);
        share_end(s);
        /* Also when no result was asked for. */
        s = share_begin(N, look_and_hang, w);
        share_end(s);
}

static ssize_t cannot_tell(void *data, size_t i, void *ret, size_t size)
{
        ssize_t n = look(data, i, ret, size);

        return i % 3 ? n : -1;
}

static void what_cannot_be_told(void **state)
{
        struct work *w = *state;
        struct share *s;

        if (one_processor())
                TEST_SKIP("one processor");
        s = share_begin(N, cannot_tell, w);
        assert_non_null(s);
        wait_looked(w, N);
        for (size_t i = 0; i < N; i++)
                assert_int_equal(found(s, w, i), i % 3 != 0);
        share_end(s);
}

/* Large results do not all find room: some have to be looked at by the caller, and none is wrong. */
static void results_without_room(void **state)
{
        struct work *w = *state;
        struct share *s;
        unsigned n = 0;

        if (one_processor())
                TEST_SKIP("one processor");
        w->size = 5000;
        s = share_begin(N, look, w);
        assert_non_null(s);
        wait_looked(w, N);
        for (size_t i = 0; i < N; i++)
                n += found(s, w, i);
        assert_in_range(n, N / 10, N / 4);
        share_end(s);
}

static void not_worth_it(void **state)
{
        struct work *w = *state;
        cpu_set_t one;
        size_t size;

        assert_null(share_begin(0, look, w));
        assert_null(share_begin(10, look, w));
        assert_null(share_begin(SIZE_MAX / 8, look, w));
        CPU_ZERO(&one);
        CPU_SET(sched_getcpu(), &one);
        assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
        assert_null(share_begin(N, look, w));
        assert_null(share_take(NULL, 0, &size));
        share_end(NULL);
        assert_int_equal(*w->looked, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(all_is_found, setup, teardown),
                cmocka_unit_test_setup_teardown(the_work_is_shared, setup, teardown),
                cmocka_unit_test_setup_teardown(a_process_dies, setup, teardown),
                cmocka_unit_test_setup_teardown(a_process_hangs, setup, teardown),
                cmocka_unit_test_setup_teardown(what_cannot_be_told, setup, teardown),
                cmocka_unit_test_setup_teardown(results_without_room, setup, teardown),
                cmocka_unit_test_setup_teardown(not_worth_it, setup, teardown), /* the last: one processor */
        };

        return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
