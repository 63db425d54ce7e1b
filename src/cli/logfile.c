/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log.
 *
 * What engines do with it decides its form. One reads the file line by line, wants every line to be a JSON
 * object whose "time" is RFC 3339, and shows the last one of level "error"; a line that is anything else, or
 * a missing file, and the user sees "unable to retrieve OCI runtime error". Another parses the whole file as
 * one object, and reads standard error when there are more. So every message is one line, in one write(2) on
 * an O_APPEND descriptor, the error that ends cfs the last; and the file is made at the start, when the
 * current directory and the mounts are still the caller's. At the default level warnings are written, among
 * them what could not be undone: users have to know of it, and would not think of asking for it with --debug.
 *
 * Some engines read standard error instead: there the error appears as text as well. Without --log, warnings
 * and the lower levels go to standard error, in the chosen format.
 *
 * journald and syslog are datagram sockets with simple formats (systemd's "Native Journal Protocol"; RFC 3164
 * without the time stamp, which the daemon adds), so no library is needed.
 */
#include "cli/logfile.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "libcfs/cfs.h"
#include "base/err.h"
#include "base/io.h"
#include "json.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum target { TARGET_STDERR, TARGET_FILE, TARGET_JOURNALD, TARGET_SYSLOG };

static struct {
        enum target target;
        int fd;
        bool json;
        const char *identifier; /* of journald and syslog */
} the_log = { TARGET_STDERR, STDERR_FILENO, false, NULL };

/* syslog(3)'s severities. */
static int severity(enum log_level level)
{
        switch (level) {
        case LOG_LEVEL_ERROR:
                return 3;
        case LOG_LEVEL_WARNING:
                return 4;
        case LOG_LEVEL_INFO:
                return 6;
        case LOG_LEVEL_DEBUG:
                break;
        }
        return 7;
}

/* The document so far, as the end of a line. False: there is no memory for it. */
static bool put_text(FILE *f, struct json_writer *w)
{
        _cleanup_free_ char *text = NULL;
        struct cfs_error ignored;

        return json_write_take(w, &text, NULL, &ignored) >= 0 && fputs(text, f) >= 0 && putc('\n', f) >= 0;
}

static bool put_json(FILE *f, enum log_level level, const char *message, const struct cfs_error *err)
{
        struct json_writer *w = json_write_new(0);
        char now[LOG_TIME_SIZE];

        log_time(now);
        json_write_object(w);
        json_write_member(w, "level", log_level_name(level));
        json_write_key(w, "msg");
        json_write_string(w, message);
        json_write_member(w, "time", now);
        if (err) {
                json_write_member(w, "code", cfs_code_name(err->code));
                json_write_member(w, "phase", err->phase);
                json_write_member(w, "property", err->property);
                json_write_member(w, "syscall", err->syscall);
                json_write_member(w, "errno", err->errnum ? strerrorname_np(err->errnum) : NULL);
                json_write_member(w, "path", err->path);
                json_write_member(w, "hint", err->hint);
        }
        json_write_object_end(w);
        return put_text(f, w);
}

/* The log's text form: time="..." level=... msg="...", the message quoted as in JSON. */
static bool put_plain(FILE *f, enum log_level level, const char *message)
{
        struct json_writer *w = json_write_new(0);
        char now[LOG_TIME_SIZE];

        log_time(now);
        (void)fprintf(f, "time=\"%s\" level=%s msg=", now, log_level_name(level));
        json_write_string(w, message);
        return put_text(f, w);
}

static bool put_record(FILE *f, enum log_level level, const char *message, const struct cfs_error *err)
{
        switch (the_log.target) {
        case TARGET_JOURNALD: /* a value that contains a newline would need another form: messages are one line */
                (void)fprintf(f, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%.*s\n", severity(level),
                              the_log.identifier, (int)strcspn(message, "\n"), message);
                return true;
        case TARGET_SYSLOG: /* facility 1: user */
                (void)fprintf(f, "<%d>%s[%ld]: %s", 8 + severity(level), the_log.identifier, (long)getpid(),
                              message);
                return true;
        case TARGET_FILE:
        case TARGET_STDERR:
                break;
        }
        if (the_log.json)
                return put_json(f, level, message, err);
        if (the_log.target == TARGET_FILE)
                return put_plain(f, level, message);
        return fprintf(f, "cfs: %s: %s\n", log_level_name(level), message) >= 0;
}

/* One write(2) for the whole text: lines of several processes do not mix, and one that there is no memory for
 * is not begun. */
static bool emit(int fd, enum log_level level, const char *message, const struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);
        bool whole = f && put_record(f, level, message, err);

        return f && fclose(f) == 0 && whole && io_write_patient(fd, text, len) >= 0;
}

/* What there is no memory for, or no room where the log is, goes to standard error, from the stack. */
static void handler(void *data, enum log_level level, const char *message)
{
        char text[2100];
        int n;

        if (emit(the_log.fd, level, message, NULL) || level > LOG_LEVEL_WARNING)
                return;
        n = snprintf(text, sizeof(text), "cfs: %s: %s\n", log_level_name(level), message);
        if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
                return;
}

static int open_datagram(const char *path, struct cfs_error *err)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (fd < 0)
                return err_sys(err, errno, "socket", "make a socket for %s", path);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return err_sys(err, errno, "connect", "connect to the log at %s", path);
        return TAKE_FD(fd);
}

static int open_target(const char *log, struct cfs_error *err)
{
        static const char journald[] = "journald:", syslog[] = "syslog:", file[] = "file:";
        int fd;

        if (strncmp(log, journald, strlen(journald)) == 0) {
                the_log.target = TARGET_JOURNALD;
                the_log.identifier = log + strlen(journald);
                fd = open_datagram("/run/systemd/journal/socket", err);
        } else if (strncmp(log, syslog, strlen(syslog)) == 0) {
                the_log.target = TARGET_SYSLOG;
                the_log.identifier = log + strlen(syslog);
                fd = open_datagram("/dev/log", err);
        } else {
                if (strncmp(log, file, strlen(file)) == 0)
                        log += strlen(file);
                the_log.target = TARGET_FILE;
                fd = io_open_log(log, 0, 0644, err);
                if (fd < 0)
                        return err_prefix(err, fd, "--log");
        }
        return fd;
}

static enum log_level wanted_level(const struct logfile_options *o)
{
        if (o->debug)
                return LOG_LEVEL_DEBUG;
        for (enum log_level l = LOG_LEVEL_ERROR; o->level && l <= LOG_LEVEL_DEBUG; l++)
                if (STREQ(o->level, log_level_name(l)))
                        return l;
        return LOG_LEVEL_WARNING;
}

int logfile_open(const struct logfile_options *o, struct cfs_error *err)
{
        the_log.json = o->format && STREQ(o->format, "json");
        if (o->log && *o->log) {
                int fd = open_target(o->log, err);

                if (fd < 0) {
                        the_log.target = TARGET_STDERR;
                        return fd;
                }
                the_log.fd = fd;
                if (the_log.identifier && !*the_log.identifier)
                        the_log.identifier = "cfs";
        }
        log_set_handler(handler, NULL, wanted_level(o));
        return 0;
}

/* Is the log standard error, under whatever name (/dev/stderr, the same file)? */
static bool log_is_stderr(void)
{
        struct stat a, b;

        if (the_log.target == TARGET_STDERR)
                return true;
        return fstat(the_log.fd, &a) == 0 && fstat(STDERR_FILENO, &b) == 0 && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino;
}

void logfile_error(const struct cfs_error *err)
{
        char text[sizeof(err->text) + sizeof(err->hint) + 2 * sizeof(err->excerpt) + 32], excerpt[220] = "";
        int n;

        if ((the_log.target != TARGET_STDERR || the_log.json) &&
            emit(the_log.fd, LOG_LEVEL_ERROR, err->text, err) && log_is_stderr())
                return;
        if (err->excerpt[0])
                (void)snprintf(excerpt, sizeof(excerpt), "  %s\n  %*s^\n", err->excerpt, (int)err->caret, "");
        n = snprintf(text, sizeof(text), "cfs: %s\n%s%s%s%s", err->text, excerpt,
                     err->hint[0] ? "hint: " : "", err->hint, err->hint[0] ? "\n" : "");
        if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
                return;
}
