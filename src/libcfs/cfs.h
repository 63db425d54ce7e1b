/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs.h - the one public header of libcfs, an OCI container runtime as a library.
 *
 * Conventions
 *
 *   results     Zero or more on success, as said beside each function. On failure a negative errno, and *err
 *               is filled (cfs-error.h).
 *   containers  A function that works on containers takes a struct cfs_runtime (where they are recorded, who
 *               manages their cgroups). `id` is the container's ID: 1 to 255 letters, digits, "_", "+", "."
 *               and "-", but not "." or "..". CFS_E_NOT_FOUND: there is no such container.
 *   options     Zeroed, an option structure asks for the defaults (but see no_new_privs). Strings that may be
 *               NULL say so; paths that are not absolute count from the current directory.
 *   ownership   Strings and arrays given to the library are read during the call only. What comes back through
 *               a `ret_` parameter is freed by the caller with free(3). What a callback gets is valid during
 *               the callback.
 *   callbacks   One that returns an int stops the walk by returning another value than 0, which the function
 *               then returns. A negative one is the caller's own error: *err is not filled.
 *   output      The library prints nothing. Warnings go to the log handler of the process, and are dropped
 *               when there is none.
 *
 * What a call changes in the calling process
 *
 *   for a moment   create, run, exec, restore: namespaces, resource limits, signal mask, umask, CPU affinity
 *   for good       create, run, exec, restore: it is undumpable, and its descriptors from 3 on are
 *                  close-on-exec; a run in the foreground makes it a subreaper (prctl(2))
 *   global state   the log handler, the trace file; and what does not change while a process lives: the boot
 *                  ID, this process's identity, the cgroup hierarchies of the machine
 *
 * So the library is not thread-safe: one thread at a time may call it. A program that has other threads
 * starts the program cfs in place of calling create, run, exec and restore.
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

/* Who makes the cgroups of containers. */
enum cfs_cgroup_manager {
        CFS_CGROUP_CGROUPFS, /* cfs itself                                                               */
        CFS_CGROUP_SYSTEMD,  /* systemd: cgroupsPath has the form SLICE:PREFIX:NAME                      */
        CFS_CGROUP_DISABLED, /* none are made: a container stays in its caller's                         */
};

struct cfs_runtime {
        /* absolute path of the state directory; made when missing (0700). See cfs_default_root() */
        const char *root;
        /* the user named it: `list` fails when it does not exist */
        bool root_explicit;
        enum cfs_cgroup_manager cgroup_manager;
        /* write per-row timings in Chrome trace format to this file, or NULL */
        const char *trace;
};

/* /run/cfs for root in the initial user namespace, else $XDG_RUNTIME_DIR/cfs, else /tmp/cfs-UID. */
int cfs_default_root(char **ret_root, struct cfs_error *err);

/* Executes the calling program again, with the same arguments, from a file that no container can write to
 * (CVE-2019-5736). In that second run it does nothing and returns 0. Call it first in main(), before anything
 * that enters a container: create, run, exec, restore. argv ends with a NULL. */
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
        /* the container keeps the session keyring of the caller (keyrings(7)) */
        bool no_new_keyring;
        /* how many descriptors after 0, 1, 2 (and those of LISTEN_FDS) the container gets; at most 16381 */
        int preserve_fds;
};

struct cfs_run_options {
        struct cfs_create_options create;
        /* return when the program runs, instead of when it ends */
        bool detach;
        /* do not delete the container when it exits */
        bool keep;
        /* in the foreground: do not become a subreaper (prctl(2)) */
        bool no_subreaper;
};

/* Makes a container whose program waits for cfs_start(). Returns 0. After a failure nothing is left of it.
 * CFS_E_EXISTS: the ID is taken. CFS_E_INVALID: the configuration is wrong (err->property says where).
 * CFS_E_EXEC: its program cannot be executed. CFS_E_HOOK: a hook failed. */
int cfs_create(const struct cfs_runtime *rt, const char *id, const struct cfs_create_options *o,
               struct cfs_error *err);

/* As cfs_create() and cfs_start() together. Returns the exit code of the program (0 to 255; 128 + N when
 * signal N ended it), or 0 with `detach`. In the foreground it forwards signals, and the terminal when
 * process.terminal is set and no console_socket is given, and deletes the container at its end. */
int cfs_run(const struct cfs_runtime *rt, const char *id, const struct cfs_run_options *o,
            struct cfs_error *err);

/* Lets the program of a created container run. CFS_E_STATE: it is not in the state "created". */
int cfs_start(const struct cfs_runtime *rt, const char *id, struct cfs_error *err);

/* The OCI state document, as one JSON text ending in a newline. */
int cfs_state(const struct cfs_runtime *rt, const char *id, char **ret_json, struct cfs_error *err);

/* Sends a signal, by its number, to the container's first process; with `all` to every process of its
 * cgroup. CFS_E_STATE: it does not run. */
int cfs_kill(const struct cfs_runtime *rt, const char *id, int signal, bool all, struct cfs_error *err);

/* "TERM", "SIGTERM", "15", "RTMIN+1": the number; negative when there is no such signal. */
int cfs_signal_number(const char *name);

/* Removes all that create made. A created container is killed first; a running one only with `force`,
 * otherwise CFS_E_STATE. With `force`, that there is no such container is a success. */
int cfs_delete(const struct cfs_runtime *rt, const char *id, bool force, struct cfs_error *err);

/* One container of a list. Valid during the callback. */
struct cfs_info {
        const char *id;
        pid_t pid; /* of its first process, in the caller's PID namespace; 0 when stopped */
        /* "creating", "created", "running", "paused", "stopped"; "broken": its record cannot be read;
         * "unknown" */
        const char *status;
        const char *bundle;
        const char *created; /* RFC 3339 with nanoseconds */
        uid_t owner_uid;
        const char *owner; /* the user's name, or the number of one that /etc/passwd does not have */
};

/* Calls fn for each container, in the order of their IDs. */
int cfs_list(const struct cfs_runtime *rt, int (*fn)(void *data, const struct cfs_info *info), void *data,
             struct cfs_error *err);

/* The same as one line of JSON, in runc's form: an array of state documents; "null" when there are none. */
int cfs_list_json(const struct cfs_runtime *rt, char **ret_json, struct cfs_error *err);

struct cfs_exec_options {
        /* an OCI process document; NULL: built from the container's and the fields below */
        const char *process_file;
        /* program and arguments, NULL-terminated; ignored with process_file */
        const char *const *args;
        /* NULL: as the container's */
        const char *cwd;
        /* NULL-terminated additions of the form "NAME=VALUE", or NULL */
        const char *const *env;
        /* with a terminal of its own */
        bool tty;
        /* "UID[:GID]" or NULL */
        const char *user;
        const uint32_t *additional_gids;
        size_t n_additional_gids;
        /* capabilities, NULL-terminated additions ("CAP_KILL"), or NULL */
        const char *const *caps;
        /* -1: as the container's; 0, 1 */
        int no_new_privs;
        /* an AppArmor profile, an SELinux label; NULL: as the container's */
        const char *apparmor;
        const char *process_label;
        /* return when the program runs, instead of when it ends */
        bool detach;
        /* as in struct cfs_create_options */
        const char *console_socket, *pidfd_socket, *pid_file;
        int preserve_fds;
        /* cgroups below the container's to join: NULL-terminated "[CONTROLLER:]PATH", or NULL */
        const char *const *cgroups;
        /* also in a paused container: the call then waits until it is resumed */
        bool ignore_paused;
};

/* Runs one more process in a container. Returns as cfs_run() does. CFS_E_STATE: the container does not
 * run. */
int cfs_exec(const struct cfs_runtime *rt, const char *id, const struct cfs_exec_options *o,
             struct cfs_error *err);

/* Freeze all processes of a container, and let them go on. Both return when the kernel has done it.
 * CFS_E_STATE: it is neither running nor created; it is not paused. */
int cfs_pause(const struct cfs_runtime *rt, const char *id, struct cfs_error *err);
int cfs_resume(const struct cfs_runtime *rt, const char *id, struct cfs_error *err);

/* Changes limits of a container that is created, running or paused: all of what is asked for, or nothing.
 * resources_json: an object of the form of linux.resources; what it does not name stays as it is.
 * l3_cache_schema, mem_bw_schema: linux.intelRdt. Each may be NULL. */
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

/* The PIDs of all processes of a container, in the caller's PID namespace; none when it has ended. */
int cfs_ps(const struct cfs_runtime *rt, const char *id, pid_t **ret_pids, size_t *ret_n,
           struct cfs_error *err);

/* Gives fn one line of JSON, without a newline, for each event: with stats_once one of type "stats", and that
 * is all. Otherwise one every interval_ms milliseconds (1 or more), and one of type "oom" for each process
 * that the kernel killed for lack of memory, until the container ends. */
int cfs_events(const struct cfs_runtime *rt, const char *id, bool stats_once, unsigned interval_ms,
               int (*fn)(void *data, const char *line), void *data, struct cfs_error *err);

/* A default config.json, as runc's users know it; with `rootless` one that an ordinary user can run. */
int cfs_spec(bool rootless, char **ret_json, struct cfs_error *err);

/* The features document of the specification (features.md): what this build can do, on any machine. */
int cfs_features(char **ret_json, struct cfs_error *err);

/* What cfs_check() finds. */
enum cfs_problem_kind {
        CFS_PROBLEM_INVALID, /* the document breaks a rule                                               */
        CFS_PROBLEM_HOST,    /* the document is right, but this host, kernel or user cannot do it        */
        /* Not a problem: the specification wants unknown properties ignored, and their author wants to
         * know. */
        CFS_PROBLEM_NOTE,
};
struct cfs_problem {
        enum cfs_problem_kind kind;
        const char *file;
        unsigned line, column;                 /* 0: unknown */
        const char *property, *message, *hint; /* hint may be NULL */
        const char *excerpt;                   /* the line, where the text is not JSON; or NULL */
        unsigned caret;                        /* the column in it, from 0 */
};

/* Validates a bundle without changing anything, and gives fn every problem. `host`: looks also whether
 * this host can run it. Returns 0: no problem; 1: the document is invalid; 2: it is valid, but this host
 * cannot. */
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
