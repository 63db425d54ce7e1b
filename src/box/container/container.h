/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions behind the commands that change containers. Functions that only read are in
 * store/container.h. box.h says what threads may call.
 */
#ifndef BOX_CONTAINER_CONTAINER_H
#define BOX_CONTAINER_CONTAINER_H

#include "box/core/box.h"
#include "box/bundle/config.h"
#include "box/bundle/options.h"
#include "box/core/digest.h"
#include <limits.h>

/* A container that is being made or started. */
struct container {
        const struct box *box;
        const struct run_options *o; /* NULL: its config.json exists */
        char id[BOX_ID_SIZE], name[64], hostname[65];
        char image[DIGEST_SIZE];
        char dir[PATH_MAX]; /* the bundle: ROOT/containers/ID, or RUN/bundles/ID  */
        char own[64];       /* below ROOT: what the container writes, upper/, work/ */
        struct oci_image *config;
        struct oci_arena *config_arena;
        enum config_network net;
        char net_name[PATH_MAX]; /* what config_input has */
        char **ports;
        size_t n_ports;
        struct oci_arena *arena; /* of ports */
        struct config_from from; /* --volumes-from */
        uint32_t host_id, n_ids;
        bool throwaway;
        bool in_memory; /* store/container.h */
};

/* create.c: makes the row in the store and the directory of a container; mounts nothing. On failure
 * nothing is left. */
int create_container(struct container *c, const struct box *box, const char *image,
                     const struct run_options *o, struct cfs_error *err);
/* Fills *c for a container that exists, to start it again. */
int create_reopen(struct container *c, const struct box *box, const char *id, struct cfs_error *err);
void create_release(struct container *c);
/* Can it be the name of a container? */
int create_check_name(const char *name, struct cfs_error *err);
/* After a failure: removes the container, also from the history. */
void create_undo(const struct container *c);

/* prepare.c: goes into a private mount namespace and mounts the root file system; writes config.json when
 * it is not there. Changes this process for good. Returns a descriptor of the root. */
int prepare_container(struct container *c, struct cfs_error *err);
/* Writes DIR/config.json; the root file system is open as root_fd. */
int prepare_config(const struct container *c, const char *dir, int root_fd, struct cfs_error *err);
/* For cp, of a container that does not run: only mounts its root file system. */
int prepare_mount(struct container *c, struct cfs_error *err);

/* network.c: sets c->net and c->net_name from --network. */
int network_resolve(struct container *c, const char *network, struct cfs_error *err);
/* Do containers find each other by name in its network? As with docker: in networks that the user has
 * made. */
bool network_has_names(const struct container *c);
/* /etc/hosts, /etc/hostname, /etc/resolv.conf of the container. */
int network_files(const struct container *c, struct cfs_error *err);

/* The address that its network gave it, without the prefix; NULL: none. */
char *network_address(const struct box *box, const char *id, struct oci_arena *arena);

/* inspect.c: what `inspect` shows of the container that a name or the beginning of an ID means. */
int inspect_container(const struct box *box, const char *ref, struct oci_arena *arena,
                      struct oci_box_container **ret, struct cfs_error *err);

/* run.c: creates it, runs it in the foreground, in this process, and returns its exit code. */
int run_container(const struct box *box, const char *image, const struct run_options *o,
                  struct cfs_error *err);
/* --cidfile */
int run_write_cidfile(const struct container *c, struct cfs_error *err);
/* make.c: creates it, for a later start. */
int make_container(const struct box *box, const char *image, const struct run_options *o,
                   char ret_id[BOX_ID_SIZE], struct cfs_error *err);
/* bundle.c: --print-bundle */
int print_bundle(const struct box *box, const char *image, const struct run_options *o,
                 struct cfs_error *err);

/* from.c: fills c->from by --volumes-from. */
int from_containers(struct container *c, struct cfs_error *err);

/* log_options.c: are --log-driver and --log-opt ones that there are? And for conmon, into the bundle. */
int log_options_check(const struct run_options *o, struct cfs_error *err);
int log_options_write(const struct container *c, struct cfs_error *err);

/* launch.c: starts it under conmon, so that it goes on when the caller ends. A child process does that,
 * because it changes its mount namespace. The store is closed before the fork and opened again after it. */
int launch_container(struct box *box, struct container *c, struct cfs_error *err);
/* The same for a container that exists and does not run. */
int launch_again(struct box *box, const char *id, struct cfs_error *err);
/* The same for a caller that has set its row to "starting", with this process as owner. */
int launch_claimed(struct box *box, const char *id, struct cfs_error *err);

/* ended.c: after a container has ended: removes its network and mounts, records how it ended, and removes the
 * container when it was made with --rm. Called once. exit_code: -1 unknown. */
int ended_container(const struct box *box, const char *id, int exit_code, struct cfs_error *err);
/* What conmon calls: as above, and follows the restart policy. */
int ended_monitored(struct box *box, const char *id, struct cfs_error *err);
/* Takes the network of a container down, when there is one still. */
void ended_network(const struct box *box, const char *id);
/* The exit code that conmon has written; -1: none. */
int ended_exit_code(const struct box *box, const char *id);

/* stop.c. signal: 0 is the container's own, then SIGKILL after `seconds`. */
int stop_container(const struct box *box, const char *id, int signal, unsigned seconds,
                   struct cfs_error *err);
/* Is it frozen? */
bool stop_is_paused(const struct box *box, const char *id);
int stop_kill(const struct box *box, const char *id, int signal, struct cfs_error *err);
/* Waits until it has ended and that is recorded; *ret_code is -1 when unknown. timeout_ms -1: for ever.
 * -ETIMEDOUT without a message. */
int stop_wait(const struct box *box, const char *id, int timeout_ms, int *ret_code, struct cfs_error *err);

/* remove.c */
enum {
        REMOVE_FORCE = 1 << 0,   /* a running one is killed first                 */
        REMOVE_VOLUMES = 1 << 1, /* with its volumes that have no name of the user's */
};
int remove_container(const struct box *box, const char *id, unsigned flags, struct cfs_error *err);
/* The same for a caller that has set its row to "removing", with this process as owner. */
int remove_claimed(const struct box *box, const char *id, unsigned flags, struct cfs_error *err);
/* What it has beside its row: its directory, its bundle, and with REMOVE_VOLUMES those volumes. */
int remove_files(const struct box *box, const char *id, unsigned flags, struct cfs_error *err);
/* Deletes the container of cfs: its processes, its cgroup, its state directory. */
void remove_state(const struct box *box, const char *id);

#endif
