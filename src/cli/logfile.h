/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where messages go: --log, --log-format, --log-level, --debug.
 */
#ifndef CLI_LOGFILE_H
#define CLI_LOGFILE_H

#include "base/cfs-error.h"
#include <stdbool.h>

struct logfile_options {
        /* [file:]PATH, journald:IDENTIFIER, syslog:IDENTIFIER, or NULL: standard error */
        const char *log;
        /* "text" (or NULL), "json" */
        const char *format;
        /* "error" (or NULL), "warning", "info", "debug" */
        const char *level;
        bool debug; /* the same as level "debug"                                                        */
};

/* Opens the log, and makes it the library's log handler. Once. */
int logfile_open(const struct logfile_options *o, struct cfs_error *err);

/* Writes the error that ends the program to the log, and as text to standard error. Works without
 * logfile_open(), too. */
void logfile_error(const struct cfs_error *err);

#endif
