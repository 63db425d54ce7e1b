/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --log-driver and --log-opt: how much of a container's output is kept. The answer is in the file log-size
 * of the bundle, where conmon_start() finds it at each start: a number of bytes, 0 for no log; no file: no
 * limit.
 *
 * conmon begins a new file when the limit is reached and forgets the old one. docker keeps max-file of
 * them.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/container/container.h"
#include <fcntl.h>
#include <stdio.h>

#define SMALLEST 4096

static int take_option(const char *option, int64_t *size, struct cfs_error *err)
{
        uint64_t files;

        if (str_has_prefix(option, "max-size=")) {
                int r = parse_bytes("log-opt max-size", option + strlen("max-size="), true, size, err);

                if (r >= 0 && *size >= 0 && *size < SMALLEST)
                        return err_set(err, CFS_E_INVALID, "--log-opt %s: at least %d bytes", option,
                                       SMALLEST);
                return r;
        }
        if (str_has_prefix(option, "max-file=") && str_to_u64(option + strlen("max-file="), &files) >= 0 &&
            files > 0)
                return 0;
        return err_set(err, CFS_E_INVALID, "--log-opt %s: expected max-size=SIZE or max-file=NUMBER", option);
}

/* -1: no limit; 0: no log. */
static int read_options(const struct run_options *o, int64_t *ret, struct cfs_error *err)
{
        int r = 0;

        *ret = -1;
        for (const char **p = o->log_options; r >= 0 && p && *p; p++)
                r = take_option(*p, ret, err);
        if (o->log_driver && STREQ(o->log_driver, "none"))
                *ret = 0;
        return r < 0 ? r : 0;
}

int log_options_check(const struct run_options *o, struct cfs_error *err)
{
        int64_t size;

        return read_options(o, &size, err);
}

int log_options_write(const struct container *c, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL;
        char text[24];
        int64_t size;
        int r = read_options(c->o, &size, err);

        if (r < 0 || size < 0)
                return r;
        (void)snprintf(text, sizeof(text), "%lld", (long long)size);
        r = str_printf(&path, err, "%s/log-size", c->dir);
        return r < 0 ? r : io_write_new(AT_FDCWD, path, text, strlen(text), 0600, err);
}
