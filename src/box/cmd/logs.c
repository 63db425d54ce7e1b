/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box logs: what a detached container has written, from the file that conmon keeps.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/cmd/output.h"
#include "box/core/time.h"
#include "box/monitor/log.h"
#include "box/store/container.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

struct values {
        bool follow, timestamps;
        const char *tail, *since, *until;
        int64_t since_ns, until_ns; /* 0: none */
};

#define AT(field) offsetof(struct values, field)

static void print_line(const struct values *v, const struct log_line *l)
{
        FILE *f = l->is_stderr ? stderr : stdout;

        if (v->timestamps && l->begins)
                fprintf(f, "%.*s ", (int)l->time_len, l->time);
        (void)fwrite(l->text, 1, l->len, f);
        if (l->whole)
                (void)fputc('\n', f);
}

/* -1: before what is asked for, 1: after it. A line whose time cannot be read is shown. */
static int place(const struct values *v, const struct log_line *l)
{
        _cleanup_free_ char *text = NULL;
        int64_t ns;

        if (!v->since && !v->until)
                return 0;
        text = strndup(l->time, l->time_len);
        if (!text || !time_parse_ns(text, &ns))
                return 0;
        return v->since && ns < v->since_ns ? -1 : v->until && ns > v->until_ns;
}

/* 1: nothing of what comes later is asked for */
static int print_all(struct log_reader *r, const struct values *v, struct cfs_error *err)
{
        struct log_line l;
        int res, where = 0;

        while (where <= 0 && (res = log_next(r, &l, err)) > 0) {
                where = place(v, &l);
                if (where == 0)
                        print_line(v, &l);
        }
        if (where > 0)
                res = 1;
        (void)fflush(stdout);
        (void)fflush(stderr);
        return res;
}

static int is_running(struct box *box, const char *id, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container **list = NULL;
        size_t n = 0;
        int r = arena ? store_container_list(box, id, true, arena, &list, &n, err) : err_nomem(err);

        return r < 0 ? r : n > 0 && (STREQ(list[0]->state, "running") || STREQ(list[0]->state, "starting"));
}

static bool over(const struct values *v)
{
        return v->until && clock_wall_ns() > v->until_ns;
}

/* inotify(7) says when there is more; once a second a look whether there can be. */
static int follow(struct box *box, const char *id, struct log_reader *reader, const char *path,
                  const struct values *v, struct cfs_error *err)
{
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        int r, running;

        for (;;) {
                struct pollfd p = { .fd = fd, .events = POLLIN };
                char buf[4096];

                /* Each time: the file may be another. IN_ATTRIB: this one has lost its name. */
                if (fd < 0 || (inotify_add_watch(fd, path, IN_MODIFY | IN_ATTRIB) < 0 && errno != ENOENT))
                        return err_sys(err, errno, "inotify_add_watch", "watch `%s`", path);
                running = is_running(box, id, err);
                if (running < 0)
                        return running;
                r = print_all(reader, v, err);
                if (r != 0 || !running || over(v))
                        return r;
                if (poll(&p, 1, 1000) > 0)
                        while (read(fd, buf, sizeof(buf)) > 0)
                                ;
        }
}

static int read_options(struct values *v, uint64_t *ret_tail, struct cfs_error *err)
{
        *ret_tail = UINT64_MAX;
        /* As docker: less than zero is all. */
        if (v->tail && !STREQ(v->tail, "all") && *v->tail != '-' && str_to_u64(v->tail, ret_tail) < 0)
                return err_set(err, CFS_E_INVALID, "--tail %s: expected a number, or all", v->tail);
        if (v->since && !time_parse_ns(v->since, &v->since_ns))
                return output_bad_time("--since", v->since, err);
        if (v->until && !time_parse_ns(v->until, &v->until_ns))
                return output_bad_time("--until", v->until, err);
        return 0;
}

static int logs_run(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        struct values whole = *(const struct values *)values, *v = &whole;
        struct log_reader reader = { .fd = -1 };
        char id[BOX_ID_SIZE], path[PATH_MAX];
        uint64_t tail;
        int r = read_options(v, &tail, err);

        if (r >= 0)
                r = store_container_find(box, args[0], id, err);
        if (r < 0)
                return r;
        (void)snprintf(path, sizeof(path), "%s/containers/%s/log", box->root, id);
        r = log_open(&reader, path, tail, err);
        if (r < 0 && err->errnum == ENOENT)
                return err_hint(
                        err, err_set(err, CFS_E_NOT_FOUND, "container `%s` has no log", args[0]),
                        "what runs in the foreground writes to the terminal: only `run -d` and `start` keep a log, without --log-driver none");
        if (r >= 0)
                r = v->follow ? follow(box, id, &reader, path, v, err) : print_all(&reader, v, err);
        log_close(&reader);
        return r < 0 ? r : 0;
}

static const struct option_def options[] = {
        { "follow", 'f', OPTION_FLAG, AT(follow), NULL, NULL, "go on until the container ends" },
        { "timestamps", 't', OPTION_FLAG, AT(timestamps), NULL, NULL, "show when each line was written" },
        { "tail", 'n', OPTION_TEXT, AT(tail), "N", NULL, "only the last N lines" },
        { "since", 0, OPTION_TEXT, AT(since), "TIME", NULL,
          "only lines since then; TIME is 10m or 1h30m: so long ago, 2026-01-31T12:00:00Z, 2026-01-31, or seconds since 1970" },
        { "until", 0, OPTION_TEXT, AT(until), "TIME", NULL, "only lines until then" },
        { 0 },
};

const struct command cmd_logs_command = {
        .name = "logs",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "show what a container has written",
        .description =
                "Prints what the program has written: its standard output to standard output, and its\n"
                "standard error to standard error. Works for containers that were started in the background.",
        .options = options,
        .values_size = sizeof(struct values),
        .run = logs_run,
};
