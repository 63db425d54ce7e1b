/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page, and the description of all requests: files of this directory, embedded in the program. The
 * assembler reads them (.incbin), so there is nothing to generate; Makefile.am says that this file depends on
 * them, and where they are (SERVE_DIR): an assembler that -flto runs knows no directories to look in.
 */
#include "base/cleanup.h"
#include "box/serve/answer.h"
#include "box/serve/routes.h"

#ifndef SERVE_DIR /* for tools that read this file alone */
#define SERVE_DIR "box/serve"
#endif

#define EMBED(name, file)                                                                                    \
        __asm__(".section .rodata\n"                                                                         \
                ".balign 16\n"                                                                               \
                ".global serve_file_" #name "\n"                                                             \
                "serve_file_" #name ":\n"                                                                    \
                ".incbin \"" SERVE_DIR "/" file "\"\n"                                                       \
                ".global serve_file_" #name "_end\n"                                                         \
                "serve_file_" #name "_end:\n"                                                                \
                ".byte 0\n"                                                                                  \
                ".previous\n");                                                                              \
        extern const char serve_file_##name[], serve_file_##name##_end[]

EMBED(index, "page/index.html");
EMBED(script, "page/app.js");
EMBED(style, "page/style.css");
EMBED(icon, "page/icon.svg");
EMBED(openapi, "openapi.json");

#define ANSWER(name, type)                                                                                   \
        answer_constant(q, type, serve_file_##name,                                                          \
                        (size_t)((uintptr_t)serve_file_##name##_end - (uintptr_t)serve_file_##name), err)

/* Nothing but the files of this server, no script or style in the page itself, and no frame around it. */
#define POLICY                                                                                               \
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

int files_index(struct request *q, struct cfs_error *err)
{
        int r = ANSWER(index, "text/html; charset=utf-8");

        if (r >= 0)
                r = answer_header(q, "Content-Security-Policy", POLICY, err);
        if (r >= 0)
                r = answer_header(q, "X-Frame-Options", "DENY", err);
        return r < 0 ? r : answer_header(q, "Cross-Origin-Opener-Policy", "same-origin", err);
}

int files_script(struct request *q, struct cfs_error *err)
{
        return ANSWER(script, "text/javascript; charset=utf-8");
}

int files_style(struct request *q, struct cfs_error *err)
{
        return ANSWER(style, "text/css; charset=utf-8");
}

/* An image may be shown alone, and then is a page. */
int files_icon(struct request *q, struct cfs_error *err)
{
        int r = ANSWER(icon, "image/svg+xml");

        return r < 0 ? r : answer_header(q, "Content-Security-Policy", "default-src 'none'", err);
}

int files_openapi(struct request *q, struct cfs_error *err)
{
        return ANSWER(openapi, "application/json");
}
