/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `serve` in cfs-box: the same command line again, by the program beside it that has an HTTP library.
 */
#include "box/serve/serve.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define MAX_WORDS 4096
#define MAX_LINE  (1U << 20)

/* The words that this process was started with: main() has parsed them, and changed none. */
static int own_words(char **ret_text, char *words[MAX_WORDS], struct cfs_error *err)
{
        size_t len = 0, n = 0;
        int r = io_read_file(AT_FDCWD, "/proc/self/cmdline", MAX_LINE, ret_text, &len, err);

        for (char *p = *ret_text; r >= 0 && p < *ret_text + len && n < MAX_WORDS - 1; p += strlen(p) + 1)
                words[n++] = p;
        words[n] = NULL;
        return r;
}

int serve_run(struct box *box, const struct serve_options *o, struct cfs_error *err)
{
        _cleanup_free_ char *program = NULL, *text = NULL;
        char *words[MAX_WORDS];
        int r = str_printf(&program, err, "%s/cfs-box-serve", box->programs);

        if (r >= 0)
                r = own_words(&text, words, err);
        if (r < 0)
                return r;
        (void)execv(program, words);
        if (errno == ENOENT)
                return err_hint(err,
                                err_set(err, CFS_E_UNSUPPORTED,
                                        "this cfs-box has no server: `%s` does not exist", program),
                                "libmicrohttpd was missing when it was built (libmicrohttpd-dev)");
        return err_sys(err, errno, "execv", "execute `%s`", program);
}
