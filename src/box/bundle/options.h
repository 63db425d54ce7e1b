/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of `run` and `create`, as the texts of the command line. NULL or false: not given.
 */
#ifndef BOX_BUNDLE_OPTIONS_H
#define BOX_BUNDLE_OPTIONS_H

#include <stdbool.h>

struct run_options {
        const char *name, *hostname, *workdir, *user, *entrypoint, *network, *userns, *restart, *stop_signal,
                *cidfile, *print_bundle, *shm_size;
        const char *memory, *memory_reservation, *memory_swap, *cpus, *cpu_percent, *cpuset, *pids_limit,
                *blkio_weight, *cpu_shares;
        const char **env, **env_files, **volumes, **mounts, **tmpfs, **publish, **cap_add, **cap_drop,
                **security_opts, **devices, **ulimits, **sysctls, **dns, **hosts, **labels, **aliases,
                **groups, **dns_search, **dns_options, **log_options, **label_files, **volumes_from;
        const char *log_driver, *pull, *platform, *pid, *ipc, *uts, *oom_score_adj, *cpu_quota, *cpu_period,
                *cpuset_mems;
        bool interactive, tty, detach, remove, read_only, init, privileged, publish_all, all_namespaces,
                limits, shift;
        const char *const *args; /* after the image: NULL-terminated */
};

#endif
