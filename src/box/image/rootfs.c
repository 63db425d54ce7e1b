/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration of an image that is made of a bare root file system.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "box/core/architecture.h"
#include "box/image/import.h"
#include "box/store/image.h"

static char *default_command[] = { (char *)"/bin/sh", NULL };
static char *default_env[] = { (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                               NULL };

static size_t count(const char *const *words)
{
        size_t n = 0;

        while (words && words[n])
                n++;
        return n;
}

int rootfs_image(const struct box *box, int64_t layer, const char *diff_id, const struct import_options *o,
                 const char *created_by, char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        char *diff_ids[] = { (char *)diff_id, NULL };
        struct oci_image_config config = {
                .env = default_env, .n_env = 1, .cmd = default_command, .n_cmd = 1
        };
        struct oci_image_rootfs rootfs = { .type = (char *)"layers", .diff_ids = diff_ids, .n_diff_ids = 1 };
        struct oci_image_history step = { .created_by = (char *)created_by }, *steps[] = { &step };
        struct oci_image image = { .architecture = (char *)architecture_name(),
                                   .os = (char *)"linux",
                                   .config = &config,
                                   .rootfs = &rootfs,
                                   .history = steps,
                                   .n_history = 1 };
        _cleanup_free_ char *text = NULL;
        int r;

        if (o->command) {
                config.cmd = (char **)o->command;
                config.n_cmd = count(o->command);
        }
        if (o->env) {
                config.env = (char **)o->env;
                config.n_env = count(o->env);
        }
        r = oci_encode(&oci_image_type, &image, 0, &text, NULL, err);
        if (r < 0)
                return r;
        r = store_image_add(box, text, &layer, 1, o->name, ret_id, err);
        if (r >= 0 && o->added)
                o->added(ret_id);
        return r;
}
