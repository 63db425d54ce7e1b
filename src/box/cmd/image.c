/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box image ls (images), inspect, rm, tag, export.
 */
#include "base/cleanup.h"
#include "box/cmd/cmd.h"
#include "box/cmd/each.h"
#include "box/cmd/format.h"
#include "box/cmd/output.h"
#include "box/cmd/rows.h"
#include "box/image/import.h"
#include "box/image/layer.h"
#include "box/core/progress.h"
#include "box/store/image.h"
#include "box/store/store.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

struct values {
        struct output_options out;
        bool force, compress;
        const char *filter;
};

#define AT(field) offsetof(struct values, field)

/* ---- ls ------------------------------------------------------------------------------------------------ */

static void add_row(struct output_table *t, const struct oci_box_image *im, const char *name, bool no_trunc)
{
        char ago[OUTPUT_TIME_SIZE], size[24];
        const char *colon = name ? strrchr(name, ':') : NULL;

        output_cell(t, "%.*s", colon ? (int)(colon - name) : 6, name ? name : "<none>");
        output_cell(t, "%s", colon ? colon + 1 : "<none>");
        output_cell(t, "%.*s", no_trunc ? 64 : BOX_SHORT, output_short(im->id));
        output_cell(t, "%s", output_ago(ago, im->created));
        output_cell(t, "%zu", im->n_layers);
        output_cell(t, "%s", progress_size(size, sizeof(size), im->size));
}

static int show_table(struct oci_box_image *const *images, size_t n, bool no_trunc, struct cfs_error *err)
{
        static const char *const heads[] = { "NAME", "TAG", "ID", "ADDED", "LAYERS", "SIZE" };
        struct output_table t = { .columns = ARRAY_SIZE(heads) };

        output_heads(&t, heads);
        for (size_t i = 0; i < n; i++) {
                if (images[i]->n_names == 0)
                        add_row(&t, images[i], NULL, no_trunc);
                for (size_t k = 0; k < images[i]->n_names; k++)
                        add_row(&t, images[i], images[i]->names[k], no_trunc);
        }
        return output_table(&t, err);
}

static int format_image(struct format *f, struct oci_box_image *im, const char *name, bool no_trunc,
                        struct cfs_error *err)
{
        char *row = NULL;
        int r = rows_image(im, name, no_trunc, &row, err);

        return r < 0 ? r : format_line(f, row, &oci_box_image_type, im, err);
}

static int show_by_template(struct oci_box_image *const *images, size_t n, const struct output_options *o,
                            struct cfs_error *err)
{
        struct format f;
        int r = format_begin(&f, o->format, err);

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                if (images[i]->n_names == 0)
                        r = format_image(&f, images[i], NULL, o->no_trunc, err);
                for (size_t k = 0; r >= 0 && k < images[i]->n_names; k++)
                        r = format_image(&f, images[i], images[i]->names[k], o->no_trunc, err);
        }
        return format_end(&f, r, err);
}

/* Has it this name, with any tag when none is said? */
static bool has_name(const struct oci_box_image *im, const char *ref)
{
        size_t len = strlen(ref);

        for (size_t i = 0; i < im->n_names; i++)
                if (strncmp(im->names[i], ref, len) == 0 && (!im->names[i][len] || im->names[i][len] == ':'))
                        return true;
        return false;
}

static void select_images(struct oci_box_image **images, size_t *n, const char *ref, const char *filter)
{
        size_t kept = 0;

        for (size_t i = 0; i < *n; i++)
                if ((!ref || has_name(images[i], ref)) &&
                    (!filter || (images[i]->n_names == 0) == STREQ(filter, "dangling=true")))
                        images[kept++] = images[i];
        *n = kept;
}

static int image_run_ls(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_image **images = NULL;
        struct cfs_error ignored;
        size_t n = 0;
        int r;

        (void)layer_collect(box, &ignored); /* what a killed import left */
        r = arena ? format_check(v->out.format, err) : err_nomem(err);
        if (r >= 0)
                r = store_image_list(box, NULL, arena, &images, &n, err);
        if (r < 0)
                return r;
        select_images(images, &n, args[0], v->filter);
        if (v->out.quiet) {
                for (size_t i = 0; i < n; i++)
                        printf("%.*s\n", v->out.no_trunc ? 64 : BOX_SHORT, output_short(images[i]->id));
                return 0;
        }
        if (v->out.format && STREQ(v->out.format, "json"))
                return output_json(&oci_box_image_type, (void *const *)images, n, err);
        if (format_is_template(v->out.format))
                return show_by_template(images, n, &v->out, err);
        return show_table(images, n, v->out.no_trunc, err);
}

static const struct option_def ls_options[] = {
        OUTPUT_FORMAT_OPTION(AT(out.format)),
        { "quiet", 'q', OPTION_FLAG, AT(out.quiet), NULL, NULL, "IDs only" },
        { "no-trunc", 0, OPTION_FLAG, AT(out.no_trunc), NULL, NULL, "whole IDs" },
        { "filter", 'f', OPTION_TEXT, AT(filter), "FILTER", "dangling=true dangling=false",
          "those without a name, or with one" },
        { "all", 'a', OPTION_FLAG, OPTION_IGNORED, NULL, NULL, "accepted for compatibility: all are shown" },
        { 0 },
};

#define LS(text)                                                                                             \
        {                                                                                                    \
                .name = text, .args = "[NAME[:TAG]]", .max_args = 1, .summary = "list images",               \
                .description = "Lists the images of the store, the newest first.", .options = ls_options,    \
                .values_size = sizeof(struct values), .run = image_run_ls,                                   \
        }

const struct command cmd_images_command = LS("images");
const struct command cmd_image_ls_command = LS("image ls");

/* ---- inspect ------------------------------------------------------------------------------------------- */

static int image_inspect_one(struct box *box, const char *name, const void *values, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new(), *config_arena = NULL;
        struct oci_box_image *image = NULL;
        int r = arena ? store_image_inspect(box, name, arena, &image, &config_arena, err) : err_nomem(err);

        return r < 0 ? r : output_image(image, ((const struct values *)values)->out.format, err);
}

static int image_run_inspect(struct box *box, const void *values, const char *const *args,
                             struct cfs_error *err)
{
        int r = format_check(((const struct values *)values)->out.format, err);

        return r < 0 ? r : each_word(box, args, values, image_inspect_one, err);
}

static const struct option_def inspect_options[] = {
        { "format", 'f', OPTION_TEXT, AT(out.format), "FORMAT", NULL,
          "json, or a template such as {{.Config.Env}}" },
        { 0 },
};

const struct command cmd_image_inspect_command = {
        .name = "image inspect",
        .args = "IMAGE...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "show what is known of images, as JSON",
        .description =
                "Shows the image's ID, names, layers and the configuration that containers start from.",
        .options = inspect_options,
        .values_size = sizeof(struct values),
        .run = image_run_inspect,
};

/* ---- rm, tag ------------------------------------------------------------------------------------------- */

static int image_rm_one(struct box *box, const char *image, const void *values, struct cfs_error *err)
{
        const struct values *v = values;
        int r = store_image_remove(box, image, v->force, err);

        if (r >= 0)
                printf("%s: %s\n", r > 0 ? "removed" : "untagged", image);
        return r;
}

static int image_run_rm(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        struct cfs_error one;
        int result = each_word(box, args, values, image_rm_one, err);

        if (layer_collect(box, &one) < 0 && result >= 0) {
                *err = one;
                result = -EIO;
        }
        return result;
}

static const struct option_def rm_options[] = {
        { "force", 'f', OPTION_FLAG, AT(force), NULL, NULL, "remove it even when it has several names" },
        { 0 },
};

const struct command cmd_image_rm_command = {
        .name = "image rm",
        .flags = COMMAND_ROOM,
        .args = "IMAGE...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "remove images",
        .description =
                "Removes a name of an image. When that was the last name, or when IMAGE is an ID, it removes\n"
                "the image, and the layers that no other image has. An image that a container was made of\n"
                "stays until that container is removed.",
        .options = rm_options,
        .values_size = sizeof(struct values),
        .run = image_run_rm,
};

static int run_tag(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        char id[DIGEST_SIZE];
        int r = store_image_find(box, args[0], id, err);

        return r < 0 ? r : store_image_tag(box, id, args[1], err);
}

const struct command cmd_image_tag_command = {
        .name = "image tag",
        .args = "IMAGE NAME[:TAG]",
        .min_args = 2,
        .max_args = 2,
        .summary = "give an image a further name",
        .description = "When another image has the name, that image loses it.",
        .options = options_none,
        .run = run_tag,
};

/* ---- export -------------------------------------------------------------------------------------------- */

static int run_export(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        struct export_image im = { .name = NULL };
        const struct export_options o = { .images = &im, .n = 1, .gzip = v->compress };
        int r = store_image_find(box, args[0], im.id, err);

        if (r >= 0)
                r = store_image_ref(args[0], im.id, &im.name, err);
        if (r >= 0)
                r = export_layout(box, &o, args[1], err);
        free(im.name);
        return r;
}

static const struct option_def export_options[] = {
        { "compress", 'z', OPTION_FLAG, AT(compress), NULL, NULL, "compress the layers with gzip" },
        { 0 },
};

const struct command cmd_image_export_command = {
        .name = "image export",
        .args = "IMAGE DIR",
        .min_args = 2,
        .max_args = 2,
        .summary = "write an image as an OCI layout",
        .description =
                "Makes the directory DIR and writes the image into it as an OCI layout, which skopeo, podman\n"
                "and docker can read. Layers that cfs-box has packed itself keep their digests. Layers of\n"
                "other tools may get new digests, and then the image gets a new ID.",
        .examples =
                "cfs-box image export busybox /tmp/busybox && skopeo copy oci:/tmp/busybox docker-archive:busybox.tar:busybox:latest",
        .options = export_options,
        .values_size = sizeof(struct values),
        .run = run_export,
};
