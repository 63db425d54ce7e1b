/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs check and cfs explain: the plan walked without touching anything.
 *
 * check first decodes the document, which reports every syntax, type and range error with its position, then runs the
 * check column of all rows on what could be decoded. The same checks are create's first act, so what passes here is
 * refused there only for reasons that lie in the moment.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "libcfs/engine.h"
#include "libcfs/bundle.h"
#include "libcfs/cfs.h"
#include "libcfs/ctx.h"
#include "oci.h"
#include <fcntl.h>
#include <stdlib.h>

struct checker {
        const struct ctx *ctx;
        void (*fn)(void *data, const struct cfs_problem *p);
        void *data;
        bool invalid, cannot;
};

static void decode_problem(void *data, unsigned line, unsigned column, const char *pointer,
                           const char *message)
{
        struct checker *k = data;
        struct cfs_problem p = { .file = k->ctx->config_name,
                                 .line = line,
                                 .column = column,
                                 .property = pointer,
                                 .message = message };

        k->invalid = true;
        k->fn(k->data, &p);
}

static void row_problem(void *data, bool host, const char *property, const char *message, const char *hint)
{
        struct checker *k = data;
        struct cfs_problem p = { .host = host,
                                 .file = k->ctx->config_name,
                                 .property = property,
                                 .message = message,
                                 .hint = hint };

        if (property[0] &&
            oci_locate(k->ctx->config_text, k->ctx->config_len, property, &p.line, &p.column) < 0)
                p.line = p.column = 0;
        *(host ? &k->cannot : &k->invalid) = true;
        k->fn(k->data, &p);
}

int cfs_check(const char *bundle, const char *config, bool host,
              void (*fn)(void *data, const struct cfs_problem *p), void *data, struct cfs_error *err)
{
        struct ctx c;
        struct checker k = { .ctx = &c, .fn = fn, .data = data };
        void *root = NULL;
        int r;

        ctx_init(&c, WALK_CREATE);
        r = ctx_facts(&c, err);
        if (r >= 0)
                r = bundle_read(&c, bundle, config, err);
        if (r >= 0) {
                r = oci_decode_all(&oci_config_type, c.config_name, c.config_text, c.config_len,
                                   decode_problem, &k, &root, &c.arena, err);
                r = r < 0 && !k.invalid ? r : 0; /* out of memory; what is invalid has been reported */
        }
        if (r >= 0 && root) {
                c.config = root;
                r = bundle_documents(&c, err);
                if (r >= 0)
                        (void)engine_check_all(&c, host, row_problem, &k);
        }
        ctx_done(&c);
        return r < 0 ? r : k.invalid ? 1 : k.cannot ? 2 : 0;
}

int cfs_explain(const struct cfs_runtime *rt, const char *id, const struct cfs_create_options *o,
                void (*fn)(void *data, const char *step, const char *line), void *data, struct cfs_error *err)
{
        struct ctx c;
        int r;

        ctx_init(&c, WALK_CREATE);
        c.runtime = rt;
        c.create = o;
        c.id = id;
        c.foreground = true; /* explain the configuration, not the way it is called */
        r = ctx_facts(&c, err);
        if (r >= 0)
                r = bundle_load(&c, o->bundle, o->config, err);
        if (r >= 0)
                r = bundle_locate(&c, engine_check(&c, err), err);
        if (r >= 0)
                engine_explain(&c, fn, data);
        ctx_done(&c);
        return r;
}
