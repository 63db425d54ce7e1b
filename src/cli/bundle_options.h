/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options that create, run and explain share: rows for a structure that holds a struct cfs_create_options
 * at `at`.
 */
#ifndef CLI_BUNDLE_OPTIONS_H
#define CLI_BUNDLE_OPTIONS_H

#include "cli/cli.h"
#include <stddef.h>

#define CREATE_BUNDLE_OPTIONS(at)                                                                            \
        { "bundle",                                                                                          \
          'b',                                                                                               \
          OPTION_TEXT,                                                                                       \
          (at) + offsetof(struct cfs_create_options, bundle),                                                \
          "DIR",                                                                                             \
          NULL,                                                                                              \
          "directory of the bundle; the current directory by default" },                                     \
        {                                                                                                    \
                "config", 'f', OPTION_TEXT, (at) + offsetof(struct cfs_create_options, config), "FILE",      \
                        NULL, "configuration to use in place of config.json"                                 \
        }

#define CREATE_PROCESS_OPTIONS(at)                                                                           \
        { "console-socket",                                                                                  \
          0,                                                                                                 \
          OPTION_MAYBE,                                                                                      \
          (at) + offsetof(struct cfs_create_options, console_socket),                                        \
          "SOCKET",                                                                                          \
          NULL,                                                                                              \
          "socket that receives the terminal's master" },                                                    \
                { "pidfd-socket",                                                                            \
                  0,                                                                                         \
                  OPTION_MAYBE,                                                                              \
                  (at) + offsetof(struct cfs_create_options, pidfd_socket),                                  \
                  "SOCKET",                                                                                  \
                  NULL,                                                                                      \
                  "socket that receives a pidfd of the container's init" },                                  \
                { "pid-file",                                                                                \
                  0,                                                                                         \
                  OPTION_MAYBE,                                                                              \
                  (at) + offsetof(struct cfs_create_options, pid_file),                                      \
                  "FILE",                                                                                    \
                  NULL,                                                                                      \
                  "file to write the init's process ID to" },                                                \
                { "no-pivot",                                                                                \
                  0,                                                                                         \
                  OPTION_FLAG,                                                                               \
                  (at) + offsetof(struct cfs_create_options, no_pivot),                                      \
                  NULL,                                                                                      \
                  NULL,                                                                                      \
                  "do not use pivot_root(2): for a host that runs from a ramdisk" },                         \
                { "no-new-keyring",                                                                          \
                  0,                                                                                         \
                  OPTION_FLAG,                                                                               \
                  (at) + offsetof(struct cfs_create_options, no_new_keyring),                                \
                  NULL,                                                                                      \
                  NULL,                                                                                      \
                  "keep the caller's session keyring" },                                                     \
        {                                                                                                    \
                "preserve-fds", 0, OPTION_INT, (at) + offsetof(struct cfs_create_options, preserve_fds),     \
                        "N", NULL, "pass N descriptors on, besides 0, 1, 2 and those of LISTEN_FDS"          \
        }

#endif
