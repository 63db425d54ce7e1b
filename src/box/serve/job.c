/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two pipes and a pidfd. The end is the process's, not the pipes': what it has left behind in the background
 * may hold them for ever.
 */
#include "box/serve/job.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/proc.h"
#include "box/core/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>

#define JOB_OF(w, field) ((struct job *)(void *)((char *)(w)-offsetof(struct job, field)))

/* What is there now. False: the pipe has ended. */
static bool drain(struct job *j, int fd, struct str *s)
{
        char buf[16384];
        ssize_t n;

        while ((n = read(fd, buf, sizeof(buf))) > 0) {
                size_t room = s->len < j->max ? j->max - s->len : 0;

                j->cut = j->cut || (size_t)n > room;
                str_add_n(s, buf, (size_t)n < room ? (size_t)n : room);
        }
        return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void out_ready(struct watch *w)
{
        struct job *j = JOB_OF(w, out);

        if (!drain(j, w->fd, &j->text[0]))
                loop_remove(j->loop, w);
}

static void errs_ready(struct watch *w)
{
        struct job *j = JOB_OF(w, errs);

        if (!drain(j, w->fd, &j->text[1]))
                loop_remove(j->loop, w);
}

static void job_release(struct job *j)
{
        loop_remove(j->loop, &j->out);
        loop_remove(j->loop, &j->errs);
        loop_remove(j->loop, &j->end);
        str_free(&j->text[0]);
        str_free(&j->text[1]);
        free(j);
}

static void end_ready(struct watch *w)
{
        struct job *j = JOB_OF(w, end);
        struct cfs_error ignored;

        if (process_wait(j->pid, &j->status, &ignored) < 0)
                j->status = 255;
        if (j->out.fd >= 0)
                (void)drain(j, j->out.fd, &j->text[0]);
        if (j->errs.fd >= 0)
                (void)drain(j, j->errs.fd, &j->text[1]);
        j->done(j);
        job_release(j);
}

static int watch_all(struct job *j, struct cfs_error *err)
{
        int r;

        j->end.fd = (int)syscall(SYS_pidfd_open, j->pid, 0);
        if (j->end.fd < 0)
                return err_sys(err, errno, "pidfd_open", "watch a process");
        (void)fcntl(j->out.fd, F_SETFL, O_NONBLOCK);
        (void)fcntl(j->errs.fd, F_SETFL, O_NONBLOCK);
        r = loop_add(j->loop, &j->out, err);
        if (r >= 0)
                r = loop_add(j->loop, &j->errs, err);
        return r < 0 ? r : loop_add(j->loop, &j->end, err);
}

int job_start(struct loop *loop, const char *const *argv, size_t max, void (*done)(struct job *j), void *data,
              struct job **ret, struct cfs_error *err)
{
        const struct process p = { .argv = argv };
        struct job *j = calloc(1, sizeof(*j));
        int r, status;

        if (!j)
                return err_nomem(err);
        *j = (struct job){ .loop = loop,
                           .out = { -1, out_ready },
                           .errs = { -1, errs_ready },
                           .end = { -1, end_ready },
                           .max = max,
                           .done = done,
                           .data = data };
        r = process_start_captured(&p, &j->pid, &j->out.fd, &j->errs.fd, err);
        if (r >= 0) {
                r = watch_all(j, err);
                if (r < 0) {
                        (void)kill(j->pid, SIGKILL);
                        (void)proc_reap(j->pid, &status);
                }
        }
        if (r < 0) {
                job_release(j);
                return r;
        }
        *ret = j;
        return 0;
}

/* It has not ended, or its end has not been noticed yet: its number is its own, and its children are its. */
void job_kill_children(struct job *j)
{
        char path[64], text[4096];

        (void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)j->pid, (int)j->pid);
        if (io_read_small(AT_FDCWD, path, text, sizeof(text)) <= 0)
                return;
        for (char *p = text, *end; *p; p = end) {
                long pid = strtol(p, &end, 10);

                if (end == p || pid <= 1)
                        return;
                (void)kill((pid_t)pid, SIGKILL);
                end += strspn(end, " ");
        }
}

void job_kill(struct job *j, int signal)
{
        (void)proc_signal(j->end.fd, signal);
}
