/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log that conmon writes, "k8s-file": each line is TIME STREAM TAG TEXT. STREAM is stdout or stderr; TAG
 * is F, or P when the program's line was longer and goes on.
 */
#ifndef BOX_MONITOR_LOG_H
#define BOX_MONITOR_LOG_H

#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

struct log_line {
        const char *time, *text; /* valid until the next log_next(); text has no NUL at its end */
        size_t time_len, len;
        bool is_stderr, whole; /* whole: the program's line ends here */
        bool begins;           /* it begins here                      */
};

struct log_reader {
        int fd;
        char *path;
        bool replaced; /* there is a new file (--log-opt max-size): what the old one still has comes first */
        struct str buf;
        size_t at;
        bool inside; /* the last line was a part */
};

/* `tail`: only so many lines from the end. */
int log_open(struct log_reader *r, const char *path, uint64_t tail, struct cfs_error *err);
/* 1: a line; 0: no more at the moment. */
int log_next(struct log_reader *r, struct log_line *ret, struct cfs_error *err);
void log_close(struct log_reader *r);

/* One line of the file, without its end. For the unit test. */
bool log_parse(const char *line, size_t len, struct log_line *ret);

#endif
