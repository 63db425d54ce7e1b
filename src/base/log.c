/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages below the level of an error.
 *
 * The formatted message lives on the stack: a warning must be possible after malloc failed. errno survives a
 * call, so that a warning can be put between a failed system call and the code that looks at why.
 */
#include "base/log.h"
#include "base/visible.h"
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

static log_handler the_handler;
static void *the_data;
static enum log_level the_max;

void log_set_handler(log_handler handler, void *data, enum log_level max)
{
        the_handler = handler;
        the_data = data;
        the_max = max;
}

bool log_enabled(enum log_level level)
{
        return the_handler && level <= the_max;
}

/* One printable line, as errors are: names of files, and what programs have said, end up in messages. */
void log_message(enum log_level level, const char *message)
{
        char clean[2048];
        int saved = errno;

        if (log_enabled(level)) {
                (void)snprintf(clean, sizeof(clean), "%s", message);
                for (char *p = clean; *p; p++)
                        if (*p == '\n' || *p == '\t' || *p == '\r')
                                *p = ' ';
                visible_make(clean);
                the_handler(the_data, level, clean);
        }
        errno = saved;
}

__attribute__((format(printf, 2, 0))) static void vlog(enum log_level level, const char *fmt, va_list ap)
{
        char message[2048];
        int saved = errno;

        if (!log_enabled(level))
                return;
        if (vsnprintf(message, sizeof(message), fmt, ap) >= 0)
                log_message(level, message);
        errno = saved;
}

#define LOG_AT(level)                                                                                        \
        do {                                                                                                 \
                va_list ap;                                                                                  \
                va_start(ap, fmt);                                                                           \
                vlog((level), fmt, ap);                                                                      \
                va_end(ap);                                                                                  \
        } while (0)

void log_error(const char *fmt, ...)
{
        LOG_AT(LOG_LEVEL_ERROR);
}

void log_warning(const char *fmt, ...)
{
        LOG_AT(LOG_LEVEL_WARNING);
}

void log_info(const char *fmt, ...)
{
        LOG_AT(LOG_LEVEL_INFO);
}

void log_debug(const char *fmt, ...)
{
        LOG_AT(LOG_LEVEL_DEBUG);
}

const char *log_level_name(enum log_level level)
{
        switch (level) {
        case LOG_LEVEL_ERROR:
                return "error";
        case LOG_LEVEL_WARNING:
                return "warning";
        case LOG_LEVEL_INFO:
                return "info";
        case LOG_LEVEL_DEBUG:
                return "debug";
        }
        return "unknown";
}

void log_time(char buf[LOG_TIME_SIZE])
{
        struct timespec now;
        long days, era, day_of_era, year_of_era, day_of_year, month, second;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        days = now.tv_sec / 86400 + 719468; /* since 0000-03-01 */
        second = now.tv_sec % 86400;
        era = days / 146097;
        day_of_era = days % 146097;
        year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        month = (5 * day_of_year + 2) / 153; /* 0: March */
        (void)snprintf(buf, LOG_TIME_SIZE, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%09ldZ",
                       era * 400 + year_of_era + (month >= 10), month < 10 ? month + 3 : month - 9,
                       day_of_year - (153 * month + 2) / 5 + 1, second / 3600, second / 60 % 60, second % 60,
                       now.tv_nsec);
}
