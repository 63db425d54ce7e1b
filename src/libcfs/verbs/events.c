/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs events: statistics at intervals, and a line whenever the kernel killed a process for lack of memory.
 *
 * Three things are waited for in one poll(2): the end of the init (its pidfd), the memory controller's
 * notice, and the next interval. Nothing is asked for in between. The notice only wakes us: how many were
 * killed is a counter in the cgroup, which is read once more when the init has ended, because its own death
 * may have been the last one. v1's notice comes when memory has run out, a moment before a process is killed:
 * so after a notice the counter is watched for a while.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "json.h"
#include <poll.h>
#include <time.h>

#define LOOK_AGAIN_MS  10
#define LOOK_AGAIN_FOR 1000

struct watch {
        const char *id;
        struct cgroup *cg;
        int pidfd, oom_fd;
        uint64_t killed;
        unsigned interval_ms;
        int (*fn)(void *data, const char *line);
        void *data;
};

static struct json_writer *begin_line(const struct watch *w, const char *type)
{
        struct json_writer *line = json_write_new(0);

        json_write_object(line);
        json_write_member(line, "type", type);
        json_write_member(line, "id", w->id);
        return line;
}

static int send_stats(const struct watch *w, struct cfs_error *err)
{
        _cleanup_json_writer_ struct json_writer *line = begin_line(w, "stats");
        _cleanup_free_ char *text = NULL;
        int r;

        json_write_key(line, "data");
        r = cgroup_stats(w->cg, line, err);
        json_write_object_end(line);
        if (r >= 0)
                r = json_write_take(TAKE_PTR(line), &text, NULL, err);
        return r < 0 ? r : w->fn(w->data, text);
}

/* One line for each process that was killed since we looked last. */
static int send_ooms(struct watch *w, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        struct json_writer *line;
        uint64_t now;
        int r;

        if (cgroup_oom_count(w->cg, &now) < 0 || w->killed >= now)
                return 0;
        line = begin_line(w, "oom");
        json_write_object_end(line);
        r = json_write_take(line, &text, NULL, err);
        for (; r == 0 && w->killed < now; w->killed++)
                r = w->fn(w->data, text);
        return r;
}

/* Sleeps until something may have happened. Returns whether the counter is to be read, or negative. */
static int wait_for_news(const struct watch *w, int64_t until, int64_t *look_until, bool *ret_ended,
                         struct cfs_error *err)
{
        struct pollfd p[] = { { .fd = w->pidfd, .events = POLLIN }, { .fd = w->oom_fd, .events = POLLIN } };
        int64_t left = until - clock_now_ms();
        bool look = clock_now_ms() < *look_until;

        if (look && left > LOOK_AGAIN_MS)
                left = LOOK_AGAIN_MS;
        if (poll(p, 2, left < 0 ? 0 : (int)left) < 0 && errno != EINTR)
                return err_sys(err, errno, "poll", "wait for events");
        if (p[1].revents & POLLIN) {
                char buf[4096];

                while (read(w->oom_fd, buf, sizeof(buf)) > 0)
                        ;
                *look_until = clock_now_ms() + LOOK_AGAIN_FOR;
                look = true;
        }
        *ret_ended = p[0].revents != 0;
        return look || *ret_ended;
}

/* Until the container ends, or fn has had enough: then what it returned. */
static int follow(struct watch *w, struct cfs_error *err)
{
        int64_t next = clock_now_ms() + w->interval_ms, look_until = 0;
        int r;

        for (;;) {
                bool ended = false;

                r = wait_for_news(w, next, &look_until, &ended, err);
                if (r > 0)
                        r = send_ooms(w, err);
                if (r != 0 || ended)
                        return r;
                if (clock_now_ms() < next)
                        continue;
                r = send_stats(w, err);
                if (r != 0)
                        return r;
                next += w->interval_ms;
                if (next < clock_now_ms())
                        next = clock_now_ms() + w->interval_ms;
        }
}

static int watch_and_follow(struct state *s, struct watch *w, struct cfs_error *err)
{
        _cleanup_close_ int pidfd = -1, oom_fd = -1;
        struct cfs_error why = { 0 };
        struct proc_identity id;

        pidfd = record_identity(s, &id) ? proc_pidfd(&id) : -ESRCH;
        if (pidfd == -ESRCH)
                return err_set(err, CFS_E_STATE, "container not running");
        if (pidfd == -EXDEV)
                return record_elsewhere(s, err);
        if (pidfd < 0)
                return err_sys(err, -pidfd, "pidfd_open", "open a pidfd of the container's init %d",
                               (int)id.pid);
        /* Without the memory controller there are statistics still. */
        if (cgroup_oom_watch(w->cg, &oom_fd, &why) < 0)
                log_warning("events: out-of-memory events cannot be watched: %s", why.text);
        (void)cgroup_oom_count(w->cg, &w->killed);
        w->pidfd = pidfd;
        w->oom_fd = oom_fd;
        return follow(w, err);
}

int cfs_events(const struct cfs_runtime *rt, const char *id, bool stats_once, unsigned interval_ms,
               int (*fn)(void *data, const char *line), void *data, struct cfs_error *err)
{
        struct watch w = { .id = id, .interval_ms = interval_ms, .fn = fn, .data = data, .oom_fd = -1 };
        _cleanup_state_ struct state *s = NULL;
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        int r = state_open(rt->root, id, 0, &s, err);

        if (r < 0)
                return r;
        r = status_recorded(s, err);
        if (r == STATUS_STOPPED)
                r = err_set(err, CFS_E_STATE, "container not running: `%s` is stopped", id);
        if (r >= 0)
                r = cgroup_open(s->record, &cg, err);
        w.cg = cg;
        if (r >= 0)
                r = stats_once ? send_stats(&w, err) : watch_and_follow(s, &w, err);
        return r < 0 && err->code != CFS_E_NONE ? err_prefix(err, r, "events") : r;
}
