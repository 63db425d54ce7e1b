/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversation between the runtime and the init: one SOCK_SEQPACKET socket, seven kinds of packets.
 *
 *      runtime                                   init
 *         |            ... rows ...                |
 *      MEET n  ------ HERE n ----->                |        A MEET row: each side says that it is there and waits
 *         |    <----- HERE n -----              MEET n      until the other is. Between two MEETs they run
 *         |            ... rows ...                |        concurrently and know nothing of each other.
 *         |    <----- FD --------------             |        A descriptor for the runtime (seccomp's listener).
 *         |    <----- PID -------------             |        The process that takes the sender's place (pid_namespace.c).
 *         |    ------ GO --------------->             |        What was met is on record: the runtime may end now.
 *         |    <----- LOG level text --             |        The init has no log of its own.
 *         |    <----- EXEC ------------             |        The execve is next, but for loading the filter.
 *         |    <----- FAILED cfs_error --           x        A side that fails says why and ends; the other's wait
 *         x    ------ FAILED cfs_error -->          |        returns that error as its own.
 *         |    <----- (end of file)                 |        Close-on-exec makes a successful execve visible.
 *
 * After the MEET "created" of `create`, the runtime writes the record, says GO and ends. The init accepts the
 * connection that `start` makes to start.sock in the state directory, which takes the place of this socket:
 * HERE started, rows, execve or FAILED.
 *
 * No wait is without an end: when the peer ends without a word, its wait status is turned into an error
 * (CFS_E_DIED) that names the row it was last heard of; and a runtime that hears nothing for SYNC_DEADLINE_MS
 * gives up (CFS_E_TIMEOUT): the init may have been stopped by a signal. It waits longer only for programs of
 * others, which have the deadlines that the configuration gives them. The init needs no deadline: the end of
 * the runtime closes its socket.
 *
 * An init that a process of the container has taken over may talk without end. Talking is not answering: the
 * deadline goes on, signals still end the runtime, after SYNC_MAX_PACKETS it is not listened to any more, and
 * of its messages SYNC_MAX_MESSAGES are logged, or the log would fill the disk of the host.
 */
#ifndef LIBCFS_SYNC_H
#define LIBCFS_SYNC_H

#include "base/err.h"
#include "base/log.h"
#include <stdint.h>
#include <sys/types.h>

struct sync {
        int fd;
        bool exec;        /* the init has said that the execve is next                               */
        const char *last; /* name of the last MEET passed, for messages                  */
        void (*waited_long)(void *waits); /* called once a wait takes longer than a moment; may be NULL */
        void *waits;
        bool forever;    /* this wait has no deadline                                                 */
        bool timed_out;  /* the last wait has                                                         */
        bool told;       /* the peer has said why it failed                                           */
        int deaf;        /* the error of a receive that failed, or 0: the peer may have gone on       */
        bool timed;      /* recvmsg(2) itself waits no longer than SYNC_PATIENCE_MS                   */
        int64_t looked;  /* when the clock was looked at last, in this wait                           */
        int deadline_ms; /* 0: SYNC_DEADLINE_MS; tests set less */
        int waited_ms;   /* how long this wait takes by now                                           */
        bool talks;      /* the peer has sent a packet other than the one that was waited for         */
        unsigned packets, messages; /* how many of them */
};

#define SYNC_PATIENCE_MS  1000 /* after this time a wait calls waited_long */
#define SYNC_DEADLINE_MS  30000
#define SYNC_MAX_PACKETS  20000 /* an ordinary container sends a dozen, and a few messages for each mount */
#define SYNC_MAX_MESSAGES 1000  /* of up to 1.6 KB */
#define SYNC_STEP_MS      200   /* how often a wait that takes long looks for signals that are to end us */

/* Makes both ends, close-on-exec. */
int sync_pair(struct sync *ret_runtime, struct sync *ret_init, struct cfs_error *err);

/* Waits until s can be read. Calls waited_long after a moment, if there is one; gives up at the deadline,
 * or when a blocked signal that is to end us is pending. */
int sync_be_patient(struct sync *s, struct cfs_error *err);

/* Runtime: from now on waited_long(waits) is called once a wait takes longer than a moment, and no wait is
 * for ever. */
void sync_watch(struct sync *s, void (*waited_long)(void *waits), void *waits);

/* Announces MEET row `row` and waits for the peer. In the runtime, LOG packets are logged on the way.
 * Returns 0, or the peer's FAILED as our own error, or -ECONNRESET with CFS_E_DIED when it ended. */
int sync_meet(struct sync *s, unsigned row, const char *name, struct cfs_error *err);

/* The packet GO, which needs no answer: the runtime sends it, the init waits for it. */
int sync_send_go(struct sync *s, struct cfs_error *err);
int sync_wait_go(struct sync *s, struct cfs_error *err);

/* Init: sends the packet EXEC. */
int sync_send_exec(struct sync *s, struct cfs_error *err);

/* Runtime: waits for the end of file that a successful execve makes, or for FAILED. An end of file without
 * the init's word that the execve is next is the end of the init: CFS_E_DIED. */
int sync_wait_exec(struct sync *s, struct cfs_error *err);

/* Runtime, after a failure of its own: has the init sent FAILED? Does not wait, and reads no more packets
 * than a socket's queue holds. Negative: yes, its error is in *err. 1: no, but the init has ended. 0:
 * neither. */
int sync_look(struct sync *s, struct cfs_error *err);

/* Announces the process that takes the sender's place from now on, by its pid in the sender's PID namespace.
 * sync_recv_pid() returns the pid as the receiver sees it. */
int sync_send_pid(struct sync *s, pid_t pid, struct cfs_error *err);
int sync_recv_pid(struct sync *s, struct cfs_error *err);

/* Init -> runtime, outside of MEETs: hands one descriptor over (FD packet). The runtime waits for it. */
int sync_send_fd(struct sync *s, int fd, struct cfs_error *err);
int sync_recv_fd(struct sync *s, struct cfs_error *err);

/* Init: tells the peer why we fail. Returns the exit status to end with: 1, or the errno because of
 * which it could not be told. */
int sync_send_failed(struct sync *s, const struct cfs_error *err);

/* Init: a log handler (log_set_handler) that sends messages to the runtime; data is the struct sync. */
void sync_log_handler(void *data, enum log_level level, const char *message);

void sync_close(struct sync *s);

#endif
