/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the server holds: sockets, connections, requests. All of it belongs to one thread.
 */
#ifndef BOX_SERVE_SERVER_H
#define BOX_SERVE_SERVER_H

#include "base/str.h"
#include "box/core/box.h"
#include "box/serve/admit.h"
#include "box/serve/job.h"
#include <microhttpd.h>

struct route;
struct stream;
struct sampler;
struct server;

/* One listening socket. */
struct listener {
        struct watch watch; /* libmicrohttpd's epoll descriptor */
        struct MHD_Daemon *daemon;
        struct server *server;
        bool local; /* a Unix socket */
};

struct server {
        struct box *box;
        struct loop loop;
        struct token token;
        struct admit_rules rules;
        struct listener tcp, local;
        char *socket_path; /* to be removed at the end */
        struct connection *connections;
        struct request *requests;
        unsigned n_jobs, n_execs, n_streams;
        bool repairing;
        struct sampler *sampler;
        bool quitting;
        struct str containers
                [2]; /* cache of the answers to GET /containers, without and with ?all (documents.c) */
        int64_t containers_version[2], containers_time[2];
};

struct connection {
        struct server *server;
        struct connection *next;
        int fd;
        bool local, uid_known;
        uid_t uid;
        int64_t deadline; /* when it is closed, seconds of the monotonic clock; 0: a request is being worked on */
};

struct request {
        struct server *server;
        struct connection *connection;
        struct MHD_Connection *c;
        struct request *next;
        const struct route *route;
        const char *name; /* what stands for {id} or {name} in the path */
        struct str path, body;
        char id[BOX_ID_SIZE], container[64], state[16]; /* the container that it is about */
        struct job *job;                                /* it waits for this one                        */
        bool is_exec;                                   /* the job is an exec: it ends with its client  */
        bool asked_to_end;
        bool suspended;        /* libmicrohttpd does not look at it            */
        struct stream *stream; /* or it is a stream                            */
        int (*finish)(struct request *q, struct job *j, struct cfs_error *err);
        struct MHD_Response *response; /* its answer */
        unsigned status;
};

#endif
