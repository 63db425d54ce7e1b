/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box logs: what a detached container has written, from the file that conmon keeps.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
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
        const char *tail, *since;
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

static int print_all(struct log_reader *r, const struct values *v, struct cfs_error *err)
{
        struct log_line l;
        int res;

        while ((res = log_next(r, &l, err)) > 0)
                if (!v->since || strncmp(l.time, v->since, strlen(v->since)) >= 0)
                        print_line(v, &l);
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

/* inotify(7) says when there is more; once a second a look whether there can be. */
static int follow(struct box *box, const char *id, struct log_reader *reader, const char *path,
                  const struct values *v, struct cfs_error *err)
{
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        int r, running;

        if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0)
                return err_sys(err, errno, "inotify_add_watch", "watch `%s`", path);
        for (;;) {
                struct pollfd p = { .fd = fd, .events = POLLIN };
                char buf[4096];

                running = is_running(box, id, err);
                if (running < 0)
                        return running;
                r = print_all(reader, v, err);
                if (r < 0 || !running)
                        return r;
                if (poll(&p, 1, 1000) > 0)
                        while (read(fd, buf, sizeof(buf)) > 0)
                                ;
        }
}

static int logs_run(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        struct log_reader reader = { .fd = -1 };
        char id[BOX_ID_SIZE], path[PATH_MAX];
        uint64_t tail = UINT64_MAX;
        int r = store_container_find(box, args[0], id, err);

        if (r >= 0 && v->tail && !STREQ(v->tail, "all") && str_to_u64(v->tail, &tail) < 0)
                r = err_set(err, CFS_E_INVALID, "--tail %s: expected a number, or all", v->tail);
        if (r < 0)
                return r;
        (void)snprintf(path, sizeof(path), "%s/containers/%s/log", box->root, id);
        r = log_open(&reader, path, tail, err);
        if (r < 0 && err->errnum == ENOENT)
                return err_hint(
                        err, err_set(err, CFS_E_NOT_FOUND, "container `%s` has no log", args[0]),
                        "what runs in the foreground writes to the terminal: only `run -d` and `start` keep a log");
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
          "only later lines; TIME as --timestamps shows it, or its beginning" },
        { 0 },
};

const struct command cmd_logs_command = {
        .name = "logs",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "show what a container has written",
        .description =
                "To its standard output and standard error, which go to those of this command. For containers\n"
                "that were started in the background.",
        .options = options,
        .values_size = sizeof(struct values),
        .run = logs_run,
};
