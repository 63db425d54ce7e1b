/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `cfs-box serve`: containers, images and history over HTTP, for programs and for a browser.
 *
 * The server is a program of its own, cfs-box-serve: cfs-box with libmicrohttpd. That library brings a TLS
 * library with it, which takes longer to load than a container takes to run, and no other command needs it.
 */
#ifndef BOX_SERVE_SERVE_H
#define BOX_SERVE_SERVE_H

#include "box/core/box.h"

struct serve_options {
        const char *listen; /* "ADDRESS:PORT", "none", or NULL: 127.0.0.1:1337                            */
        const char *socket; /* path of a Unix socket, or NULL                                             */
        bool insecure;      /* an address of --listen that other machines reach is wanted                 */
        bool print_routes;  /* only list what is answered, for the test of openapi.json                   */
};

/* Serves until SIGTERM or SIGINT. In cfs-box itself it executes cfs-box-serve (src/box/serve.c). */
int serve_run(struct box *box, const struct serve_options *o, struct cfs_error *err);

#endif
