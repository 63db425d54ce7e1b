/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loading a filter (seccomp(2)).
 *
 * From the return of seccomp(2) on, the filter judges us: every further system call of the init must be
 * allowed. With SCMP_ACT_NOTIFY that is a trap. The listener, a descriptor that the call returns, has to
 * reach the agent, and until it is there no process answers the calls that notify. Agents that mediate the
 * network ask to be notified of sendmsg(2), connect(2) and close(2), the very calls that hand a descriptor
 * over: the init would wait for an answer that the agent can give only after the init's message.
 *
 *      init     start helper ---- seccomp(NEW_LISTENER) -- number into memory -- (looks at memory) -------> goes on
 *      helper        (looks at memory) ------------------ sendmsg(listener), close, exit: memory is cleared
 *
 * A filter is a thread's own. So the delivering is done by a second thread, made before the filter is loaded:
 * it shares memory and descriptors, and has no filter. The two threads talk through a word in memory, which
 * needs no system call of the init; the wait is so short that the init reads the word in a loop. A child
 * process in its place would become a zombie of the container's. Under a real-time policy a thread that looks
 * may keep the other one from ever running, so there the init delivers by itself, and the profile must allow
 * it to.
 *
 * SECCOMP_FILTER_FLAG_TSYNC would put the filter on the helper as well. The init has no other threads, so
 * leaving it out changes nothing for the container.
 */
#include "libcfs/seccomp/load.h"
#include "base/cleanup.h"
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#define STACK_SIZE (128 * 1024)

enum { NOT_YET = -1, NONE = -2 };

struct helper {
        atomic_int listener; /* W: init                                                */
        atomic_int running;  /* cleared by the kernel when the helper is gone          */
        int (*deliver)(void *data, int listener, struct cfs_error *err);
        void *data;
        int result;
        struct cfs_error err;
};

static int helper_main(void *arg)
{
        const struct timespec pause = { .tv_nsec = 20000 };
        struct helper *h = arg;
        int listener;

        /* Not clock_sleep_us(): nanosleep(2) may set errno, which this thread shares with the other one. */
        while ((listener = atomic_load(&h->listener)) == NOT_YET)
                (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        if (listener >= 0) {
                h->result = h->deliver(h->data, listener, &h->err);
                (void)close(listener);
        }
        return 0;
}

static int load(const struct sock_filter *code, unsigned n, unsigned flags)
{
        struct sock_fprog program = { .len = (unsigned short)n, .filter = (struct sock_filter *)code };

        return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static int load_failed(unsigned flags, int e, struct cfs_error *err)
{
        int r = err_property(err, err_sys(err, e, "seccomp", "load the filter"), "linux.seccomp");

        if (e == EINVAL && (flags & ~(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG |
                                      SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_NEW_LISTENER)))
                return err_hint(err, r, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs Linux 5.19");
        if (e == EINVAL)
                return err_hint(err, r, "the kernel must have CONFIG_SECCOMP_FILTER");
        if (e == EACCES)
                return err_hint(
                        err, r,
                        "without process.noNewPrivileges this needs CAP_SYS_ADMIN in the user namespace");
        if (e == EBUSY)
                return err_hint(err, r, "another filter of this process has a listener already");
        return r;
}

static int load_and_deliver(const struct sock_filter *code, unsigned n, unsigned flags, struct helper *h,
                            char *stack, struct cfs_error *err)
{
        int listener, e;

        if (clone(helper_main, stack + STACK_SIZE,
                  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                          CLONE_CHILD_CLEARTID,
                  h, NULL, NULL, &h->running) < 0)
                return err_sys(err, errno, "clone", "make a thread that hands over the listener");
        listener = load(code, n, flags & ~SECCOMP_FILTER_FLAG_TSYNC);
        e = errno;
        atomic_store(&h->listener, listener < 0 ? NONE : listener);
        while (atomic_load(&h->running))
                ;
        if (listener < 0)
                return load_failed(flags, e, err);
        if (h->result < 0)
                *err = h->err;
        return h->result;
}

static int load_and_deliver_alone(const struct sock_filter *code, unsigned n, unsigned flags,
                                  const struct helper *h, struct cfs_error *err)
{
        _cleanup_close_ int listener = load(code, n, flags & ~SECCOMP_FILTER_FLAG_TSYNC);

        return listener < 0 ? load_failed(flags, errno, err) : h->deliver(h->data, listener, err);
}

int load_for_child(const struct load_program *program)
{
        return load(program->code, program->n, program->flags & ~SECCOMP_FILTER_FLAG_TSYNC) < 0 ? -errno : 0;
}

int load_filter(const struct sock_filter *code, unsigned n, unsigned flags,
                int (*deliver)(void *data, int listener, struct cfs_error *err), void *data,
                struct cfs_error *err)
{
        struct helper h = { .listener = NOT_YET, .running = 1, .deliver = deliver, .data = data };
        int policy;
        char *stack;

        if (!(flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
                return load(code, n, flags) == 0 ? 0 : load_failed(flags, errno, err);
        policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
        if (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE)
                return load_and_deliver_alone(code, n, flags, &h, err);
        /* Stays mapped until the execve: munmap(2) would be the filter's to judge. */
        stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1,
                     0);
        if (stack == MAP_FAILED)
                return err_nomem(err);
        return load_and_deliver(code, n, flags, &h, stack, err);
}
