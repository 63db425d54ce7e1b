/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One JSON object per row and process, in the "JSON array" form of the trace event format, whose closing bracket may be
 * missing: so that two processes can append to one file and either may end at any time. Each event is one write(2) on
 * an O_APPEND descriptor, which the kernel keeps whole. The init's clock (CLOCK_MONOTONIC) may be shifted by a time
 * namespace, so CLOCK_REALTIME is used.
 */
#include "libcfs/walk/trace.h"
#include "base/cleanup.h"
#include "base/io.h"
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

static int trace_file = -1;

int trace_open(const char *path, struct cfs_error *err)
{
        if (trace_file >= 0) /* of our caller's last call */
                (void)close(TAKE_FD(trace_file));
        if (!path)
                return 0;
        trace_file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
        if (trace_file < 0)
                return err_path(err, errno, "open", path, "open the trace file `%s`", path);
        int r = io_write_all(trace_file, "[\n", 2);

        return r < 0 ? err_sys(err, -r, "write", "write the trace file `%s`", path) : 0;
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
                         "{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%" PRIu64
                         ".%03u,\"dur\":%" PRIu64 ".%03u,\"pid\":1,\"tid\":\"%s\"},\n",
                         name, column, begin / 1000, (unsigned)(begin % 1000), d / 1000, (unsigned)(d % 1000),
                         init ? "init" : "runtime");

        if (n > 0 && n < (int)sizeof(line))
                (void)io_write_all(trace_file, line, (size_t)n);
}
