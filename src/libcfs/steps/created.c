/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The border between `create` and `start` (runtime.md, "Lifecycle" 2 and 6).
 *
 * After MEET "created" everything is built and nothing of the user's has run. Under `create` the init waits
 * until it is on record, since a runtime that is killed before that would leave a process that no command can
 * find. Then it waits on start.sock in the state directory, a socket and not a FIFO: what goes wrong after
 * `start` (a startContainer hook, the execve) comes back over the same connection and is start's error, not a
 * line in a log that is not read. A `start` that dies half way leaves the init waiting for the next. Under
 * `run` the conversation simply goes on.
 *
 * Signals that would end a program end the waiting init, too. As the first process of a PID namespace it
 * would not even notice: the kernel drops what has no handler there (pid_namespaces(7)). So it blocks them
 * from the beginning and, while it waits, reads them from a signalfd(2). The exit code is the one that a
 * shell would tell of a program that the signal ended.
 *
 * The socket is made by the runtime before the init exists and inherited as a descriptor: the init has no
 * path to it.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/unix.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/walk/trace.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include "libcfs/process/sync.h"
#include "oci.h"
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>

#define NAP_MS   10
#define MAX_NAPS 3000 /* half a minute */

/* Does a seccomp agent answer system calls of the init? */
static bool has_agent(const struct ctx *c)
{
        const struct oci_record_seccomp *s = c->state ? c->state->record->seccomp : NULL;

        return s && s->listener_path;
}

bool created_foreign(const struct ctx *c)
{
        return c->hooks->n_create_container || has_agent(c);
}

bool created_started_foreign(const struct ctx *c)
{
        return c->hooks->n_start_container || has_agent(c);
}

int created_prepare(struct ctx *c, struct cfs_error *err)
{
        const struct sockaddr_un a = unix_address_at(c->state->dir_fd, "start.sock");

        if (!c->wait_for_start)
                return 0;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return err_sys(err, errno, "socket", "make the start socket");
        if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0)
                return err_sys(err, errno, "bind", "make `%s/start.sock`", c->state->dir);
        c->listen_fd = TAKE_FD(fd);
        return 0;
}

/* Those whose default action is to end the process, and that others send: signal(7). */
static void ending_signals(sigset_t *ret)
{
        static const int others[] = { SIGKILL,  SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGCHLD, SIGURG,
                                      SIGWINCH, SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGTRAP, SIGSYS };

        (void)sigfillset(ret);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                (void)sigdelset(ret, others[i]);
}

int created_block_init(struct ctx *c, struct cfs_error *err)
{
        sigset_t set;

        if (c->listen_fd < 0)
                return 0;
        ending_signals(&set);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return err_sys(err, errno, "sigprocmask", "block signals until the container starts");
        c->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return c->signal_fd < 0 ? err_sys(err, errno, "signalfd", "prepare for signals") : 0;
}

static void end_by_signal(const struct ctx *c)
{
        struct signalfd_siginfo s;
        sigset_t none;

        if (read(c->signal_fd, &s, sizeof(s)) != sizeof(s))
                return;
        (void)sigemptyset(&none);
        if (getpid() != 1 &&
            raise((int)s.ssi_signo) == 0) /* pending until it is unblocked, and then our end */
                (void)sigprocmask(SIG_SETMASK, &none, NULL);
        _exit(128 + (int)s.ssi_signo);
}

static void nap(void)
{
        clock_sleep_us(NAP_MS * 1000);
}

/* Waits until `start` connects. */
static void wait_for_start(const struct ctx *c)
{
        struct pollfd p[] = { { .fd = c->listen_fd, .events = POLLIN },
                              { .fd = c->signal_fd, .events = POLLIN } };

        for (;;) {
                if (poll(p, ARRAY_SIZE(p), -1) < 0) {
                        if (errno != EINTR)
                                nap();
                        continue;
                }
                if (p[1].revents)
                        end_by_signal(c);
                if (p[0].revents)
                        return;
        }
}

int created_detach_init(struct ctx *c, struct cfs_error *err)
{
        /* What comes after the next MEET is not part of create, whose trace ends there. */
        if (c->wait_for_start)
                trace_leave();
        if (prctl(PR_SET_PDEATHSIG, 0) < 0)
                return err_sys(err, errno, "prctl", "stop dying with the runtime");
        return 0;
}

/* While the init is at work; so that it need not wait for us when it has done its own. */
int created_write_host(struct ctx *c, struct cfs_error *err)
{
        return record_set_init(c->state, c->pid, err);
}

int created_host(struct ctx *c, struct cfs_error *err)
{
        int r = record_publish_init(c->state, err);

        return r >= 0 && c->wait_for_start ? sync_send_go(c->sync, err) : r;
}

/* From here on our end would not be noticed: `create` has reported success. So what fails for lack of memory
 * or descriptors is tried again. */
static int wait_go(struct ctx *c, struct cfs_error *err)
{
        int r = sync_wait_go(c->sync, err);

        for (int i = 0; r < 0 && err->errnum && err->code != CFS_E_DIED && i < MAX_NAPS; i++) {
                err_clear(err);
                nap();
                r = sync_wait_go(c->sync, err);
        }
        return r;
}

/* Has `start` said that it is there, and is it still there? A process that connects and leaves (a `start`
 * that was killed) does not start the container. 1, 0 or -errno. */
static int is_serious(int fd)
{
        struct pollfd p = { .fd = fd, .events = POLLRDHUP };
        char probe;
        ssize_t n;
        int left;

        do
                n = recv(fd, &probe, sizeof(probe), MSG_PEEK);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        do
                left = poll(&p, 1, 0);
        while (left < 0 && errno == EINTR);
        return left < 0 ? -errno : n > 0 && left == 0;
}

/* The `start` behind fd hears why; the container is as it was, and waits for the next one. */
static void refuse(int fd, int r)
{
        struct sync s = { .fd = fd, .last = "created" };
        struct cfs_error why = { 0 };

        (void)err_sys(&why, -r, "recvmsg", "the container's init cannot hear `start`");
        (void)sync_send_failed(&s, &why);
}

static int wait_start(struct ctx *c, struct cfs_error *err)
{
        int r = 0, naps = 0;

        for (;;) {
                int fd;

                wait_for_start(c);
                fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC);
                if (fd < 0) {
                        if (errno != EINTR && errno != ECONNABORTED && ++naps > MAX_NAPS)
                                return err_sys(err, errno, "accept4", "wait for start");
                        nap();
                        continue;
                }
                r = is_serious(fd);
                if (r > 0) {
                        c->sync->fd = fd;
                        c->sync->last = "created";
                        return 0;
                }
                if (r < 0)
                        refuse(fd, r);
                (void)close(fd);
        }
}

int created_init(struct ctx *c, struct cfs_error *err)
{
        /* exec of an ordinary user enters by /proc/PID/ns, which belongs to root unless the process is
         * dumpable (proc(5)); and nothing of the host's is open or mapped any more that the user does not
         * have anyway. */
        bool dumpable = c->rootless && ctx_has_ns(c, CLONE_NEWUSER);
        sigset_t none;
        int r;

        if (c->listen_fd < 0)
                return 0;
        r = wait_go(c, err);
        if (r < 0)
                return r;
        sync_close(c->sync);
        if (dumpable)
                (void)prctl(PR_SET_DUMPABLE, 1);
        r = wait_start(c, err);
        if (dumpable)
                (void)prctl(PR_SET_DUMPABLE, 0);
        (void)sigemptyset(&none);
        if (r >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) < 0)
                r = err_sys(err, errno, "sigprocmask", "unblock signals");
        if (r < 0)
                return r;
        (void)close(c->listen_fd);
        (void)close(c->signal_fd);
        c->listen_fd = c->signal_fd = -1;
        return 0;
}

/* A restored init has executed nothing by itself, so the kernel would not say that it is running: the
 * record does. */
int created_restored_host(struct ctx *c, struct cfs_error *err)
{
        int r = record_note_init(c->state, c->pid, err);

        if (r < 0)
                return r;
        c->state->record->phase = oci_arena_strdup(c->state->arena, "running");
        return c->state->record->phase ? record_save(c->state, err) : err_nomem(err);
}

/* It is running, says the kernel (status.c); the record says so, too, when there is more to write. */
int created_running_host(struct ctx *c, struct cfs_error *err)
{
        struct oci_record *rec = c->state->record;

        if (!c->create) /* `run` has none */
                (void)unlinkat(c->state->dir_fd, "start.sock", 0);
        if (!rec->worker && !c->hooks->n_poststart)
                return 0;
        rec->phase = oci_arena_strdup(c->state->arena, "running");
        if (!rec->phase)
                return err_nomem(err);
        if (!c->hooks->n_poststart)
                rec->worker = NULL;
        return record_save(c->state, err);
}
