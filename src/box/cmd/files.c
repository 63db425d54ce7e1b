/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box cp, diff, commit: the files of containers.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/visible.h"
#include "box/cmd/cmd.h"
#include "box/container/files.h"
#include "box/image/layer.h"
#include "box/store/container.h"
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct values {
        const char *author, *message;
        const char **change;
        bool follow;
};

#define AT(field) offsetof(struct values, field)

/* ---- cp ------------------------------------------------------------------------------------------------ */

/* "NAME:PATH": a name has no slash. */
static const char *split(const char *arg, char *name, size_t size)
{
        const char *colon = strchr(arg, ':'), *slash = strchr(arg, '/');

        if (!colon || (slash && slash < colon) || (size_t)(colon - arg) >= size)
                return NULL;
        (void)snprintf(name, size, "%.*s", (int)(colon - arg), arg);
        return colon + 1;
}

static int run_cp(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        char name[BOX_ID_SIZE + 64], id[BOX_ID_SIZE];
        const char *from = split(args[0], name, sizeof(name)),
                   *to = from ? NULL : split(args[1], name, sizeof(name));
        int r;

        if (!from && !to)
                return err_set(err, CFS_E_INVALID, "one of the two must be CONTAINER:PATH");
        if (from && split(args[1], id, sizeof(id)))
                return err_set(err, CFS_E_INVALID, "only one of the two can be CONTAINER:PATH");
        r = store_container_find(box, name, id, err);
        if (r < 0)
                return r;
        return from ? files_copy_out(box, id, from, args[1], v->follow, err)
                    : files_copy_in(box, id, args[0], to, v->follow, err);
}

static const struct option_def cp_options[] = {
        { "follow-link", 'L', OPTION_FLAG, AT(follow), NULL, NULL,
          "copy what a link leads to, when a link is named" },
        { "archive", 'a', OPTION_FLAG, OPTION_IGNORED, NULL, NULL,
          "accepted for compatibility: owners and modes are always kept" },
        { "quiet", 'q', OPTION_FLAG, OPTION_IGNORED, NULL, NULL,
          "accepted for compatibility: no progress is shown" },
        { 0 },
};

const struct command cmd_cp_command = {
        .name = "cp",
        .args = "CONTAINER:PATH PATH | PATH CONTAINER:PATH",
        .min_args = 2,
        .max_args = 2,
        .flags = COMMAND_ENTERS,
        .summary = "copy files between a container and the host",
        .description =
                "Copies files, and directories with everything in them, with owners, modes, times and\n"
                "attributes. The container may run or not. When the destination is a directory, the copy is\n"
                "put into it; otherwise the copy gets that name. Symbolic links of the container are followed\n"
                "inside the container only. With \"-\" in place of the host's PATH, cp writes or reads a tar\n"
                "archive on standard output or input.",
        .examples = "cfs-box cp web:/var/log/messages .\ncfs-box cp index.html web:/var/www/",
        .options = cp_options,
        .values_size = sizeof(struct values),
        .run = run_cp,
};

/* ---- diff ---------------------------------------------------------------------------------------------- */

/* What a container calls its files must not command the terminal. A program that reads this gets them as they
 * are. */
static int print_change(void *data, char kind, const char *path)
{
        const bool *terminal = data;
        char shown[PATH_MAX];

        if (*terminal) {
                (void)snprintf(shown, sizeof(shown), "%s", path);
                visible_make(shown);
        }
        printf("%c /%s\n", kind, *terminal ? shown : path);
        return 0;
}

static int run_diff(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        bool terminal = isatty(STDOUT_FILENO);
        char id[BOX_ID_SIZE];
        int r = store_container_find(box, args[0], id, err);

        return r < 0 ? r : files_diff(box, id, print_change, &terminal, err);
}

const struct command cmd_diff_command = {
        .name = "diff",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "show what a container has changed in its root file system",
        .description =
                "Each line has a letter and a path: A for added, C for changed, D for removed, compared with\n"
                "the image.",
        .options = options_none,
        .run = run_diff,
};

/* ---- commit -------------------------------------------------------------------------------------------- */

static int run_commit(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        const struct files_commit_options o = {
                .name = args[1], .author = v->author, .message = v->message, .changes = v->change
        };
        struct cfs_error ignored;
        char id[BOX_ID_SIZE], image[DIGEST_SIZE];
        int r = store_container_find(box, args[0], id, err);

        if (r >= 0)
                r = files_commit(box, id, &o, image, err);
        (void)layer_collect(box, &ignored);
        if (r < 0)
                return r;
        printf("%s\n", image);
        return 0;
}

static const struct option_def commit_options[] = {
        { "author", 'a', OPTION_TEXT, AT(author), "TEXT", NULL, "who made it" },
        { "message", 'm', OPTION_TEXT, AT(message), "TEXT", NULL, "a remark" },
        { "change", 'c', OPTION_LIST, AT(change), "WORDS", NULL,
          "change the configuration by a line of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR" },
        { 0 },
};

const struct command cmd_commit_command = {
        .name = "commit",
        .args = "CONTAINER [NAME[:TAG]]",
        .min_args = 1,
        .max_args = 2,
        .summary = "make an image of a container",
        .description =
                "The changes of the container become one more layer above the layers of its image. The\n"
                "configuration is that of the image, with the changes of --change, and without ONBUILD.\n"
                "Prints the new image's ID.",
        .examples = "cfs-box commit -c 'CMD httpd -f' web web:1",
        .options = commit_options,
        .values_size = sizeof(struct values),
        .run = run_commit,
};
