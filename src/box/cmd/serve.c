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
          "where it is reached, 127.0.0.1:1337 by default; none: only by --socket" },
        { "socket", 0, OPTION_TEXT, AT(socket), "PATH", NULL,
          "a Unix socket as well, for root and you alone" },
        { "insecure-listen", 0, OPTION_FLAG, AT(insecure), NULL, NULL,
          "allow an ADDRESS that other machines reach: who sees the traffic gets the token, and with it "
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
                "and of your own user may use it, and those that send the token; they can do what you can. The\n"
                "token is printed as part of the page's address and lies in the file serve.token of the store's\n"
                "directory. A browser always needs it. `GET /openapi.json` describes all requests.\n"
                "\n"
                "Containers go on when the server ends. There is no encryption: for use from another machine,\n"
                "forward the port (`ssh -L 1337:127.0.0.1:1337 HOST`).",
        .examples = "cfs-box serve\n"
                    "curl http://127.0.0.1:1337/containers\n"
                    "curl --json '{\"state\":\"run\",\"image\":\"busybox\",\"command\":\"echo hello\"}' "
                    "http://127.0.0.1:1337/run",
        .options = options,
        .values_size = sizeof(struct serve_options),
        .run = run_serve,
};
