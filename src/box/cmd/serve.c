/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box serve.
 */
#include "box/serve/serve.h"
#include "box/cmd/cmd.h"
#include <stddef.h>

#define AT(field) offsetof(struct serve_options, field)

static int run_serve(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return serve_run(box, values, err);
}

static const struct option_def options[] = {
        { "listen", 0, OPTION_TEXT, AT(listen), "ADDRESS:PORT", NULL,
          "the address to listen on, 127.0.0.1:1337 by default; none: only --socket" },
        { "socket", 0, OPTION_TEXT, AT(socket), "PATH", NULL,
          "a Unix socket as well, for root and you alone" },
        { "insecure-listen", 0, OPTION_FLAG, AT(insecure), NULL, NULL,
          "allow an ADDRESS that other machines reach: those who read the traffic get the token, and with it "
          "root's rights" },
        { "print-routes", 0, OPTION_FLAG, AT(print_routes), NULL, NULL, NULL },
        { 0 },
};

const struct command cmd_serve_command = {
        .name = "serve",
        .args = "",
        .summary = "answer over HTTP, for programs and for a browser",
        .description =
                "Serves containers, images and history as JSON, and a page that shows them. Programs of root\n"
                "and of your own user may use the server, and so may programs that send the token; they can\n"
                "do what you can do. The token is part of the page's address, which serve prints, and is in\n"
                "the file serve.token of the store's directory. A browser always needs it. `GET\n"
                "/openapi.json` describes all requests.\n"
                "\n"
                "Containers go on when the server ends. Nothing is encrypted: from another machine, use `ssh\n"
                "-L 1337:127.0.0.1:1337 HOST`.",
        .examples = "cfs-box serve\n"
                    "curl http://127.0.0.1:1337/containers\n"
                    "curl --json '{\"state\":\"run\",\"image\":\"busybox\",\"command\":\"echo hello\"}' "
                    "http://127.0.0.1:1337/run",
        .options = options,
        .values_size = sizeof(struct serve_options),
        .run = run_serve,
};
