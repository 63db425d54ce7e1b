/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control groups, as the rest of cfs sees them: one handle per container, for all hierarchies (v1, v2,
 * hybrid) and all managers (cgroupfs: cfs makes the directories; systemd: cfs asks systemd to; none).
 *
 * The life of a cgroup: cgroup_plan(), the caller saves the record, cgroup_make(), the init enters
 * (CLONE_INTO_CGROUP or cgroup_enter()), ..., cgroup_kill(), cgroup_remove(). Every later verb rebuilds the
 * handle from the record by cgroup_open(). The record, the documents of the request and the arena must live
 * longer than the handle.
 */
#ifndef LIBCFS_CGROUP_H
#define LIBCFS_CGROUP_H

#include "base/err.h"
#include "libcfs/cgroup/hierarchy/types.h"
#include <stdint.h>

struct cgroup;
struct oci_arena;

/* Which hierarchies this machine has. Looks once per process. */
enum cgroup_mode cgroup_detect(void);

/* Can the hierarchies of this machine express these resources? Touches nothing. Calls report() for each
 * problem, with the path of the property ("linux.resources.memory.swap") and the reason. host: the
 * document is right, but this machine cannot do it. */
void cgroup_check(const struct cgroup_request *rq, bool look_at_host,
                  void (*report)(void *data, bool host, const char *property, const char *message),
                  void *data);

/* The same for what create finds out only when it writes the limits. Reads files, and writes none. */
void cgroup_look(const struct cgroup_request *rq, bool look_at_host,
                 void (*report)(void *data, bool host, const char *property, const char *message),
                 void *data);

/* Would no process of the container be allowed a real-time policy here, since its cgroup has no share of real
 * time? */
bool cgroup_without_realtime(const struct cgroup_request *rq);

/* Says what would be written where: one line per file. */
void cgroup_explain(const struct cgroup_request *rq, void (*line)(void *data, const char *text), void *data);

/* Computes paths and fills rec (strings from the arena) without touching anything. */
int cgroup_plan(const struct cgroup_request *rq, struct oci_record *rec, struct oci_arena *arena,
                struct cgroup **ret, struct cfs_error *err);

/* Makes the cgroup on every hierarchy, enables controllers, sets limits and device rules. With the systemd
 * manager the unit needs a process: see cgroup_attach(). Called before the process exists; or after, when the
 * request says that it comes late. CFS_E_STATE "container's cgroup is not empty: ..." when a process is in
 * it. */
int cgroup_make(struct cgroup *cg, struct cfs_error *err);

/* Descriptor of the v2 directory for CLONE_INTO_CGROUP, or -1 when the init must enter by itself. */
int cgroup_clone_fd(const struct cgroup *cg);

/* After clone3(2) has failed with EACCES: adds the hint which directory this user may not use. Returns r. */
int cgroup_hint_join(const struct cgroup *cg, int r, struct cfs_error *err);

/* In the init, single-threaded, first thing: writes itself into each hierarchy that CLONE_INTO_CGROUP did
 * not cover ("0" to v1 `tasks`, which avoids the RCU grace period of moving another process). Uses
 * descriptors opened by make, or opens them when make came late: in the host's mount tree still. */
int cgroup_enter(struct cgroup *cg, struct cfs_error *err);

/* In the runtime, when the process exists and before the user's program runs: does what needs the pid
 * (systemd's StartTransientUnit(PIDs=)), and what can be done that late. When cgroup_needs_attach() is
 * true the init must wait for it, at the MEET "identity". */
bool cgroup_needs_attach(const struct cgroup *cg);
int cgroup_attach(struct cgroup *cg, pid_t pid, struct cfs_error *err);

/* A handle on an existing container's cgroup from its record: no system call, unless its create was not
 * finished. */
int cgroup_open(const struct oci_record *rec, struct cgroup **ret, struct cfs_error *err);

/* For exec: a handle for cgroup_clone_fd() and cgroup_enter() on the container's cgroup, or on the cgroups
 * below it that sub names ("CTRL:PATH" or "PATH" of --cgroup). */
int cgroup_exec_open(const struct oci_record *rec, const char *const *sub, size_t n_sub, struct cgroup **ret,
                     struct cfs_error *err);

/* Sends sig to every process in the cgroup and below; SIGKILL also reaches frozen ones. Returns 1, or 0 when
 * there is no process in it, or no cgroup. */
int cgroup_kill(struct cgroup *cg, int sig, struct cfs_error *err);
/* After SIGKILL to a single process: thaws a v1 cgroup, in whose freezer a process does not die. */
void cgroup_wake_killed(struct cgroup *cg);
/* Freezes by one freezer, v2's where there is one; thaws by each that has frozen it. */
int cgroup_freeze(struct cgroup *cg, bool freeze, struct cfs_error *err);
int cgroup_is_frozen(struct cgroup *cg); /* 1, 0, negative: cannot tell */
/* Would a process that gets into the container's cgroup stop at once, though the container is not paused? On
 * v2 a cgroup above it may be frozen; v1 calls that frozen as well. CFS_E_STATE. */
int cgroup_check_frozen(const struct oci_record *rec, struct cfs_error *err);
/* cgroup_is_frozen() in two steps, for a caller that keeps the result of the first one.
 * cgroup_freezer_files() tells the paths of the files that say whether the container is frozen; the caller
 * frees both. NULL: there is no such file, or no memory. `other` is that of v1 on a host that has v2's as
 * well. cgroup_freezer_says() reads one. asleep: /proc says that the init sleeps, which can make the read
 * unnecessary (v1_freezes_asleep()). */
void cgroup_freezer_files(const struct oci_record *rec, char **ret, char **ret_other);
int cgroup_freezer_says(const char *file, bool asleep);
/* Every process in the cgroup and below; the caller frees. */
int cgroup_pids(struct cgroup *cg, pid_t **ret, size_t *ret_n, struct cfs_error *err);
/* Sets the limits that r has. After a failure all of them have their old values. */
int cgroup_update(struct cgroup *cg, const struct oci_resources *r, struct cfs_error *err);
/* The "data" object of `events --stats`. */
struct json_writer;
int cgroup_stats(struct cgroup *cg, struct json_writer *w, struct cfs_error *err);
/* A descriptor that becomes readable (poll; then read it empty) when a process may have been killed for
 * lack of memory, and the count so far. */
int cgroup_oom_watch(struct cgroup *cg, int *ret_fd, struct cfs_error *err);
int cgroup_oom_count(struct cgroup *cg, uint64_t *ret);

/* Kills all processes in it (SIGKILL) and removes what cgroup_make() made and the record names. Something
 * that is gone already is not an error. */
int cgroup_remove(struct cgroup *cg, struct cfs_error *err);

size_t cgroup_views(const struct cgroup *cg, const struct cgroup_view **ret);

void cgroup_close(struct cgroup *cg); /* frees the handle only; NULL is fine */

static inline void cgroup_close_p(struct cgroup **cg)
{
        cgroup_close(*cg);
}
#define _cleanup_cgroup_ __attribute__((cleanup(cgroup_close_p)))

#endif
