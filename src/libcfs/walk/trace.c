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
#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "json.h"
#include <fcntl.h>
#include <string.h>

#define LAST "\n]\n"

static int trace_file = -1;

/* One write(2): what stands in front of the event, and the event. */
static int write_event(const char *before, struct json_writer *w)
{
        _cleanup_free_ char *event = NULL, *text = NULL;
        struct cfs_error ignored;

        if (json_write_take(w, &event, NULL, &ignored) < 0 ||
            str_printf(&text, &ignored, "%s%s", before, event) < 0)
                return -ENOMEM;
        return io_write_patient(trace_file, text, strlen(text));
}

/* An event that says nothing new, so that every other one can have a comma in front. */
static int write_first(void)
{
        struct json_writer *w = json_write_new(0);

        json_write_object(w);
        json_write_member(w, "name", "process_name");
        json_write_member(w, "ph", "M");
        json_write_key(w, "pid");
        json_write_number(w, 1);
        json_write_key(w, "args");
        json_write_object(w);
        json_write_member(w, "name", "cfs");
        json_write_object_end(w);
        json_write_object_end(w);
        return write_event("[\n", w);
}

int trace_open(const char *path, struct cfs_error *err)
{
        trace_close(); /* of our caller's last call */
        if (!path)
                return 0;
        trace_file = io_open_log(path, O_TRUNC, 0644, err);
        if (trace_file < 0)
                return err_prefix(err, trace_file, "--trace");
        int r = write_first();

        return r < 0 ? err_sys(err, -r, "write", "write the trace file `%s`", path) : 0;
}

void trace_close(void)
{
        if (trace_file >= 0)
                (void)io_write_patient(trace_file, LAST, strlen(LAST));
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
        return (uint64_t)clock_wall_ns();
}

uint64_t trace_begin(void)
{
        return trace_file < 0 ? 0 : now_ns();
}

/* The format wants microseconds. */
static void put_time(struct json_writer *w, const char *key, uint64_t ns)
{
        json_write_key(w, key);
        json_write_decimal(w, false, ns, 3);
}

void trace_end(uint64_t begin, const char *column, const char *name)
{
        struct json_writer *w;
        uint64_t took;

        if (trace_file < 0)
                return;
        took = now_ns() - begin;
        w = json_write_new(0);
        json_write_object(w);
        json_write_member(w, "name", name);
        json_write_member(w, "cat", column);
        json_write_member(w, "ph", "X");
        put_time(w, "ts", begin);
        put_time(w, "dur", took);
        json_write_key(w, "pid");
        json_write_number(w, 1);
        json_write_member(w, "tid", STREQ(column, "init") ? "init" : "runtime");
        json_write_object_end(w);
        (void)write_event(",\n", w);
}
