/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options in front of the command. */
#include "cli/cli.h"
#include <stddef.h>

#define AT(field) offsetof(struct cli_globals, field)

const struct option_def globals_options[] = {
        { "root", 0, OPTION_TEXT, AT(root), "DIR", NULL, "directory of the containers' state" },
        { "log", 0, OPTION_TEXT, AT(log), "LOG", NULL,
          "where messages go: [file:]PATH, journald:IDENTIFIER or syslog:IDENTIFIER" },
        { "log-format", 0, OPTION_TEXT, AT(log_format), "FORMAT", "text json", "format of the log" },
        { "log-level", 0, OPTION_TEXT, AT(log_level), "LEVEL", "error warning info debug",
          "lowest severity to log; warning by default" },
        { "debug", 0, OPTION_FLAG, AT(debug), NULL, NULL,
          "the same as --log-level debug: the log has each step as it begins" },
        { "systemd-cgroup", 0, OPTION_FLAG, AT(systemd_cgroup), NULL, NULL,
          "let systemd manage cgroups; cgroupsPath has the form SLICE:PREFIX:NAME" },
        { "cgroup-manager", 0, OPTION_TEXT, AT(cgroup_manager), "MANAGER", "cgroupfs systemd disabled",
          "who manages cgroups" },
        { "rootless", 0, OPTION_TEXT, OPTION_IGNORED, "MODE", "true false auto",
          "accepted for compatibility: cfs finds this out by itself" },
        { "criu", 0, OPTION_TEXT, OPTION_IGNORED, "PATH", NULL, NULL },
        { "trace", 0, OPTION_TEXT, AT(trace), "FILE", NULL,
          "write how long each step took to FILE, in Chrome's trace format" },
        { "version", 'v', OPTION_FLAG, AT(version), NULL, NULL,
          "show the version and the features of this build" },
        { "V", 'V', OPTION_FLAG, AT(version), NULL, NULL, NULL },
        { 0 },
};
