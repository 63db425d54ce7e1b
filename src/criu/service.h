/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One CRIU process, and the conversation with it: `criu swrk FD` speaks the protocol of CRIU's service on a
 * socket pair (criu(8), "swrk"), without a daemon. Requests follow one another; while one is at work, CRIU
 * may notify us of how far it is, and waits for our answer.
 */
#ifndef CRIU_SERVICE_H
#define CRIU_SERVICE_H

#include "base/err.h"
#include "criu/message.h"

struct criu {
        char *path; /* of the executable                                            */
        pid_t pid;  /* our child, or 0                                              */
        int sock;   /* our end, or -1                                               */
        int theirs; /* until the child is made: its end, or -1                      */
        unsigned version;
        int64_t deadline_ms; /* for all that it does, or 0: as long as it lives                     */
};

/* Finds the executable: in PATH, or where packages put it, since engines may pass an empty environment. */
int service_open(struct criu *c, struct cfs_error *err);

/* In the child that is to be CRIU: executes it. Returns on failure only. */
int service_exec(const struct criu *c, struct cfs_error *err);

/* Makes the child by itself, for a caller that needs nothing set up in it. */
int service_start(struct criu *c, struct cfs_error *err);

/* In the parent, when another function has made the child. */
void service_started(struct criu *c, pid_t pid);

/* Asks for the version. An error when it is older than `oldest`. */
int service_check_version(struct criu *c, unsigned oldest, struct cfs_error *err);

/* Can this CRIU and this kernel hand over memory page by page? 1, 0, or an error. */
int service_has_lazy_pages(struct criu *c, struct cfs_error *err);

int service_request(struct criu *c, enum criu_type type, const struct criu_options *o, struct cfs_error *err);

/* Waits for the next message: a notification, or the response to the request. With `ret_fd` a descriptor
 * that came along, or -1. An end of file is CFS_E_DIED, and says how CRIU ended. */
int service_wait(struct criu *c, struct criu_response *ret, int *ret_fd, struct cfs_error *err);

/* The error for bytes that are not a message, or a message that does not answer the request. */
int service_nonsense(const struct criu *c, struct cfs_error *err);

int service_notified(struct criu *c, bool success, struct cfs_error *err);

/* Closes the socket, which makes a CRIU that is at work undo what it has done, and waits for its end: not for
 * longer than half a minute, nor longer than until a signal comes that is to end us (signals_take_end()). */
void service_close(struct criu *c);

#endif
