/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs checkpoint and cfs restore. Engines find out what a runtime can do by asking: Podman runs `checkpoint
 * --help`, and `restore --lsm-mount-context` without a value, and looks at the answer.
 */
#include "cli/bundle_options.h"

#define FLAG(at, name, help)                                                                                 \
        {                                                                                                    \
                name, 0, OPTION_FLAG, at, NULL, NULL, help                                                   \
        }
#define TEXT(at, name, value, choices, help)                                                                 \
        {                                                                                                    \
                name, 0, OPTION_TEXT, at, value, choices, help                                               \
        }
#define LIST(at, name, value, choices, help)                                                                 \
        {                                                                                                    \
                name, 0, OPTION_LIST, at, value, choices, help                                               \
        }

#define CRIU(at, field) (at) + offsetof(struct cfs_criu_options, field)

#define CRIU_OPTIONS(at)                                                                                     \
        TEXT(CRIU(at, image_path), "image-path", "DIR", NULL,                                                \
             "directory of the images; ./checkpoint by default"),                                            \
                TEXT(CRIU(at, work_path), "work-path", "DIR", NULL,                                          \
                     "directory of CRIU's log and statistics; that of the images by default"),               \
                FLAG(CRIU(at, tcp_established), "tcp-established", "keep TCP connections"),                  \
                FLAG(CRIU(at, ext_unix_sk), "ext-unix-sk",                                                   \
                     "allow UNIX sockets whose peer is outside of the container"),                           \
                FLAG(CRIU(at, shell_job), "shell-job", "allow a terminal or session of the caller's"),       \
                FLAG(CRIU(at, file_locks), "file-locks", "keep file locks"),                                 \
                FLAG(CRIU(at, link_remap), "link-remap", "allow open files that were deleted"),              \
                FLAG(CRIU(at, lazy_pages), "lazy-pages", "hand memory over page by page, when it is used"),  \
                FLAG(CRIU(at, auto_dedup), "auto-dedup",                                                     \
                     "remove pages from earlier images that later images have, too"),                        \
                TEXT(CRIU(at, manage_cgroups_mode), "manage-cgroups-mode", "MODE",                           \
                     "soft full strict ignore", "how CRIU saves and restores cgroups"),                      \
                TEXT(CRIU(at, network_lock), "network-lock", "METHOD", "iptables nftables skip",             \
                     "how the network is locked meanwhile"),                                                 \
                LIST(CRIU(at, empty_ns), "empty-ns", "NAMESPACE", "network",                                 \
                     "do not save what is in the namespace: a hook makes it again"),                         \
        {                                                                                                    \
                "timeout", 0, OPTION_INT, CRIU(at, timeout), "SECONDS", NULL,                                \
                        "fail, and undo what was done, when CRIU takes longer; 0, the default: never"        \
        }

#define SAVE(field) offsetof(struct cfs_checkpoint_options, field)

static const struct option_def checkpoint_options[] = {
        CRIU_OPTIONS(SAVE(criu)),
        FLAG(SAVE(leave_running), "leave-running", "let the container go on"),
        FLAG(SAVE(pre_dump), "pre-dump", "save memory alone, and let the container go on"),
        TEXT(SAVE(parent_path), "parent-path", "DIR", NULL,
             "images of an earlier --pre-dump, relative to --image-path: what they have is not saved again"),
        TEXT(SAVE(page_server), "page-server", "ADDRESS:PORT", NULL, "send memory to this page server"),
        { "status-fd", 0, OPTION_INT, SAVE(status_fd), "FD", NULL,
          "descriptor that gets a zero byte when --lazy-pages is ready" },
        FLAG(SAVE(tcp_skip_in_flight), "tcp-skip-in-flight", "leave out TCP connections that are being made"),
        { 0 },
};

#define LOAD(field) offsetof(struct cfs_restore_options, field)

static const struct option_def restore_options[] = {
        CREATE_BUNDLE_OPTIONS(LOAD(create)),
        CRIU_OPTIONS(LOAD(criu)),
        { "detach", 'd', OPTION_FLAG, LOAD(detach), NULL, NULL, "do not wait for the container's end" },
        CREATE_PROCESS_OPTIONS(LOAD(create)),
        FLAG(LOAD(no_subreaper), "no-subreaper", "do not adopt orphans of the container while waiting"),
        FLAG(LOAD(tcp_close), "tcp-close", "close TCP connections"),
        TEXT(LOAD(lsm_profile), "lsm-profile", "TYPE:NAME", NULL,
             "security profile or label of the processes: apparmor:NAME, selinux:LABEL"),
        TEXT(LOAD(lsm_mount_context), "lsm-mount-context", "CONTEXT", NULL, "SELinux context of the mounts"),
        { 0 },
};

static int run_checkpoint(const struct cfs_runtime *rt, const void *values, const char *const *args,
                          struct cfs_error *err)
{
        return cfs_checkpoint(rt, args[0], values, err);
}

static int run_restore(const struct cfs_runtime *rt, const void *values, const char *const *args,
                       struct cfs_error *err)
{
        return cfs_restore(rt, args[0], values, err);
}

const struct command cmd_checkpoint_command = {
        .name = "checkpoint",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "save a running container to files",
        .description =
                "Saves the processes of a running or paused container to image files, by CRIU (package criu),\n"
                "and deletes the container, unless --leave-running or --pre-dump is given. Files are not\n"
                "saved, except those of tmpfs mounts. When this fails, the container goes on as before.",
        .examples = "cfs checkpoint --image-path /srv/images web\n"
                    "cfs checkpoint --pre-dump --image-path /srv/pre web\n"
                    "cfs checkpoint --image-path /srv/images --parent-path ../pre web",
        .options = checkpoint_options,
        .values_size = sizeof(struct cfs_checkpoint_options),
        .run = run_checkpoint,
};

const struct command cmd_restore_command = {
        .name = "restore",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .flags = COMMAND_ENTERS | COMMAND_TRACES,
        .summary = "make a container from files that checkpoint saved",
        .description =
                "Makes a container from a bundle, and its processes from the image files of a checkpoint, by\n"
                "CRIU (package criu). The processes continue where they were. CONTAINER, the bundle and the\n"
                "host may be others than before. Without --detach, cfs stays in the foreground, as `cfs run`\n"
                "does. When this fails, nothing is left.",
        .examples = "cfs restore --bundle /srv/bundle --image-path /srv/images --detach web",
        .options = restore_options,
        .values_size = sizeof(struct cfs_restore_options),
        .run = run_restore,
};
