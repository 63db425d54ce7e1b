/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The packets of sync.h.
 *
 * SOCK_SEQPACKET keeps message boundaries, so that a packet arrives whole or not at all, and reports the end
 * of the peer as an end of file, which pipes and futexes do not. A packet is sent only as long as its text: a
 * HERE is eight bytes. MSG_NOSIGNAL: a peer that is gone is an error to report, not a SIGPIPE.
 *
 * The container's init is our own code until the execve, but it has touched hostile file systems by then; so
 * the runtime checks lengths and terminates strings as if a stranger had written them.
 */
#include "libcfs/process/sync.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/signals.h"
#include "base/unix.h"
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum packet_type {
        PACKET_HERE = 1,
        PACKET_FAILED,
        PACKET_LOG,
        PACKET_FD,
        PACKET_GO,
        PACKET_EXEC,
        PACKET_PID
};

struct packet {
        uint32_t type;
        uint32_t value; /* HERE: index of the row; LOG: level; PID: the pid */
        union {
                struct cfs_error error;
                char text[1600];
        };
};

#define MAX_TRIES     50
#define TRY_US        10000
#define LOOK_PACKETS  1000 /* more than a queue holds (net.core.wmem_default) */
#define PACKET_HEADER offsetof(struct packet, error)

int sync_pair(struct sync *ret_runtime, struct sync *ret_init, struct cfs_error *err)
{
        int runtime = -1, init = -1, r = unix_pair(&runtime, &init);

        if (r < 0)
                return err_sys(err, -r, "socketpair", "make the socket between runtime and init");
        *ret_runtime = (struct sync){ .fd = runtime, .last = "spawn" };
        *ret_init = (struct sync){ .fd = init, .last = "spawn" };
        return 0;
}

/* Has it failed for lack of something, memory say, that may be there in a moment? Then it is tried
 * again: the peer goes on in the belief that it has been heard, or that it will hear. Not what will be
 * so for ever: that the peer or our socket is gone, that a filter or a security module refuses the call. */
static bool again(ssize_t r, unsigned *tries)
{
        static const int for_ever[] = { EPIPE, ECONNRESET, EBADF, EPERM, EACCES, ENOSYS };

        if (r >= 0 || ++*tries > MAX_TRIES)
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(for_ever); i++)
                if (r == -for_ever[i])
                        return false;
        clock_sleep_us(TRY_US);
        return true;
}

static int packet_send(struct sync *s, const struct packet *p, size_t size, int fd)
{
        unsigned tries = 0;
        ssize_t n;

        do
                n = unix_send(s->fd, p, size, fd);
        while (again(n, &tries));
        return n < 0 ? (int)n : 0;
}

/* One packet. *ret_fd is the descriptor that came along, or -1. Returns its size, 0 at end of file, or
 * -errno: -EAGAIN when SYNC_PATIENCE_MS are over (sync_watch()). */
static ssize_t packet_receive(struct sync *s, struct packet *p, int *ret_fd)
{
        unsigned tries = 0;
        ssize_t n;

        do
                n = unix_receive(s->fd, p, sizeof(*p), 0, ret_fd);
        while (!(s->timed && n == -EAGAIN) && again(n, &tries));
        /* ECONNRESET says that the peer ended with a packet of ours unread. It is reported once, and
         * before what the peer has sent: its FAILED is still in our queue. */
        if (n == -ECONNRESET)
                n = unix_receive(s->fd, p, sizeof(*p), 0, ret_fd);
        return n == -ECONNRESET ? 0 : n;
}

/* 1: there is something to read, 0: not yet, -errno */
static int wait_readable(const struct sync *s, int timeout_ms)
{
        struct pollfd p = { .fd = s->fd, .events = POLLIN };
        unsigned tries = 0;
        int n;

        do {
                n = poll(&p, 1, timeout_ms);
                n = n < 0 ? -errno : n;
        } while (n == -EINTR || again(n, &tries));
        return n;
}

/* It is we who cannot hear, and the peer may have gone on. */
static int deaf(struct sync *s, int e, const char *call, struct cfs_error *err)
{
        s->deaf = e;
        return err_sys(err, e, call, "wait for the other process");
}

/* ---- how long ------------------------------------------------------------------------------------------ */

static void begin_wait(struct sync *s)
{
        s->waited_ms = 0;
        if (!s->deadline_ms)
                s->deadline_ms = SYNC_DEADLINE_MS;
        s->talks = false;
        s->looked = s->waited_long ? clock_now_ms() : 0;
}

/* A runtime that was stopped itself (SIGSTOP, a frozen service) has not waited all that time: the init may
 * have been stopped with it. */
static void count_time(struct sync *s)
{
        int64_t now = clock_now_ms(), passed = now - s->looked;

        s->waited_ms += (int)(passed < SYNC_PATIENCE_MS ? passed : SYNC_PATIENCE_MS);
        s->looked = now;
}

/* Is there a reason to stop, after SYNC_PATIENCE_MS? */
static int give_up(struct sync *s, struct cfs_error *err)
{
        int sig = signals_take_end(); /* foreground.c blocks them */

        if (sig)
                return err_set(err, CFS_E_STATE,
                               "ended by signal %d while the container's init was waited for", sig);
        if (s->forever || s->waited_ms < s->deadline_ms)
                return 0;
        s->timed_out = true;
        if (s->talks)
                return err_set(err, CFS_E_TIMEOUT,
                               "the container's init has not come to its next step for %d s",
                               s->deadline_ms / 1000);
        return err_set(err, CFS_E_TIMEOUT, "the container's init has not been heard of for %d s",
                       s->deadline_ms / 1000);
}

/* SYNC_PATIENCE_MS are over, and nothing has come: waits in small steps, as there may be reasons to stop. */
static int after_patience(struct sync *s, struct cfs_error *err)
{
        int n, r;

        s->waited_long(s->waits);
        for (;;) {
                count_time(s);
                r = give_up(s, err);
                if (r < 0)
                        return r;
                n = wait_readable(s, SYNC_STEP_MS);
                if (n != 0)
                        return n < 0 ? deaf(s, -n, "poll", err) : 0;
        }
}

static int be_patient(struct sync *s, struct cfs_error *err)
{
        int n;

        if (!s->waited_long)
                return 0;
        n = wait_readable(s, SYNC_PATIENCE_MS);
        if (n < 0)
                return deaf(s, -n, "poll", err);
        return n > 0 ? 0 : after_patience(s, err);
}

int sync_be_patient(struct sync *s, struct cfs_error *err)
{
        begin_wait(s);
        return be_patient(s, err);
}

/* The peer has sent a packet that is not what it is waited for: is it heard any longer? */
static int go_on_listening(struct sync *s, struct cfs_error *err)
{
        if (++s->packets > SYNC_MAX_PACKETS)
                return err_set(err, CFS_E_BUG,
                               "the other process has sent more than %d packets, and talks on, after `%s`",
                               SYNC_MAX_PACKETS, s->last);
        s->talks = true;
        if (!s->waited_long)
                return 0;
        count_time(s);
        if (s->waited_ms < SYNC_PATIENCE_MS)
                return 0;
        s->waited_long(s->waits);
        return give_up(s, err);
}

void sync_watch(struct sync *s, void (*waited_long)(void *waits), void *waits)
{
        const struct timeval patience = { .tv_sec = SYNC_PATIENCE_MS / 1000,
                                          .tv_usec = SYNC_PATIENCE_MS % 1000 * 1000 };

        s->waited_long = waited_long;
        s->waits = waits;
        /* Then recvmsg(2) itself is patient, and no poll(2) before each of them is needed. */
        s->timed = setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0;
}

static int peer_failed(const struct packet *p, ssize_t n, struct cfs_error *err)
{
        if (n < (ssize_t)(PACKET_HEADER + sizeof(struct cfs_error)))
                return err_set(err, CFS_E_BUG, "the peer sent a short error packet");
        *err = p->error;
        err_from_outside(err);
        return err->errnum > 0 ? -err->errnum : -EINVAL;
}

static int peer_ended(const struct sync *s, struct cfs_error *err)
{
        (void)err_set(err, CFS_E_DIED, "the other process ended without a word, after `%s`", s->last);
        return -ECONNRESET;
}

/* A descriptor that came with a packet which has none: a hostile peer could fill our table with them. */
static void drop_fd(int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
}

static void log_packet(struct sync *s, struct packet *p, ssize_t n)
{
        if (++s->messages > SYNC_MAX_MESSAGES)
                return;
        ((char *)p)[n < (ssize_t)sizeof(*p) ? n : (ssize_t)sizeof(*p) - 1] = '\0';
        log_message(p->value <= LOG_LEVEL_DEBUG ? (enum log_level)p->value : LOG_LEVEL_DEBUG, p->text);
        if (s->messages == SYNC_MAX_MESSAGES)
                log_warning("the container's init has sent %d messages: more of them are not logged",
                            SYNC_MAX_MESSAGES);
}

/* Receives until a packet arrives that is neither a LOG nor an EXEC. Sets *ret_type; 0 means end of file. */
static int receive_in_time(struct sync *s, uint32_t *ret_type, uint32_t *ret_value, int *ret_fd,
                           struct cfs_error *err)
{
        struct packet p;

        for (;;) {
                int r = s->timed ? 0 : be_patient(s, err);

                if (r < 0)
                        return r;
                ssize_t n = packet_receive(s, &p, ret_fd);

                if (n == -EAGAIN && s->timed) {
                        r = after_patience(s, err);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (n < 0)
                        return deaf(s, (int)-n, "recvmsg", err);
                if (n == 0) {
                        *ret_type = 0;
                        return 0;
                }
                if (n < (ssize_t)PACKET_HEADER)
                        return err_set(err, CFS_E_BUG, "the other process sent a short packet");
                if (p.type == PACKET_FAILED) {
                        s->told = true;
                        return peer_failed(&p, n, err);
                }
                if (p.type != PACKET_LOG && p.type != PACKET_EXEC) {
                        *ret_type = p.type;
                        *ret_value = p.value;
                        return 0;
                }
                drop_fd(ret_fd);
                if (p.type == PACKET_LOG)
                        log_packet(s, &p, n);
                else
                        s->exec = true;
                r = go_on_listening(s, err);
                if (r < 0)
                        return r;
        }
}

static int next_packet(struct sync *s, uint32_t *ret_type, uint32_t *ret_value, int *ret_fd,
                       struct cfs_error *err)
{
        begin_wait(s);
        return receive_in_time(s, ret_type, ret_value, ret_fd, err);
}

/* A peer that is gone may have left a FAILED in our queue, behind the HERE of this MEET: its words are
 * better than our EPIPE. One that is there knows nothing of our failure, and would not answer: who waits
 * for its end, waits for ever. */
static int send_failed(struct sync *s, int r, const char *name, struct cfs_error *err)
{
        uint32_t type = PACKET_HERE, value;
        int e = -r;

        bool gone = r == -EPIPE || r == -ECONNRESET;

        begin_wait(s);
        while (gone && type != 0) {
                _cleanup_close_ int fd = -1;

                gone = wait_readable(s, SYNC_PATIENCE_MS) > 0;
                if (gone && ((r = receive_in_time(s, &type, &value, &fd, err)) < 0 ||
                             (r = go_on_listening(s, err)) < 0)) /* it may have closed its ears only */
                        return r;
        }
        return gone ? peer_ended(s, err) : err_sys(err, e, "sendmsg", "meet the other process at `%s`", name);
}

/* The next packet, where the peer's end is a failure. */
static int some_packet(struct sync *s, uint32_t *type, uint32_t *value, int *fd, struct cfs_error *err)
{
        int r = next_packet(s, type, value, fd, err);

        if (r < 0)
                return r;
        return *type == 0 ? peer_ended(s, err) : 0;
}

int sync_meet(struct sync *s, unsigned row, const char *name, struct cfs_error *err)
{
        struct packet here = { .type = PACKET_HERE, .value = row };
        _cleanup_close_ int fd = -1;
        uint32_t type = 0, value = 0;
        int r = packet_send(s, &here, PACKET_HEADER, -1);

        if (r < 0)
                return send_failed(s, r, name, err);
        r = some_packet(s, &type, &value, &fd, err);
        if (r < 0)
                return r;
        if (type != PACKET_HERE || value != row)
                return err_set(err, CFS_E_BUG, "met at `%s`, but the other process is at row %u", name,
                               value);
        s->last = name;
        return 0;
}

int sync_send_go(struct sync *s, struct cfs_error *err)
{
        struct packet p = { .type = PACKET_GO };
        int r = packet_send(s, &p, PACKET_HEADER, -1);

        return r < 0 ? send_failed(s, r, "go on", err) : 0;
}

int sync_wait_go(struct sync *s, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        uint32_t type = 0, value = 0;
        int r = some_packet(s, &type, &value, &fd, err);

        if (r < 0)
                return r;
        if (type != PACKET_GO)
                return err_set(err, CFS_E_BUG, "unexpected packet %u while waiting to go on", type);
        return 0;
}

int sync_wait_exec(struct sync *s, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        uint32_t type = 0, value = 0;
        int r = next_packet(s, &type, &value, &fd, err);

        if (r < 0)
                return r;
        if (type != 0)
                return err_set(err, CFS_E_BUG, "unexpected packet %u while waiting for the execve", type);
        return s->exec ? 0 : peer_ended(s, err);
}

int sync_send_exec(struct sync *s, struct cfs_error *err)
{
        struct packet p = { .type = PACKET_EXEC };
        int r = packet_send(s, &p, PACKET_HEADER, -1);

        /* A runtime that was killed hears nothing. The container is on record, so its program runs all the
         * same. */
        if (r == -EPIPE)
                return 0;
        return r < 0 ? err_sys(err, -r, "sendmsg", "tell the runtime that the execve is next") : 0;
}

int sync_look(struct sync *s, struct cfs_error *err)
{
        struct packet p;

        for (int i = 0; i < LOOK_PACKETS; i++) {
                _cleanup_close_ int fd = -1;
                ssize_t n = unix_receive(s->fd, &p, sizeof(p), MSG_DONTWAIT, &fd);

                if (n == 0)
                        return 1;
                if (n < 0 && n != -ECONNRESET)
                        return 0;
                if (n >= (ssize_t)PACKET_HEADER && p.type == PACKET_FAILED)
                        return peer_failed(&p, n, err);
        }
        return 0;
}

int sync_send_fd(struct sync *s, int fd, struct cfs_error *err)
{
        struct packet p = { .type = PACKET_FD };
        int r = packet_send(s, &p, PACKET_HEADER, fd);

        return r < 0 ? send_failed(s, r, "a descriptor", err) : 0;
}

int sync_recv_fd(struct sync *s, struct cfs_error *err)
{
        uint32_t type = 0, value = 0;
        _cleanup_close_ int fd = -1;
        int r = some_packet(s, &type, &value, &fd, err);

        if (r < 0)
                return r;
        if (type != PACKET_FD || fd < 0)
                return err_set(err, CFS_E_BUG, "expected a descriptor from the init, got packet %u", type);
        return TAKE_FD(fd);
}

int sync_send_pid(struct sync *s, pid_t pid, struct cfs_error *err)
{
        struct packet p = { .type = PACKET_PID, .value = (uint32_t)pid };
        int r = packet_send(s, &p, PACKET_HEADER, -1);

        return r < 0 ? err_sys(err, -r, "sendmsg", "tell the runtime the pid") : 0;
}

int sync_recv_pid(struct sync *s, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        uint32_t type = 0, value = 0;
        int r = some_packet(s, &type, &value, &fd, err);

        if (r < 0)
                return r;
        if (type != PACKET_PID || value == 0 || value > INT32_MAX)
                return err_set(err, CFS_E_BUG, "expected a pid from the init, got packet %u", type);
        return (int)value;
}

int sync_send_failed(struct sync *s, const struct cfs_error *err)
{
        struct packet p = { .type = PACKET_FAILED };
        int r;

        p.error = *err;
        r = packet_send(s, &p, PACKET_HEADER + sizeof(p.error), -1);
        return r < 0 && r != -EPIPE && r != -ECONNRESET ? -r : 1;
}

void sync_log_handler(void *data, enum log_level level, const char *message)
{
        struct packet p = { .type = PACKET_LOG, .value = (uint32_t)level };
        size_t n = strnlen(message, sizeof(p.text) - 1);

        memcpy(p.text, message, n);
        (void)packet_send(data, &p, PACKET_HEADER + n + 1, -1);
}

void sync_close(struct sync *s)
{
        if (s && s->fd >= 0) {
                (void)close(s->fd);
                s->fd = -1;
        }
}
