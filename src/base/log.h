/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages below the level of an error: warnings, information, debugging.
 *
 * The library never prints. It hands every message to one handler; the command line's handler writes the log
 * file, the container's init replaces it by one that sends the message to the runtime (sync.h). Without a
 * handler messages vanish. One handler per process; not thread-safe, as cfs is single-threaded.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

typedef void (*log_handler)(void *data, enum log_level level, const char *message);

/* Messages above `max` are dropped before they are formatted. handler == NULL: drop all. */
void log_set_handler(log_handler handler, void *data, enum log_level max);

/* Are messages of this level shown? For messages that are costly to compute. */
bool log_enabled(enum log_level level);

/* An already formatted message, such as one that another process of ours sent. */
void log_message(enum log_level level, const char *message);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

/* Now, in UTC, as RFC 3339 writes it. gmtime_r(3) would read the time zone's file, for leap seconds that
 * Unix time does not have; the calendar repeats every 400 years, and a year that begins in March has its
 * leap day at the end. */
#define LOG_TIME_SIZE 80
void log_time(char buf[LOG_TIME_SIZE]);

#endif
