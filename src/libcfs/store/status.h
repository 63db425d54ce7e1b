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

/* From the record and the processes that it names; never STATUS_PAUSED. A container whose create was
 * killed is STATUS_STOPPED. May read the record again, so pointers into s->record from before are invalid.
 * Negative, with an error, when the status cannot be found out: a failed look is never reported as a
 * status. */
int status_recorded(struct state *s, struct cfs_error *err);

/* The same, and STATUS_PAUSED when the container's cgroup is frozen: one file more to read. */
int status_of(struct state *s, struct cfs_error *err);

/* status_of() with `frozen`, status_recorded() without. When the init lives, also keeps a pidfd of it for
 * record_pidfd(). The pidfd is opened before the look at /proc, so that one look verifies both. */
int status_hold(struct state *s, bool frozen, struct cfs_error *err);

/* "creating", "created", "running", "paused", "stopped" or "broken"; of a negative status, "unknown". */
const char *status_name(int st);

/* The OCI state document of the container. Its strings belong to s and `owner`. pid is 0 when stopped.
 * `owner` caches the name of the owner for the next container. */
void status_document(const struct state *s, int st, struct user_name *owner, struct oci_state *ret);

#endif
