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
#include "base/str.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
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

static int send_stats(const struct watch *w, struct cfs_error *err)
{
        _cleanup_free_ char *data = NULL, *line = NULL;
        int r;

        r = cgroup_stats_json(w->cg, &data, err);
        if (r >= 0)
                r = str_printf(&line, err, "{\"type\":\"stats\",\"id\":\"%s\",\"data\":%s}", w->id, data);
        return r < 0 ? r : w->fn(w->data, line);
}

/* One line for each process that was killed since we looked last. */
static int send_ooms(struct watch *w)
{
        char line[1200];
        uint64_t now;

        if (cgroup_oom_count(w->cg, &now) < 0)
                return 0;
        (void)snprintf(line, sizeof(line), "{\"type\":\"oom\",\"id\":\"%s\"}", w->id);
        for (; w->killed < now; w->killed++) {
                int r = w->fn(w->data, line);

                if (r != 0)
                        return r;
        }
        return 0;
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
                        r = send_ooms(w);
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
        struct state *s = NULL;
        int r = state_open(rt->root, id, 0, &s, err);

        if (r < 0)
                return r;
        r = status_recorded(s, err);
        if (r == STATUS_STOPPED)
                r = err_set(err, CFS_E_STATE, "container not running: `%s` is stopped", id);
        if (r >= 0)
                r = cgroup_open(s->record, &w.cg, err);
        if (r >= 0)
                r = stats_once ? send_stats(&w, err) : watch_and_follow(s, &w, err);
        cgroup_close(w.cg);
        state_close(s);
        return r < 0 && err->code != CFS_E_NONE ? err_prefix(err, r, "events") : r;
}
