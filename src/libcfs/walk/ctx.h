/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one create, exec or restore carries from row to row.
 *
 * Of each field, or group of fields, "W:" says which files write it, without .c (tests/style/ctx looks
 * whether that is true); grep says where it is read. What belongs to one row alone is in that row's own
 * structure. The init is a fork of the runtime, so what `prepare` wrote is there in both processes; what
 * `host` writes later is seen by the runtime only, what `init` writes by the init only. What must cross goes
 * through sync.h.
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
struct devices_plan;        /* steps/devices.c                                                   */
struct namespaces_plan;     /* namespaces.h                                                      */

#define INHERITED_FDS 16384 /* so many descriptors can be passed on */

struct ctx {
        enum walk walk;          /* which columns and rows. W: engine */
        const struct step *plan; /* the table to walk: plan.c, unless a test has another */

        /* ---- what was asked; W: build verbs/exec ---- */
        const struct cfs_runtime *runtime;         /* W: build explain start verbs/exec */
        const struct cfs_create_options *create;   /* NULL for exec. W: build explain */
        const struct cfs_exec_options *exec;       /* NULL but for exec. W: verbs/exec */
        const struct cfs_restore_options *restore; /* NULL but for restore. W: verbs/restore */
        const char *id;                            /* W: build explain start verbs/exec */
        bool wait_for_start;                       /* create: the init waits for `start`. W: create */
        /* path that gets the terminal's master, or NULL. W: build explain verbs/exec */
        const char *console_socket;
        const char *pid_file;     /* --pid-file, or NULL */
        const char *pidfd_socket; /* --pidfd-socket, or NULL */
        bool patient; /* exec --ignore-paused: the new process may stand still for any time. W: verbs/exec */
        int preserve_asked; /* --preserve-fds. W: build explain verbs/exec */
        bool foreground; /* run, exec, restore: without --detach. W: explain run verbs/exec verbs/restore */

        /* ---- the documents; for exec, start and restore they are (in part) the record's; W: bundle ---- */
        struct oci_config *config;   /* never NULL. W: bundle check */
        struct oci_process *process; /* config->process, or exec's, or an empty one (args NULL); never NULL */
        struct oci_linux *linux_;    /* config->linux, or an empty one; never NULL */
        struct oci_hooks *hooks;     /* config->hooks or the record's, or an empty one; never NULL */
        /* owns the documents; rows may allocate from it. W: bundle check verbs/exec */
        struct oci_arena *arena;
        /* the document as read, to find the line of a property; or NULL. W: bundle verbs/exec */
        char *config_text;
        size_t config_len; /* W: bundle verbs/exec */
        char *config_name; /* as messages call it: "config.json" */
        char *bundle;      /* absolute, no symbolic links resolved */
        char *rootfs;      /* absolute host path of root.path; NULL for exec */

        /* the open container, whose record says what rows have made. W: build start verbs/exec */
        struct state *state;

        /* ---- facts about this process: ctx_facts() finds them ---- */
        uint64_t inherited[INHERITED_FDS / 64]; /* which descriptors our caller left us */
        uid_t euid;                             /* of the runtime */
        /* the runtime lacks CAP_SYS_ADMIN in its user namespace, or that is not the initial one */
        bool rootless;
        int proc_fd; /* verified O_PATH of the host's /proc; the init closes it late. W: steps/descriptors */

        /* ---- namespaces ---- */
        uint64_t ns_new;                    /* CLONE_NEW* to make. W: bundle steps/namespaces */
        uint64_t ns_join;                   /* CLONE_NEW* to enter. W: bundle steps/namespaces */
        struct namespaces_plan *namespaces; /* descriptors of those to enter. W: steps/namespaces */

        /* ---- cgroup ---- */
        struct cgroup *cgroup; /* W: cgroups */
        /* the init exists, and makes its network namespace, while the runtime makes the cgroups. W: bundle */
        bool enters_late;

        /* ---- the new process; 0, -1 and NULL before spawn() ---- */
        /* its number in the runtime's PID namespace; 0 in the init.
         * W: build foreground pid_namespace spawn start steps/restore */
        pid_t pid;
        int pidfd;         /* W: pid_namespace spawn start steps/restore */
        struct sync *sync; /* this process's end of the socket. W: spawn start */
        int listen_fd;     /* the init: where `start` connects. W: created */
        int signal_fd;     /* the init: signals that end it while it waits. W: created */

        /* ---- restore: CRIU, in the place of the init's walk ---- */
        struct checkpoint_job *job; /* W: steps/restore */

        /* ---- what crosses from row to row ---- */
        struct mounts_plan *mounts;   /* W: steps/mounts */
        struct rlimits_plan *rlimits; /* W: rlimits */
        struct devices_plan *devices; /* W: devices */
        struct load_program *seccomp; /* the filter; NULL: none. W: seccomp */
        bool filter_is_loaded;        /* W: seccomp */
        bool filter_is_early;         /* it is loaded before privileges are dropped. W: seccomp */
        bool filter_needs_admin;      /* CAP_SYS_ADMIN is kept to load it. W: seccomp */
        /* O_PATH of the new root, before the pivot. W: steps/descriptors steps/mounts steps/root */
        int rootfs_fd;
        bool root_is_runtimes; /* the root is the runtime's own, without a mount namespace. W: steps/root */
        bool dev_is_foreign;   /* /dev is not the container's own. W: devices */
        int console_fd;        /* where the terminal's master is sent, or -1. W: terminal */
        int console_peer;      /* foreground: the runtime's end, which receives the master. W: terminal */
        bool announced;   /* the pid file is written, and to be removed after a failure. W: announce build */
        bool in_cwd;      /* we are in process.cwd already. W: cwd */
        char *exec_path;  /* the program that was found. W: args */
        int hooks_out_fd; /* run.oci.hooks.stdout, or -1. W: hooks */
        int hooks_err_fd; /* run.oci.hooks.stderr, or -1. W: hooks */
        int preserve_fds; /* how many descriptors after stdio stay open. W: steps/descriptors */
        int listen_fds;   /* how many of these are LISTEN_FDS. W: steps/descriptors */
        char **env;       /* what execve gets. W: env */
        char *notify_socket; /* what the container sees as /run/notify, or NULL. W: notify_socket */
        bool watchdog;       /* the program is to send signs of life: WATCHDOG_USEC. W: notify_socket */
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

/* The same of any walk: exec always has a second process. */
static inline bool ctx_has_second(const struct ctx *c)
{
        return c->walk == WALK_EXEC || ctx_makes_second(c);
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
        return (ctx_has_ns(c, CLONE_NEWUSER) || ctx_has_second(c)) && !c->rootless;
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
