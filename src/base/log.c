/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages below the level of an error.
 *
 * The formatted message lives on the stack: a warning must be possible after malloc failed. errno survives a call,
 * so that a warning can be put between a failed system call and the code that looks at why.
 */
#include "base/log.h"
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

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

void log_message(enum log_level level, const char *message)
{
        int saved = errno;

        if (log_enabled(level))
                the_handler(the_data, level, message);
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
