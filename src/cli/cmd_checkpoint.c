/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs checkpoint and cfs restore. libcfs cannot do either yet. The options are known already, all of those that the
 * engines send, because an engine finds out what a runtime can do by asking: Podman runs `checkpoint --help`, and
 * `restore --lsm-mount-context` without a value, and looks at the answer.
 */
#include "cli/cli.h"
#include "cli/fail.h"

#define FLAG(name, help)                                                                                     \
        {                                                                                                    \
                name, 0, OPTION_FLAG, OPTION_IGNORED, NULL, NULL, help                                       \
        }
#define TEXT(name, value, help)                                                                              \
        {                                                                                                    \
                name, 0, OPTION_TEXT, OPTION_IGNORED, value, NULL, help                                      \
        }

#define COMMON_OPTIONS                                                                                       \
        TEXT("image-path", "DIR", "directory of the image"),                                                 \
                TEXT("work-path", "DIR", "directory for work files and logs"),                               \
                FLAG("tcp-established", "allow open TCP connections"),                                       \
                FLAG("ext-unix-sk", "allow external UNIX sockets"),                                          \
                FLAG("shell-job", "allow a shell's jobs"),                                                   \
                FLAG("file-locks", "handle file locks"), { "manage-cgroups-mode",                            \
                                                           0,                                                \
                                                           OPTION_TEXT,                                      \
                                                           OPTION_IGNORED,                                   \
                                                           "MODE",                                           \
                                                           "soft full strict ignore",                        \
                                                           "how cgroups are handled" },                      \
                FLAG("link-remap", "allow links to deleted files"),                                          \
                FLAG("lazy-pages", "hand memory over page by page, with userfaultfd"),                       \
                FLAG("auto-dedup", "drop pages from the images once they are superseded"),                   \
                { "empty-ns",                                                                                \
                  0,                                                                                         \
                  OPTION_LIST,                                                                               \
                  OPTION_IGNORED,                                                                            \
                  "NAMESPACE",                                                                               \
                  NULL,                                                                                      \
                  "a namespace whose content is left out" },                                                 \
        {                                                                                                    \
                "network-lock", 0, OPTION_TEXT, OPTION_IGNORED, "METHOD", "iptables nftables skip",          \
                        "how the network is locked"                                                          \
        }

static const struct option_def checkpoint_options[] = {
        COMMON_OPTIONS,
        FLAG("leave-running", "do not stop the container"),
        FLAG("pre-dump", "memory only, and leave the container running"),
        TEXT("parent-path", "DIR", "an earlier image of --pre-dump, relative to the image's directory"),
        TEXT("page-server", "ADDRESS:PORT", "server that takes the pages"),
        TEXT("status-fd", "FD", "descriptor that gets a zero byte when --lazy-pages is ready"),
        FLAG("tcp-skip-in-flight", "leave out TCP connections that are being made"),
        { 0 },
};

static const struct option_def restore_options[] = {
        COMMON_OPTIONS,
        { "bundle", 'b', OPTION_TEXT, OPTION_IGNORED, "DIR", NULL,
          "directory of the bundle; the current directory by default" },
        { "config", 'f', OPTION_TEXT, OPTION_IGNORED, "FILE", NULL,
          "configuration to use in place of config.json" },
        { "detach", 'd', OPTION_FLAG, OPTION_IGNORED, NULL, NULL, "do not wait for the container's end" },
        TEXT("pid-file", "FILE", "file to write the init's process ID to"),
        TEXT("console-socket", "SOCKET", "socket that receives the terminal's master"),
        FLAG("no-pivot", "do not use pivot_root(2): for a host that runs from a ramdisk"),
        FLAG("no-new-keyring", "keep the caller's session keyring"),
        FLAG("no-subreaper", "do not adopt orphans of the container while waiting"),
        TEXT("preserve-fds", "N", "pass N descriptors on, besides 0, 1, 2 and those of LISTEN_FDS"),
        TEXT("lsm-profile", "TYPE:NAME", "security profile or label of the processes"),
        TEXT("lsm-mount-context", "CONTEXT", "SELinux context of the mounts"),
        FLAG("tcp-close", "close TCP connections"),
        { 0 },
};

static int run(const struct cfs_runtime *rt, const void *values, const char *const *args,
               struct cfs_error *err)
{
        return fail_hint(
                err,
                fail_code(err, CFS_E_UNSUPPORTED, "checkpoint and restore are not supported by this build"),
                "the line of `cfs --version` that begins with a plus says -CRIU");
}

const struct command cmd_checkpoint_command = {
        .name = "checkpoint",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .flags = COMMAND_NO_ROOT,
        .summary = "save a running container (not supported by this build)",
        .description =
                "Saves the processes of a container to image files, by means of CRIU. This build of cfs cannot\n"
                "do that: the command accepts its options and fails.",
        .options = checkpoint_options,
        .run = run,
};

const struct command cmd_restore_command = {
        .name = "restore",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .flags = COMMAND_NO_ROOT,
        .summary = "restore a saved container (not supported by this build)",
        .description =
                "Makes a container from the image files that a checkpoint left. This build of cfs cannot do\n"
                "that: the command accepts its options and fails.",
        .options = restore_options,
        .run = run,
};
