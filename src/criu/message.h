/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The requests to CRIU and its answers, as plain structures: the part of its rpc.proto that a container
 * runtime uses. The numbers are those of that file, which CRIU keeps stable.
 */
#ifndef CRIU_MESSAGE_H
#define CRIU_MESSAGE_H

#include "base/str.h"
#include <stdbool.h>
#include <sys/types.h>

enum criu_type {
        CRIU_EMPTY = 0,
        CRIU_DUMP = 1,
        CRIU_RESTORE = 2,
        CRIU_PRE_DUMP = 4,
        CRIU_NOTIFY = 6,
        CRIU_FEATURE_CHECK = 9,
        CRIU_VERSION = 10,
};

enum criu_cgroup_mode {
        CRIU_CGROUP_IGNORE = 0,
        CRIU_CGROUP_SOFT = 3,
        CRIU_CGROUP_FULL = 4,
        CRIU_CGROUP_STRICT = 5,
};

enum criu_network_lock { CRIU_LOCK_IPTABLES = 1, CRIU_LOCK_NFTABLES = 2, CRIU_LOCK_SKIP = 3 };

/* A key and its value, which is `number` when it is a number. */
struct criu_pair {
        const char *key, *value;
        int number;
};

struct criu_pairs {
        struct criu_pair *p;
        size_t n;
};

/* Zero and NULL mean that an option is not sent, except where a has_ field says so. Descriptors are the
 * sender's own: CRIU opens /proc/PID/fd/N of the process that made the socket pair. Those of inherit_fd
 * are the CRIU process's. */
struct criu_options {
        int images_dir_fd, work_dir_fd;
        pid_t pid;
        bool leave_running, ext_unix_sk, tcp_established, shell_job, file_locks, notify_scripts, track_mem,
                auto_dedup, link_remap, manage_cgroups, rst_sibling, tcp_skip_in_flight, lazy_pages,
                orphan_pts_master, tcp_close;
        int log_level;
        const char *log_file, *root, *parent_img, *freeze_cgroup, *config_file, *lsm_profile,
                *lsm_mount_context;
        const char *page_server_address;
        int page_server_port; /* 0: no page server */
        bool has_cgroup_mode;
        enum criu_cgroup_mode cgroup_mode;
        bool has_status_fd;
        int status_fd;
        unsigned empty_ns;          /* CLONE_NEW*                                 */
        int network_lock;           /* enum criu_network_lock, or 0               */
        struct criu_pairs cg_root;  /* controller, path                           */
        struct criu_pairs inherit;  /* key, number: the descriptor                */
        struct criu_pairs join_ns;  /* type, path                                 */
        struct criu_pairs external; /* keys                                       */
};

/* A request; options may be NULL. keep_open: another request will follow. */
void message_put_request(struct str *s, enum criu_type type, const struct criu_options *o, bool keep_open);

/* The answer to a notification. */
void message_put_notified(struct str *s, bool success);

struct criu_response {
        enum criu_type type;
        bool success;
        bool restored;     /* of a dump: this is the restored process speaking     */
        pid_t pid;         /* of a restore, or of a notification                   */
        char script[32];   /* of a notification: "post-restore" ...                */
        int error;         /* errno, or 0                                          */
        char message[160]; /* CRIU's own, or ""                                    */
        unsigned version;  /* 31701 is 3.17.1                                      */
        bool has_lazy_pages, has_mem_track;
};

/* 0 or -EBADMSG. */
int message_get_response(const char *data, size_t len, struct criu_response *ret);

#endif
