/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs spec: writes a config.json to start from. A file that exists is never replaced.
 */
#include "cli/cli.h"
#include "cli/output.h"
#include "base/cleanup.h"
#include "base/err.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct values {
        const char *bundle, *file;
        bool rootless;
};

static const struct option_def options[] = {
        { "bundle", 'b', OPTION_TEXT, offsetof(struct values, bundle), "DIR", NULL,
          "directory of the bundle; the current directory by default" },
        { "file", 'f', OPTION_TEXT, offsetof(struct values, file), "FILE", NULL,
          "file to write in place of config.json; - is standard output" },
        { "rootless", 0, OPTION_FLAG, offsetof(struct values, rootless), NULL, NULL,
          "for a container that an ordinary user runs" },
        { 0 },
};

static int write_all(int fd, const char *text, const char *path, struct cfs_error *err)
{
        for (size_t left = strlen(text); left > 0;) {
                ssize_t n = write(fd, text, left);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_sys(err, errno, "write", "write %s", path);
                text += n;
                left -= (size_t)n;
        }
        return 0;
}

static int write_new(const char *bundle, const char *path, const char *text, struct cfs_error *err)
{
        _cleanup_close_ int dir = -1, fd = -1;
        int r;

        if (bundle) {
                dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (dir < 0)
                        return err_sys(err, errno, "open", "open bundle %s", bundle);
        }
        fd = openat(bundle ? dir : AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
        if (fd < 0 && errno == EEXIST)
                return err_hint(err, err_set(err, CFS_E_EXISTS, "%s: file exists", path), "remove it first");
        if (fd < 0)
                return err_sys(err, errno, "open", "make %s", path);
        r = write_all(fd, text, path, err);
        if (r < 0) /* it is ours: O_EXCL */
                (void)unlinkat(bundle ? dir : AT_FDCWD, path, 0);
        return r;
}

static int cmd_spec_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                        struct cfs_error *err)
{
        const struct values *v = values;
        _cleanup_free_ char *json = NULL;
        int r = cfs_spec(v->rootless, &json, err);

        if (r < 0)
                return r;
        if (!v->file || !STREQ(v->file, "-"))
                return write_new(v->bundle, v->file ? v->file : "config.json", json, err);
        (void)output_print(json);
        return 0;
}

const struct command cmd_spec_command = {
        .name = "spec",
        .args = "",
        .flags = COMMAND_NO_ROOT,
        .summary = "write a config.json to start from",
        .description =
                "Writes a config.json that runs `sh` in a container of its own, with a read-only root file\n"
                "system in the directory rootfs. With --rootless the container has a user namespace in\n"
                "which the calling user is root, and the host's network.",
        .examples = "cfs spec --bundle /srv/bundle",
        .options = options,
        .values_size = sizeof(struct values),
        .run = cmd_spec_run,
};
