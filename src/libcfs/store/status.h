/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container is doing now, and the OCI state document that says so. */
#ifndef LIBCFS_STORE_STATUS_H
#define LIBCFS_STORE_STATUS_H

#include <stdbool.h>

struct state;
struct oci_state;

struct cfs_error;
struct user_name;

enum container_status {
        STATUS_CREATING,
        STATUS_CREATED,
        STATUS_RUNNING,
        STATUS_PAUSED,
        STATUS_STOPPED,
        STATUS_BROKEN
};

/* From the record and the processes that it names; never STATUS_PAUSED. A create that died is
 * STATUS_STOPPED. May read the record anew: what was taken from s->record before is void. Negative, with
 * an error, when it cannot be told: a look that failed says nothing about the container. */
int status_recorded(struct state *s, struct cfs_error *err);

/* The same, and STATUS_PAUSED when the container's cgroup is frozen: one file more to read. */
int status_of(struct state *s, struct cfs_error *err);

/* Either of them, `frozen` being whether a frozen cgroup counts; and of an init that lives a pidfd is kept,
 * opened before the look, so that no other look is needed to know whose it is: record_pidfd() gives it. */
int status_hold(struct state *s, bool frozen, struct cfs_error *err);

/* "creating", "created", "running", "paused", "stopped" or "broken"; of a negative status, "unknown". */
const char *status_name(int st);

/* The OCI state document of the container; it consists of what s and `owner` hold. pid is 0 when stopped.
 * `owner` remembers the name of the last one's owner for the next. */
void status_document(const struct state *s, int st, struct user_name *owner, struct oci_state *ret);

#endif
