/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream has a function that appends what there is now to a buffer. libmicrohttpd takes it from there when
 * the client can read more, so a slow client makes it read less, not the server keep more. With nothing to
 * send the connection is suspended, and looked at again ten times a second.
 */
#include "box/serve/stream.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "box/container/container.h"
#include "box/core/document.h"
#include "box/monitor/log.h"
#include "box/serve/answer.h"
#include "box/serve/connection.h"
#include "box/serve/query.h"
#include "box/serve/routes.h"
#include "box/serve/sampler.h"
#include "box/serve/wait.h"
#include "box/store/container.h"
#include "box/store/event.h"
#include "box/store/store.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/types.h>

#define MAX_STREAMS 128
#define ENOUGH      65536 /* bytes that are kept ready for a client */
#define SAMPLE_GAP  900   /* ms */
#define NDJSON      "application/x-ndjson"

struct stream {
        /* Appends to `out`; 0, or an error, which breaks the answer off. Sets `ended` at the end. */
        int (*fill)(struct request *q, struct stream *t, struct cfs_error *err);
        struct str out;
        size_t at;                 /* how much of it is sent */
        bool ended, follow, again; /* again: one more sample is waited for */
        struct log_reader log;
        bool timestamps, inside, inside_stderr; /* of logs: in a line, and of which of the two */
        int64_t wanted; /* only a sample of that time or later says anything new: ms */
        int64_t seq, since;
};

void stream_free(struct request *q)
{
        if (!q->stream)
                return;
        q->server->n_streams--;
        log_close(&q->stream->log);
        str_free(&q->stream->out);
        free(q->stream);
        q->stream = NULL;
}

static ssize_t take_out(struct stream *t, char *buf, size_t max)
{
        size_t n = t->out.len - t->at < max ? t->out.len - t->at : max;

        memcpy(buf, t->out.p + t->at, n);
        t->at += n;
        if (t->at == t->out.len) {
                t->out.len = 0;
                t->at = 0;
        }
        return (ssize_t)n;
}

static ssize_t stream_read(void *data, uint64_t pos, char *buf, size_t max)
{
        struct request *q = data;
        struct stream *t = q->stream;
        struct cfs_error ignored;

        if (t->at == t->out.len && !t->ended && t->fill(q, t, &ignored) < 0)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        if (t->out.failed)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        if (t->at < t->out.len)
                return take_out(t, buf, max);
        if (t->ended || q->server->quitting)
                return MHD_CONTENT_READER_END_OF_STREAM;
        wait_suspend(q);
        return 0;
}

void stream_tick(struct server *s)
{
        for (struct request *q = s->requests; q; q = q->next) {
                if (!q->stream || !q->suspended)
                        continue;
                if (connection_gone(q->connection))
                        q->stream->ended = true;
                wait_resume(q);
        }
}

static int stream_open(struct request *q, const struct stream *t, struct cfs_error *err)
{
        if (q->server->quitting || q->server->n_streams >= MAX_STREAMS) {
                q->status = 503;
                return err_set(err, CFS_E_STATE, "the server has too many streams");
        }
        q->stream = malloc(sizeof(*t));
        if (!q->stream)
                return err_nomem(err);
        *q->stream = *t;
        q->server->n_streams++;
        return 0;
}

/* ---- logs ---------------------------------------------------------------------------------------------- */

/* Standard output and standard error are one text here: a line that has no end yet ends where one of the
 * other begins. */
static void add_line(struct stream *t, const struct log_line *l)
{
        if (t->inside && t->inside_stderr != l->is_stderr)
                str_add(&t->out, "\n");
        t->inside = !l->whole;
        t->inside_stderr = l->is_stderr;
        if (t->timestamps && l->begins) {
                str_add_n(&t->out, l->time, l->time_len);
                str_add(&t->out, " ");
        }
        str_add_n(&t->out, l->text, l->len);
        if (l->whole)
                str_add(&t->out, "\n");
}

/* 1: more is to come. */
static int still_runs(struct request *q, struct cfs_error *err)
{
        int64_t n = 0;
        int r = store_number(
                q->server->box, &n, err,
                "SELECT count(*) FROM containers WHERE id=? AND state IN ('running', 'starting')", "s",
                q->id);

        return r < 0 ? r : n > 0;
}

/* Looks first whether it runs, then reads: what is written before its end is not missed. */
static int fill_logs(struct request *q, struct stream *t, struct cfs_error *err)
{
        struct log_line l;
        int r = 1, running = t->follow ? still_runs(q, err) : 0;

        if (running < 0)
                return running;
        while (t->out.len < ENOUGH && (r = log_next(&t->log, &l, err)) > 0)
                add_line(t, &l);
        t->ended = r == 0 && !running;
        return r < 0 ? r : 0;
}

static int open_log(struct request *q, struct stream *t, struct cfs_error *err)
{
        const char *tail_text = query_text(q, "tail");
        uint64_t tail = UINT64_MAX;
        char path[PATH_MAX];
        int r = store_container_find(q->server->box, q->name, q->id, err);

        if (r >= 0 && tail_text && !STREQ(tail_text, "all") && str_to_u64(tail_text, &tail) < 0)
                r = err_set(err, CFS_E_INVALID, "query: tail: expected a number or `all`, got `%.60s`",
                            tail_text);
        if (r >= 0)
                r = query_flag(q, "follow", &t->follow, err);
        if (r >= 0)
                r = query_flag(q, "timestamps", &t->timestamps, err);
        if (r < 0)
                return r;
        (void)snprintf(path, sizeof(path), "%s/containers/%s/log", q->server->box->root, q->id);
        r = log_open(&t->log, path, tail, err);
        if (r < 0 && err->errnum == ENOENT)
                r = err_hint(
                        err, err_set(err, CFS_E_NOT_FOUND, "container `%s` has no log", q->name),
                        "what runs in the foreground writes to the terminal: only `run -d` and `start` keep a log");
        return r;
}

int stream_logs(struct request *q, struct cfs_error *err)
{
        struct stream t = { .fill = fill_logs, .log = { .fd = -1 } };
        int r = open_log(q, &t, err);

        if (r >= 0)
                r = stream_open(q, &t, err);
        if (r < 0) {
                log_close(&t.log);
                return r;
        }
        return answer_stream(q, "text/plain; charset=utf-8", stream_read, err);
}

/* ---- stats --------------------------------------------------------------------------------------------- */

static int add_sample(struct request *q, struct stream *t, struct oci_box_stats *const *list, size_t n,
                      struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;

        if (!*q->id)
                return document_list(&t->out, &oci_box_stats_type, (void *const *)list, n, err);
        for (size_t i = 0; i < n; i++) {
                if (!STREQ(list[i]->id, q->id))
                        continue;
                if (document_encode(&oci_box_stats_type, list[i], 0, &text, NULL, err) < 0)
                        return -EINVAL;
                str_add(&t->out, text);
                str_add(&t->out, "\n");
                return 0;
        }
        t->ended = true; /* it has ended */
        return 0;
}

/* Of what has just been started it is not known yet how much it has used since. */
static bool are_compared(struct oci_box_stats *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!list[i]->has_cpu_percent)
                        return false;
        return true;
}

static int fill_stats(struct request *q, struct stream *t, struct cfs_error *err)
{
        struct oci_box_stats **list = NULL;
        int64_t at = 0;
        size_t n = 0;
        int r = sampler_look(&q->server->sampler, q->server->box, t->wanted, &at, &list, &n, err);

        if (r < 0 || at < t->wanted)
                return r;
        t->wanted = at + SAMPLE_GAP;
        if (!t->follow && !t->again && !are_compared(list, n)) {
                t->again = true;
                t->wanted = at + 1;
                return 0;
        }
        r = add_sample(q, t, list, n, err);
        t->ended = t->ended || !t->follow;
        return r;
}

static int open_stats(struct request *q, struct cfs_error *err)
{
        struct stream t = { .fill = fill_stats, .log = { .fd = -1 }, .wanted = clock_now_ms() };
        int r = query_flag(q, "stream", &t.follow, err);

        if (r >= 0)
                r = stream_open(q, &t, err);
        return r < 0 ? r : answer_stream(q, t.follow ? NDJSON : ANSWER_JSON, stream_read, err);
}

int stream_all_stats(struct request *q, struct cfs_error *err)
{
        return open_stats(q, err);
}

int stream_stats(struct request *q, struct cfs_error *err)
{
        int r = store_container_find(q->server->box, q->name, q->id, err);

        if (r >= 0)
                r = still_runs(q, err);
        if (r == 0)
                return err_set(err, CFS_E_STATE, "container `%s` does not run", q->name);
        return r < 0 ? r : open_stats(q, err);
}

/* ---- events -------------------------------------------------------------------------------------------- */

static int add_event(void *data, struct oci_box_event *e, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        struct stream *t = data;
        int r = document_encode(&oci_box_event_type, e, 0, &text, NULL, err);

        if (r < 0)
                return r;
        str_add(&t->out, text);
        str_add(&t->out, "\n");
        return 0;
}

static int fill_events(struct request *q, struct stream *t, struct cfs_error *err)
{
        int r = store_event_each(q->server->box, &t->seq, t->since, add_event, t, err);

        t->ended = !t->follow;
        return r;
}

int stream_events(struct request *q, struct cfs_error *err)
{
        struct stream t = { .fill = fill_events, .log = { .fd = -1 } };
        int r = query_flag(q, "follow", &t.follow, err);

        if (r >= 0)
                r = query_time(q, "since", &t.since, err);
        if (r >= 0 && t.follow && !query_text(q, "since")) /* from now on */
                r = store_number(q->server->box, &t.seq, err, "SELECT coalesce(max(seq), 0) FROM events", "");
        if (r >= 0)
                r = stream_open(q, &t, err);
        return r < 0 ? r : answer_stream(q, NDJSON, stream_read, err);
}
