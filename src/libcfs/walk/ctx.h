/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one create, exec or restore carries from row to row.
 *
 * Each field names the row that writes it (W) and the rows that read it (R). The init is a fork of the
 * runtime, so what `prepare` wrote is there in both processes; what `host` writes later is seen by the
 * runtime only, what `init` writes by the init only. What must cross goes through sync.h.
 */
#ifndef LIBCFS_CTX_H
#define LIBCFS_CTX_H

#include "libcfs/walk/step.h"
#include "oci.h"
#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

struct cfs_runtime;         /* cfs.h: root directory, cgroup manager, ...                        */
struct cfs_create_options;  /* cfs.h                                                             */
struct cfs_exec_options;    /* cfs.h                                                             */
struct cfs_restore_options; /* cfs.h                                                            */
struct cgroup;              /* cgroup/cgroup.h                                                   */
struct state;               /* state.h                                                           */
struct sync;                /* sync.h                                                            */
struct checkpoint_job;      /* checkpoint/job.h                                                  */
struct mounts_plan;         /* steps/mounts.c                                                    */
struct load_program;        /* seccomp/load.h                                                    */
struct rlimits_plan;        /* steps/rlimits.c                                                   */
struct namespaces_plan;     /* namespaces.h                                                      */

#define INHERITED_FDS 16384 /* so many descriptors can be passed on */

struct ctx {
        enum walk walk;          /* WALK_CREATE, WALK_EXEC or WALK_RESTORE                       */
        const struct step *plan; /* the table to walk: plan.c                                    */

        /* ---- what was asked; W: the verb ---------------------------------------------------- */
        const struct cfs_runtime *runtime;
        const struct cfs_create_options *create;   /* NULL for exec                                */
        const struct cfs_exec_options *exec;       /* NULL for create                              */
        const struct cfs_restore_options *restore; /* NULL but for restore                       */
        const char *id;
        bool wait_for_start;        /* create: the init waits for `start`           */
        const char *console_socket; /* path that gets the terminal's master, or NULL                */
        const char *pid_file, *pidfd_socket; /* --pid-file, --pidfd-socket, or NULL                 */
        bool patient;       /* exec --ignore-paused: the process may stand still for as long as others like */
        int preserve_asked; /* --preserve-fds                                      */
        /* W: ctx_facts(): which descriptors our caller left us */
        uint64_t inherited[INHERITED_FDS / 64];

        /* ---- the documents; W: bundle.c or, for exec and start, the state record ------------- */
        struct oci_config *config;   /* never NULL; for exec built from the record               */
        struct oci_process *process; /* config->process, or exec's, or an empty one (args NULL); never NULL */
        struct oci_linux *linux_;    /* config->linux, or an empty one; never NULL               */
        struct oci_hooks *hooks;     /* config->hooks or the record's, or an empty one; never NULL */
        struct oci_arena *arena;     /* owns the documents; rows may allocate from it            */
        char *config_text;           /* the document as read, to find the line of a property; or NULL */
        size_t config_len;
        char *config_name; /* as messages call it: "config.json"                       */
        char *bundle;      /* absolute, no symbolic links resolved                     */
        char *rootfs;      /* absolute host path of root.path; NULL for exec           */

        struct state *state; /* W: the verb; R: rows that record what they make          */

        /* ---- facts about ourselves; W: the verb ---------------------------------------------- */
        uid_t euid; /* of the runtime                                           */
        /* the runtime lacks CAP_SYS_ADMIN in its user namespace, or that is not the initial one */
        bool rootless;
        int proc_fd; /* verified O_PATH of the host's /proc; R: sysctl, LSM, maps  */

        /* ---- namespaces; W: bundle.c, and prepare of linux.namespaces; R: spawn and others ------ */
        uint64_t ns_new;  /* CLONE_NEW* to make                                       */
        uint64_t ns_join; /* CLONE_NEW* to enter by path (or, for exec, of the init)  */
        struct namespaces_plan *namespaces;

        /* ---- cgroup; W: linux.cgroupsPath prepare; R: spawn (CLONE_INTO_CGROUP), mounts, host rows */
        struct cgroup *cgroup;

        /* ---- the new process; W: spawn ------------------------------------------------------- */
        pid_t pid; /* of the init (or exec'd process) in the runtime's PID namespace; 0 in the init */
        int pidfd;
        struct sync *sync;        /* this process's end of the socket                         */
        uint64_t ignored_signals; /* R: spawn, to reset them in the new process               */
        int listen_fd;            /* W: created row, prepare; R: init: where `start` connects */
        int signal_fd;            /* W: same, init; R: init: signals that end it while it waits */

        /* ---- CRIU, in the place of the init's walk; W: row "images", prepare; R: rows of restore -- */
        struct checkpoint_job *job;

        /* ---- rows' own ----------------------------------------------------------------------- */
        struct mounts_plan *mounts;   /* W: mounts prepare; R: mounts init                        */
        struct rlimits_plan *rlimits; /* W: process.rlimits prepare; R: process.rlimits release    */
        struct load_program
                *seccomp;      /* W: linux.seccomp prepare; R: its init and host, hooks.startContainer */
        bool filter_is_loaded; /* W: linux.seccomp init; R: hooks.startContainer */
        /* W: linux.seccomp prepare: loaded before privileges are dropped; R: pid_namespace */
        bool filter_is_early;
        /* W: linux.seccomp prepare: CAP_SYS_ADMIN is kept to load it; R: process.capabilities */
        bool filter_needs_admin;
        /* W: root init (O_PATH of the new root, before the pivot); R: mounts, devices, masks, terminal */
        int rootfs_fd;
        int devices_fd; /* W: linux.devices prepare: a detached tmpfs with nodes, or -1; R: its init */
        /* W: root init: the root is the runtime's own, without a mount namespace; R: terminal */
        bool root_is_runtimes;
        bool dev_is_foreign; /* W: linux.devices init: /dev is not the container's own; R: terminal */
        int console_fd;      /* W: process.terminal prepare: where the pty master is sent, or -1 */
        int console_peer;    /* W: same, for a foreground run: the runtime's end, which receives the master */
        bool announced;      /* W: announce: the pid file is written; R: the code that removes it */
        bool foreground;     /* W: the verb: run or exec without --detach                */
        bool in_cwd;         /* W: process.cwd (enter): we are there; R: process.cwd        */
        char *exec_path;     /* W: process.args init: the path that was found             */
        int hooks_out_fd;    /* W: hooks.createContainer prepare: run.oci.hooks.stdout, or -1     */
        int hooks_err_fd;    /* W: same: run.oci.hooks.stderr, or -1; R: hooks.*Container init    */
        int preserve_fds;    /* W: process descriptors prepare: how many after stdio stay open */
        int listen_fds;      /* W: same: how many of these are LISTEN_FDS                 */
        char **env;          /* W: process.env init: what execve gets                     */
        char *notify_socket; /* W: NOTIFY_SOCKET row; R: mounts, env                      */
        bool watchdog;       /* W: the program is to say that it lives: WATCHDOG_USEC     */
};

/* Did our caller leave this descriptor open, to be passed on? */
static inline bool ctx_is_inherited(const struct ctx *c, int fd)
{
        return fd >= 0 && fd < INHERITED_FDS && (c->inherited[fd / 64] >> (fd % 64) & 1);
}

/* Is this a new or joined namespace of the container (as opposed to the runtime's own)? */
static inline bool ctx_has_ns(const struct ctx *c, uint64_t clone_flag)
{
        return ((c->ns_new | c->ns_join) & clone_flag) != 0;
}

/* Is the process that the program will be a second one, which the first makes when it has left the host
 * (steps/pid_namespace.c)? Of create, where the container joins the PID namespace of others; exec always
 * does. */
static inline bool ctx_makes_second(const struct ctx *c)
{
        return c->walk == WALK_CREATE && (c->ns_join & CLONE_NEWPID);
}

/* The entry of that type ("user", "network", ...) in linux.namespaces, or NULL. */
static inline const struct oci_namespace *ctx_find_ns(const struct ctx *c, const char *type)
{
        return oci_find_namespace(c->linux_, type);
}

/* The value of an annotation, or NULL. */
static inline const char *ctx_annotation(const struct ctx *c, const char *key)
{
        return oci_find_string(c->config->annotations, key);
}

/* crun's: "1" leaves the supplementary groups of the caller alone, for directories that rootless users
 * share. */
static inline bool ctx_keeps_groups(const struct ctx *c)
{
        const char *value = ctx_annotation(c, "run.oci.keep_original_groups");

        return value && __builtin_strcmp(value, "1") == 0;
}

/* Does the runtime set scheduling and I/O priorities, from outside? In a user namespace the init's
 * privilege counts for nothing there, and in a second process privileges are gone already. A runtime
 * without privilege has no more right than the init, and none once the init is another user. */
static inline bool ctx_priorities_from_outside(const struct ctx *c)
{
        return (ctx_has_ns(c, CLONE_NEWUSER) || c->walk == WALK_EXEC || ctx_makes_second(c)) && !c->rootless;
}

/* Makes a zeroed context with all descriptors -1. */
void ctx_init(struct ctx *c, enum walk walk);

/* Facts about the calling process: euid, rootless, procfs, inherited descriptors (which it marks
 * close-on-exec). */
int ctx_facts(struct ctx *c, struct cfs_error *err);

/* Closes and frees all that the context owns; never the process. */
void ctx_done(struct ctx *c);
#define _cleanup_ctx_ __attribute__((cleanup(ctx_done))) /* ctx_init() before anything can return */

#endif
