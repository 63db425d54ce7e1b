/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box pull: an image from a registry, by skopeo(1), which handles authentication, mirrors and
 * signatures.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/cmd/pull.h"
#include "box/core/directory.h"
#include "box/core/process.h"
#include "box/image/import.h"
#include "box/image/layer.h"
#include "box/store/image.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct values {
        const char *authfile, *name;
        bool insecure;
};

#define AT(field) offsetof(struct values, field)

static bool has_transport(const char *ref)
{
        static const char *const known[] = { "docker:",         "oci:", "oci-archive:",
                                             "docker-archive:", "dir:", "containers-storage:",
                                             "docker-daemon:" };

        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (str_has_prefix(ref, known[i]))
                        return true;
        return false;
}

static int copy(const struct box *box, const char *source, const char *target, const struct values *v,
                struct cfs_error *err)
{
        const char *argv[12] = { "skopeo", "copy" };
        const struct process p = { .argv = argv, .inherit_output = !box->quiet };
        _cleanup_free_ char *out = NULL, *errs = NULL;
        int n = 2, status = 0, r;

        if (v->authfile) {
                argv[n++] = "--src-authfile";
                argv[n++] = v->authfile;
        }
        if (v->insecure)
                argv[n++] = "--src-tls-verify=false";
        argv[n++] = source;
        argv[n] = target;
        r = process_run(&p, &status, &out, &errs, err);
        if (r < 0)
                return err->code == CFS_E_NOT_FOUND ? err_hint(err, r, "apt-get install skopeo") : r;
        if (status != 0)
                return err_set(err, CFS_E_SYSTEM, "skopeo could not copy `%s`: %.400s", source,
                               errs ? errs : "see its messages above");
        return 0;
}

static int pull(struct box *box, const char *ref, const struct values *v, char id[DIGEST_SIZE],
                struct cfs_error *err)
{
        _cleanup_free_ char *source = NULL, *dir = NULL, *target = NULL;
        /* What is asked for by its digest has no tag. */
        struct import_options o = { .name = v->name                                  ? v->name
                                            : has_transport(ref) || strchr(ref, '@') ? NULL
                                                                                     : ref };
        struct cfs_error ignored;
        int r = str_printf(&source, err, "%s%s", has_transport(ref) ? "" : "docker://", ref);

        if (r >= 0)
                r = layer_tree_make(box, &dir, err);
        if (r < 0)
                return r;
        r = str_printf(&target, err, "oci:%s", dir);
        if (r >= 0)
                r = copy(box, source, target, v, err);
        if (r >= 0)
                r = import_image(box, dir, &o, id, err);
        (void)directory_remove(box, dir, &ignored);
        return r;
}

static int pull_run(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        struct cfs_error ignored;
        char id[DIGEST_SIZE] = "";
        int r = pull(box, args[0], values, id, err);

        (void)layer_collect(box, &ignored);
        if (r < 0)
                return r;
        printf("%s\n", id);
        return 0;
}

int pull_for_run(struct box *box, const char *image, const char *policy, struct cfs_error *err)
{
        const struct values v = { .name = NULL };
        struct cfs_error ignored, missing;
        bool quiet = box->quiet;
        char id[DIGEST_SIZE] = "";
        int r;

        if (!policy || STREQ(policy, "never"))
                return 0;
        if (STREQ(policy, "missing")) {
                r = store_image_find(box, image, id, &missing);
                if (r >= 0)
                        return 0;
                if (missing.code != CFS_E_NOT_FOUND) {
                        *err = missing;
                        return r;
                }
        }
        /* Standard output is the program's: not skopeo's. */
        box->quiet = true;
        r = pull(box, image, &v, id, err);
        box->quiet = quiet;
        (void)layer_collect(box, &ignored);
        return r < 0 ? r : 0;
}

static const struct option_def options[] = {
        { "name", 'n', OPTION_TEXT, AT(name), "NAME[:TAG]", NULL, "the name for the image; REF by default" },
        { "authfile", 0, OPTION_TEXT, AT(authfile), "FILE", NULL,
          "credentials, as `skopeo login` writes them" },
        { "tls-verify-off", 0, OPTION_FLAG, AT(insecure), NULL, NULL,
          "accept a registry without a valid certificate" },
        { 0 },
};

const struct command cmd_pull_command = {
        .name = "pull",
        .args = "REF",
        .min_args = 1,
        .max_args = 1,
        .summary = "fetch an image from a registry, by skopeo",
        .description =
                "REF is [HOST/]NAME[:TAG], where HOST is docker.io by default, or anything that skopeo(1)\n"
                "copies from, such as docker-archive:FILE or containers-storage:NAME. Prints the image's ID.",
        .examples = "cfs-box pull docker.io/library/alpine:3.19",
        .options = options,
        .values_size = sizeof(struct values),
        .run = pull_run,
};
