/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The requests that the server answers, as one table. openapi.json describes the same requests;
 * tests/box/serve.bats compares the two.
 */
#ifndef BOX_SERVE_ROUTES_H
#define BOX_SERVE_ROUTES_H

#include "box/serve/server.h"

enum {
        ROUTE_OPEN = 1 << 0,     /* needs no token                              */
        ROUTE_PAGE = 1 << 1,     /* the page that a browser is led to           */
        ROUTE_BODY = 1 << 2,     /* has a JSON document                         */
        ROUTE_MAY_BODY = 1 << 3, /* may have one                                */
        ROUTE_FILE = 1 << 4,     /* a file of the page                          */
};

struct route {
        const char *method;
        const char *path;  /* "/containers/{id}/logs"; {name} may hold slashes, as names of images do */
        const char *query; /* its parameters, separated by blanks                                     */
        unsigned flags;
        int (*answer)(struct request *q, struct cfs_error *err);
};

extern const struct route routes_table[]; /* ends with an empty row */

/* The route of a request. NULL: no path fits (*ret_allow is "") or none with that method (*ret_allow has the
 * methods that there are). *ret_name is what stands for {id} or {name}. HEAD is GET. */
const struct route *routes_find(const char *method, const char *path, const char **ret_name,
                                struct str *ret_name_text, char ret_allow[64]);

void routes_print(void);

/* ---- the functions of the table, in the files of their subjects ---------------------------------------- */

int files_index(struct request *q, struct cfs_error *err);
int files_script(struct request *q, struct cfs_error *err);
int files_style(struct request *q, struct cfs_error *err);
int files_icon(struct request *q, struct cfs_error *err);
int files_openapi(struct request *q, struct cfs_error *err);

int documents_containers(struct request *q, struct cfs_error *err);
int documents_container(struct request *q, struct cfs_error *err);
int documents_history(struct request *q, struct cfs_error *err);
int documents_images(struct request *q, struct cfs_error *err);
int documents_image(struct request *q, struct cfs_error *err);
int documents_networks(struct request *q, struct cfs_error *err);
int documents_volumes(struct request *q, struct cfs_error *err);
int documents_info(struct request *q, struct cfs_error *err);
int documents_session(struct request *q, struct cfs_error *err);

int actions_run(struct request *q, struct cfs_error *err);
int actions_start(struct request *q, struct cfs_error *err);
int actions_stop(struct request *q, struct cfs_error *err);
int actions_restart(struct request *q, struct cfs_error *err);
int actions_kill(struct request *q, struct cfs_error *err);
int actions_remove(struct request *q, struct cfs_error *err);
int actions_exec(struct request *q, struct cfs_error *err);
int actions_remove_image(struct request *q, struct cfs_error *err);
int actions_pull(struct request *q, struct cfs_error *err);

int stream_logs(struct request *q, struct cfs_error *err);
int stream_stats(struct request *q, struct cfs_error *err);
int stream_all_stats(struct request *q, struct cfs_error *err);
int stream_events(struct request *q, struct cfs_error *err);

#endif
