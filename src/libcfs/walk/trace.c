/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A JSON array of the trace event format's objects, one per row and process. Two processes append to one
 * file, and the array has to end when both have ended: the init writes its last event before the runtime
 * does, since the runtime waits for it (at the MEET "created" under `create`, where the init stops tracing;
 * for the execve otherwise). So the runtime writes the closing bracket. Each event is one write(2) on an
 * O_APPEND descriptor, which the kernel keeps whole. The init's clock (CLOCK_MONOTONIC) may be shifted by a
 * time namespace, so CLOCK_REALTIME is used.
 */
#include "libcfs/walk/trace.h"
#include "base/cleanup.h"
#include "base/io.h"
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* An event that says nothing new, so that every other one can have a comma in front. */
#define FIRST "[\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"args\":{\"name\":\"cfs\"}}"
#define LAST  "\n]\n"

static int trace_file = -1;

int trace_open(const char *path, struct cfs_error *err)
{
        trace_close(); /* of our caller's last call */
        if (!path)
                return 0;
        trace_file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
        if (trace_file < 0)
                return err_path(err, errno, "open", path, "open the trace file `%s`", path);
        int r = io_write_all(trace_file, FIRST, strlen(FIRST));

        return r < 0 ? err_sys(err, -r, "write", "write the trace file `%s`", path) : 0;
}

void trace_close(void)
{
        if (trace_file >= 0)
                (void)io_write_all(trace_file, LAST, strlen(LAST));
        trace_leave();
}

void trace_leave(void)
{
        if (trace_file >= 0)
                (void)close(TAKE_FD(trace_file));
}

int trace_fd(void)
{
        return trace_file;
}

static uint64_t now_ns(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_REALTIME, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t trace_begin(void)
{
        return trace_file < 0 ? 0 : now_ns();
}

void trace_end(uint64_t begin, const char *column, const char *name)
{
        char line[320];

        if (trace_file < 0)
                return;
        uint64_t d = now_ns() - begin;
        bool init = STREQ(column, "init");
        int n = snprintf(line, sizeof(line),
                         ",\n{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%" PRIu64
                         ".%03u,\"dur\":%" PRIu64 ".%03u,\"pid\":1,\"tid\":\"%s\"}",
                         name, column, begin / 1000, (unsigned)(begin % 1000), d / 1000, (unsigned)(d % 1000),
                         init ? "init" : "runtime");

        if (n > 0 && n < (int)sizeof(line))
                (void)io_write_all(trace_file, line, (size_t)n);
}
