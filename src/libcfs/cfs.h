/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs.h - the one public header of libcfs, an OCI container runtime as a library.
 *
 * Every function takes a struct cfs_runtime (where the containers are and how cgroups are managed), returns
 * zero or more on success, and on failure a negative errno after filling *err (cfs-error.h). Strings given to
 * the library are only read during the call; strings returned through a `ret_` parameter are freed by the
 * caller with free(3). The library keeps no global state, except the log handler and the trace file, prints
 * nothing, and is not thread-safe: creating a process changes the calling process for a moment (namespaces,
 * limits, umask), and for good: it is undumpable, its descriptors from 3 on are close-on-exec, and a run in
 * the foreground makes it a subreaper (prctl(2)).
 */
#ifndef CFS_H
#define CFS_H

#include "base/cfs-error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CFS_SPEC_VERSION "1.3.0" /* the newest version of the OCI runtime specification that cfs implements */

enum cfs_cgroup_manager { CFS_CGROUP_CGROUPFS, CFS_CGROUP_SYSTEMD, CFS_CGROUP_DISABLED };

struct cfs_runtime {
        /* absolute path of the state directory; made when missing (0700). See cfs_default_root() */
        const char *root;
        /* the user named it: `list` fails when it does not exist */
        bool root_explicit;
        enum cfs_cgroup_manager cgroup_manager;
        /* write per-row timings in Chrome trace format to this file, or NULL */
        const char *trace;
};

/* /run/cfs for root in the initial user namespace, else $XDG_RUNTIME_DIR/cfs, else /tmp/cfs-UID. The
 * caller frees. */
int cfs_default_root(char **ret_root, struct cfs_error *err);

/* Replaces the calling process by a copy of itself that no container can write to (CVE-2019-5736), once; a
 * no-op in the copy. Call it first in main(), before anything that enters a container: create, run, exec,
 * restore. */
int cfs_protect_executable(char **argv, struct cfs_error *err);

struct cfs_create_options {
        /* directory; NULL: the current one */
        const char *bundle;
        /* file to use in place of BUNDLE/config.json, or NULL */
        const char *config;
        /* AF_UNIX stream socket that receives the terminal's master, or NULL */
        const char *console_socket;
        /* the same for a pidfd of the init, or NULL */
        const char *pidfd_socket;
        /* decimal pid, no newline, atomic; relative to the current directory; or NULL */
        const char *pid_file;
        /* MS_MOVE and chroot in place of pivot_root(2) (ramdisk roots) */
        bool no_pivot;
        bool no_new_keyring;
        /* how many descriptors after 0,1,2 (and LISTEN_FDS) the container gets */
        int preserve_fds;
};

struct cfs_run_options {
        struct cfs_create_options create;
        bool detach;
        /* do not delete the container when it exits */
        bool keep;
        bool no_subreaper;
};

int cfs_create(const struct cfs_runtime *rt, const char *id, const struct cfs_create_options *o,
               struct cfs_error *err);

/* Returns the container's exit code (0..255; 128 + signal), or with detach 0. Foreground: forwards
 * signals, and the terminal when process.terminal is set and no console_socket is given. */
int cfs_run(const struct cfs_runtime *rt, const char *id, const struct cfs_run_options *o,
            struct cfs_error *err);

int cfs_start(const struct cfs_runtime *rt, const char *id, struct cfs_error *err);

/* The OCI state document, as one JSON text ending in a newline. */
int cfs_state(const struct cfs_runtime *rt, const char *id, char **ret_json, struct cfs_error *err);

/* signal: number. all: every process in the container's cgroup. */
int cfs_kill(const struct cfs_runtime *rt, const char *id, int signal, bool all, struct cfs_error *err);
int cfs_signal_number(
        const char *name); /* "TERM", "SIGTERM", "15" ...; negative when unknown                            */

int cfs_delete(const struct cfs_runtime *rt, const char *id, bool force, struct cfs_error *err);

/* One container of a list. Valid during the callback. */
struct cfs_info {
        const char *id;
        pid_t pid; /* 0 when stopped */
        const char *status;
        const char *bundle;
        const char *created; /* RFC 3339 with nanoseconds */
        uid_t owner_uid;
        const char *owner; /* name, or the number when it has none; filled when asked for */
};
int cfs_list(const struct cfs_runtime *rt, int (*fn)(void *data, const struct cfs_info *info), void *data,
             struct cfs_error *err);
int cfs_list_json(const struct cfs_runtime *rt, char **ret_json,
                  struct cfs_error *err); /* runc's array; "null" when empty */

struct cfs_exec_options {
        /* an OCI process document; NULL: built from the container's and the fields below */
        const char *process_file;
        /* NULL-terminated; ignored with process_file */
        const char *const *args;
        const char *cwd;
        /* NULL-terminated additions, or NULL */
        const char *const *env;
        bool tty;
        /* "UID[:GID]" or NULL */
        const char *user;
        const uint32_t *additional_gids;
        size_t n_additional_gids;
        /* NULL-terminated additions, or NULL */
        const char *const *caps;
        /* -1: as the container's; 0, 1 */
        int no_new_privs;
        const char *apparmor;
        const char *process_label;
        bool detach;
        const char *console_socket, *pidfd_socket, *pid_file;
        int preserve_fds;
        /* NULL-terminated "[CTRL:]PATH", or NULL */
        const char *const *cgroups;
        bool ignore_paused;
};
/* As cfs_run(): the exit code, or 0 when detached. */
int cfs_exec(const struct cfs_runtime *rt, const char *id, const struct cfs_exec_options *o,
             struct cfs_error *err);

int cfs_pause(const struct cfs_runtime *rt, const char *id, struct cfs_error *err);
int cfs_resume(const struct cfs_runtime *rt, const char *id, struct cfs_error *err);

/* resources_json: an OCI linux.resources object; only what it names is changed, all or nothing. l3/mb:
 * intelRdt. */
int cfs_update(const struct cfs_runtime *rt, const char *id, const char *resources_json,
               const char *l3_cache_schema, const char *mem_bw_schema, struct cfs_error *err);

/* What checkpoint and restore both ask of CRIU, which does the work, and is looked for when it is needed
 * (criu(8)). */
struct cfs_criu_options {
        /* directory of the images; NULL: "checkpoint" in the current one */
        const char *image_path;
        /* directory of CRIU's log and statistics; NULL: that of the images */
        const char *work_path;
        bool tcp_established;
        bool ext_unix_sk;
        bool shell_job;
        bool file_locks;
        bool link_remap;
        bool lazy_pages;
        bool auto_dedup;
        /* "soft", "full", "strict", "ignore"; NULL: soft */
        const char *manage_cgroups_mode;
        const char *network_lock;    /* "iptables", "nftables", "skip"; NULL: as CRIU likes               */
        const char *const *empty_ns; /* NULL-terminated: "network"; or NULL                               */
        int timeout; /* seconds after which a CRIU that is still at work has failed; 0: none               */
};

struct cfs_checkpoint_options {
        struct cfs_criu_options criu;
        bool leave_running;
        bool pre_dump; /* memory alone; the container goes on                                       */
        /* images of an earlier pre-dump, relative to image_path; or NULL */
        const char *parent_path;
        /* "ADDRESS:PORT" or NULL */
        const char *page_server;
        int status_fd; /* gets a byte when lazy_pages is ready; 0: none                             */
        bool tcp_skip_in_flight;
};

struct cfs_restore_options {
        struct cfs_criu_options criu;
        struct cfs_create_options create;
        bool detach;
        bool no_subreaper;
        bool tcp_close;
        const char *lsm_profile; /* "TYPE:NAME" in place of the profile that was saved, or NULL         */
        /* the same for SELinux contexts of mounts */
        const char *lsm_mount_context;
};

/* Saves a running or paused container. Unless it is to be left running, it is deleted then. When this
 * fails the container is what it was. */
int cfs_checkpoint(const struct cfs_runtime *rt, const char *id, const struct cfs_checkpoint_options *o,
                   struct cfs_error *err);

/* Makes a container from images and a bundle, and lets it go on. Returns as cfs_run() does. */
int cfs_restore(const struct cfs_runtime *rt, const char *id, const struct cfs_restore_options *o,
                struct cfs_error *err);

int cfs_ps(const struct cfs_runtime *rt, const char *id, pid_t **ret_pids, size_t *ret_n,
           struct cfs_error *err);

/* stats_once: one "stats" line; else a stats line every interval_ms and an "oom" line per kill, until the
 * container ends. Each line (without newline) is given to fn. */
int cfs_events(const struct cfs_runtime *rt, const char *id, bool stats_once, unsigned interval_ms,
               int (*fn)(void *data, const char *line), void *data, struct cfs_error *err);

/* A default config.json, as runc's users know it. */
int cfs_spec(bool rootless, char **ret_json, struct cfs_error *err);
int cfs_features(char **ret_json, struct cfs_error *err);

/* Validates a bundle and reports every problem. Returns 0, 1 (the document is invalid), 2 (valid, but this
 * host cannot). A note is not a problem: the specification wants unknown properties ignored, and their author
 * wants to know. */
enum cfs_problem_kind { CFS_PROBLEM_INVALID, CFS_PROBLEM_HOST, CFS_PROBLEM_NOTE };
struct cfs_problem {
        enum cfs_problem_kind kind;
        const char *file;
        unsigned line, column;                 /* 0: unknown */
        const char *property, *message, *hint; /* hint may be NULL */
        const char *excerpt;                   /* the line, where the text is not JSON; or NULL */
        unsigned caret;                        /* the column in it, from 0 */
};
int cfs_check(const char *bundle, const char *config, bool host,
              void (*fn)(void *data, const struct cfs_problem *p), void *data, struct cfs_error *err);
/* The ordered plan of a create, or of a restore: fn gets a row's name, why the row stands at its place,
 * and one line of what it would do; a row of several lines calls it once for each. Touches nothing. */
int cfs_explain(const struct cfs_runtime *rt, const char *id, const struct cfs_create_options *o,
                bool restore, void (*fn)(void *data, const char *step, const char *why, const char *line),
                void *data, struct cfs_error *err);

const char *cfs_version(void); /* "0.1.0" */

/* The name of an error's code, as the JSON log shows it: "invalid", "not-found" ... */
const char *cfs_code_name(enum cfs_code code);

#ifdef __cplusplus
}
#endif
#endif
