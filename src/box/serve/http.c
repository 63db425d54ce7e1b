/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a request. libmicrohttpd calls handle() when it has the headers, for each part of the body, and
 * at its end.
 */
#include "box/serve/http.h"
#include "base/cleanup.h"
#include "box/serve/answer.h"
#include "box/serve/connection.h"
#include "box/serve/routes.h"
#include "box/serve/stream.h"
#include "box/serve/wait.h"
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#define MEMORY   (32 * 1024) /* of a connection: headers */
#define MAX_BODY (1U << 20)

/* ---- connections --------------------------------------------------------------------------------------- */

static void notify_connection(void *data, struct MHD_Connection *c, void **context,
                              enum MHD_ConnectionNotificationCode what)
{
        struct listener *l = data;

        if (what == MHD_CONNECTION_NOTIFY_STARTED)
                *context = connection_open(l->server, c, l->local);
        else if (*context)
                connection_close(*context);
}

static struct connection *connection_of(struct MHD_Connection *c)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        return info ? info->socket_context : NULL;
}

/* ---- the life of a request ----------------------------------------------------------------------------- */

static void request_free(struct request *q)
{
        struct request **at = &q->server->requests;

        while (*at && *at != q)
                at = &(*at)->next;
        if (*at)
                *at = q->next;
        stream_free(q);
        if (q->response)
                MHD_destroy_response(q->response);
        str_free(&q->path);
        str_free(&q->body);
        free(q);
}

static void notify_completed(void *data, struct MHD_Connection *c, void **context,
                             enum MHD_RequestTerminationCode how)
{
        struct request *q = *context;

        if (!q)
                return;
        if (q->connection)
                connection_begin(q->connection);
        if (q->job) /* only when the server is stopped: there is no client to tell */
                q->job->data = NULL;
        request_free(q);
        *context = NULL;
}

static enum MHD_Result take_header(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
        static const struct {
                const char *name;
                size_t offset;
        } known[] = { { "Origin", offsetof(struct admit_request, origin) },
                      { "Authorization", offsetof(struct admit_request, authorization) },
                      { "Cookie", offsetof(struct admit_request, cookie) },
                      { "Sec-Fetch-Site", offsetof(struct admit_request, fetch_site) },
                      { "Sec-Fetch-Mode", offsetof(struct admit_request, fetch_mode) },
                      { "Sec-Fetch-Dest", offsetof(struct admit_request, fetch_dest) } };
        struct admit_request *a = data;

        if (!value)
                value = "";
        if (strcasecmp(name, "Host") == 0) {
                a->hosts++;
                a->host = value;
        }
        a->fetch = a->fetch || strncasecmp(name, "Sec-Fetch-", strlen("Sec-Fetch-")) == 0;
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (strcasecmp(name, known[i].name) == 0)
                        *(const char **)(void *)((char *)a + known[i].offset) = value;
        return MHD_YES;
}

static unsigned let_in(const struct request *q, const char *method, struct cfs_error *err)
{
        struct admit_request a = {
                .method = method,
                .open = q->route && q->route->flags & ROUTE_OPEN,
                .page = q->route && q->route->flags & ROUTE_PAGE,
                .local = q->connection->local,
                .uid_known = q->connection->uid_known,
                .uid = q->connection->uid,
        };

        (void)MHD_get_connection_values(q->c, MHD_HEADER_KIND, take_header, &a);
        return admit(&q->server->rules, &a, err);
}

static const char *header(const struct request *q, const char *name)
{
        return MHD_lookup_connection_value(q->c, MHD_HEADER_KIND, name);
}

static bool is_json(const char *type)
{
        size_t len = strlen("application/json");

        return type && strncasecmp(type, "application/json", len) == 0 && strchr("; \t", type[len]);
}

/* Before the body is read: its length is known, or it is not read at all (RFC 9110, 15.5.12). */
static unsigned check_body(const struct request *q, struct cfs_error *err)
{
        const char *length = header(q, "Content-Length"), *coding = header(q, "Transfer-Encoding");
        uint64_t n = 0;

        if (length && (str_to_u64(length, &n) < 0 || n > MAX_BODY)) {
                (void)err_set(err, CFS_E_INVALID, "the body has %.24s bytes: %u are read at most", length,
                              MAX_BODY);
                return 413;
        }
        if (coding || (q->route->flags & ROUTE_BODY && !length)) {
                (void)err_set(err, CFS_E_INVALID, "%s %s needs a body, with its Content-Length",
                              q->route->method, q->route->path);
                return 411;
        }
        if (n > 0 && q->route->flags & (ROUTE_BODY | ROUTE_MAY_BODY) && !is_json(header(q, "Content-Type"))) {
                (void)err_set(err, CFS_E_INVALID,
                              "the body must be of the type application/json, not `%.60s`",
                              header(q, "Content-Type") ? header(q, "Content-Type") : "");
                return 415;
        }
        return 0;
}

struct known_query {
        const struct route *route;
        const char *unknown;
};

static enum MHD_Result check_parameter(void *data, enum MHD_ValueKind kind, const char *name,
                                       const char *value)
{
        struct known_query *k = data;
        size_t len = strlen(name);

        for (const char *p = k->route->query; *p;) {
                size_t n = strcspn(p, " ");

                if (n == len && memcmp(p, name, n) == 0)
                        return MHD_YES;
                p += n;
                p += strspn(p, " ");
        }
        k->unknown = name;
        return MHD_NO;
}

static unsigned check_query(const struct request *q, struct cfs_error *err)
{
        struct known_query k = { .route = q->route };

        (void)MHD_get_connection_values(q->c, MHD_GET_ARGUMENT_KIND, check_parameter, &k);
        if (!k.unknown)
                return 0;
        (void)err_set(err, CFS_E_INVALID, "query: `%.60s` is not a parameter of %s %s", k.unknown,
                      q->route->method, q->route->path);
        return 400;
}

static enum MHD_Result queue(struct request *q)
{
        struct MHD_Response *response = q->response;
        enum MHD_Result r;

        if (!response)
                return MHD_NO;
        q->response = NULL;
        r = MHD_queue_response(q->c, q->status, response);
        MHD_destroy_response(response);
        return r;
}

static enum MHD_Result refuse(struct request *q, unsigned status, const struct cfs_error *e,
                              const char *allow)
{
        struct cfs_error ignored;

        if (answer_error(q, status, e) >= 0 && allow && *allow)
                (void)answer_header(q, "Allow", allow, &ignored);
        return queue(q);
}

static unsigned find_route(struct request *q, const char *url, const char *method, char allow[64],
                           struct cfs_error *err)
{
        q->route = routes_find(method, url, &q->name, &q->path, allow);
        if (q->route)
                return 0;
        if (*allow) {
                (void)err_set(err, CFS_E_INVALID, "%.100s answers %s, not %.20s", url, allow, method);
                return 405;
        }
        (void)err_set(err, CFS_E_NOT_FOUND, "there is no `%.100s`", url);
        return 404;
}

static enum MHD_Result begin(struct server *s, struct MHD_Connection *c, const char *url, const char *method,
                             void **context)
{
        struct connection *k = connection_of(c);
        struct request *q = k ? calloc(1, sizeof(*q)) : NULL;
        struct cfs_error err = { 0 }, route_err = { 0 };
        char allow[64] = "";
        unsigned status, route_status;

        if (!q)
                return MHD_NO;
        *q = (struct request){ .server = s, .connection = k, .c = c, .next = s->requests };
        s->requests = q;
        *context = q;
        route_status = find_route(q, url, method, allow, &route_err);
        status = let_in(q, method, &err);
        if (!status && route_status)
                return refuse(q, route_status, &route_err, allow);
        if (!status)
                status = check_query(q, &err);
        if (!status)
                status = check_body(q, &err);
        return status ? refuse(q, status, &err, NULL) : MHD_YES;
}

/* The request is here whole. */
static enum MHD_Result work(struct request *q)
{
        struct cfs_error err = { 0 };
        int r;

        q->connection->deadline = 0;
        if (q->response)
                return queue(q);
        r = q->body.failed ? err_nomem(&err) : q->route->answer(q, &err);
        if (r < 0)
                (void)answer_error(q, q->status ? q->status : answer_status_of(&err), &err);
        return q->suspended ? MHD_YES : queue(q);
}

static enum MHD_Result handle(void *data, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **context)
{
        struct listener *l = data;
        struct request *q = *context;

        if (!q)
                return begin(l->server, c, url, method, context);
        if (*upload_size == 0)
                return work(q);
        str_add_n(&q->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static void daemon_ready(struct watch *w)
{
        /* http_run() follows */
}

int http_listen(struct server *s, struct listener *l, int fd, struct cfs_error *err)
{
        const union MHD_DaemonInfo *info;
        unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;

        l->server = s;
        l->daemon = MHD_start_daemon(
                flags, 0, NULL, NULL, handle, l, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_CONNECTION,
                notify_connection, l, MHD_OPTION_NOTIFY_COMPLETED, notify_completed, l,
                MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTION_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                (size_t)MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_PATIENCE, MHD_OPTION_END);
        if (!l->daemon)
                return err_set(err, CFS_E_SYSTEM, "libmicrohttpd does not start");
        info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        l->watch = (struct watch){ info ? info->epoll_fd : -1, daemon_ready };
        return loop_add(&s->loop, &l->watch, err);
}

int http_run(struct server *s)
{
        struct listener *all[] = { &s->tcp, &s->local };
        int wait = 1000;

        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
                MHD_UNSIGNED_LONG_LONG ms;

                if (!all[i]->daemon)
                        continue;
                (void)MHD_run(all[i]->daemon);
                if (MHD_get_timeout(all[i]->daemon, &ms) == MHD_YES && (int64_t)ms < wait)
                        wait = (int)ms;
        }
        return wait;
}

/* The command may put things in order; what does not end by that is killed the next time. */
static void end_exec(struct request *q)
{
        if (q->asked_to_end)
                job_kill_children(q->job);
        else
                job_kill(q->job, SIGTERM);
        q->asked_to_end = true;
}

void http_tick(struct server *s)
{
        connection_tick(s);
        for (struct request *q = s->requests; q; q = q->next)
                if (q->job && q->is_exec && (s->quitting || connection_gone(q->connection)))
                        end_exec(q);
}

void http_quiesce(struct server *s)
{
        struct listener *all[] = { &s->tcp, &s->local };

        s->quitting = true;
        for (size_t i = 0; i < ARRAY_SIZE(all); i++)
                if (all[i]->daemon) {
                        int fd = MHD_quiesce_daemon(all[i]->daemon);

                        if (fd >= 0)
                                (void)close(fd);
                }
}

void http_stop(struct server *s)
{
        struct listener *all[] = { &s->tcp, &s->local };

        for (struct request *q = s->requests; q; q = q->next)
                wait_resume(q);
        for (size_t i = 0; i < ARRAY_SIZE(all); i++)
                if (all[i]->daemon)
                        MHD_stop_daemon(all[i]->daemon);
}
