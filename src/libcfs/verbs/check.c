/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs check: the checks of the plan, without touching anything.
 *
 * It first decodes the document, which reports every syntax, type and range error with its position, then
 * runs the check column of all rows on what could be decoded. The same checks are create's first act, so what
 * passes here is refused there only for reasons that lie in the moment.
 *
 * A row that finds a value missing which the decoder refused would report it a second time: such problems are
 * dropped; so are all when the text is not JSON, and what is missing may be in the rest.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "libcfs/walk/engine.h"
#include "libcfs/container/bundle.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "oci.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct checker {
        const struct ctx *ctx;
        void (*fn)(void *data, const struct cfs_problem *p);
        void *data;
        bool invalid, cannot, broken;
        struct str refused; /* the properties that the decoder has reported, each with a newline after it */
};

static void decode_problem(void *data, unsigned line, unsigned column, const char *property,
                           const char *message)
{
        struct checker *k = data;
        char excerpt[100];
        struct cfs_problem p = { .file = k->ctx->config_name,
                                 .line = line,
                                 .column = column,
                                 .property = property,
                                 .message = message };

        if (!*property) {
                p.caret = oci_excerpt(k->ctx->config_text, k->ctx->config_len, line, column, excerpt,
                                      sizeof(excerpt));
                p.excerpt = excerpt;
        }
        k->invalid = true;
        k->broken |= !*property;
        str_addf(&k->refused, "%s\n", property);
        k->fn(k->data, &p);
}

static void unknown_property(void *data, unsigned line, unsigned column, const char *property,
                             const char *nearest)
{
        struct checker *k = data;
        char hint[80];
        struct cfs_problem p = { .kind = CFS_PROBLEM_NOTE,
                                 .file = k->ctx->config_name,
                                 .line = line,
                                 .column = column,
                                 .property = property,
                                 .message = "unknown property, ignored",
                                 .hint = nearest ? hint : NULL };

        (void)snprintf(hint, sizeof(hint), "did you mean `%s`?", nearest ? nearest : "");
        k->fn(k->data, &p);
}

/* Has the decoder reported the property, or one that holds it, or an entry of the list that it is? */
static bool is_refused(const struct checker *k, const char *property)
{
        size_t own = strlen(property);

        for (const char *line = k->refused.p; line && *line;) {
                size_t n = strcspn(line, "\n");

                if (n && strncmp(property, line, n) == 0 && strchr(".[", property[n]))
                        return true;
                if (own && own < n && strncmp(line, property, own) == 0 && line[own] == '[')
                        return true;
                line += n + 1;
        }
        return false;
}

static void row_problem(void *data, enum problem_kind kind, const char *property, const char *message,
                        const char *hint)
{
        static const enum cfs_problem_kind kinds[] = { [PROBLEM_INVALID] = CFS_PROBLEM_INVALID,
                                                       [PROBLEM_HOST] = CFS_PROBLEM_HOST,
                                                       [PROBLEM_NOTE] = CFS_PROBLEM_NOTE };
        struct checker *k = data;
        struct cfs_problem p = { .kind = kinds[kind],
                                 .file = k->ctx->config_name,
                                 .property = property,
                                 .message = message,
                                 .hint = hint };

        if (is_refused(k, property))
                return;
        if (property[0] &&
            oci_locate(k->ctx->config_text, k->ctx->config_len, property, &p.line, &p.column) < 0)
                p.line = p.column = 0;
        k->cannot |= kind == PROBLEM_HOST;
        k->invalid |= kind == PROBLEM_INVALID;
        k->fn(k->data, &p);
}

int cfs_check(const char *bundle, const char *config, bool host,
              void (*fn)(void *data, const struct cfs_problem *p), void *data, struct cfs_error *err)
{
        _cleanup_ctx_ struct ctx c;
        struct checker k = { .ctx = &c, .fn = fn, .data = data };
        const struct oci_decode_options options = { .unknown = unknown_property,
                                                    .report = decode_problem,
                                                    .data = &k };
        void *root = NULL;
        int r;

        ctx_init(&c, WALK_CREATE);
        r = ctx_facts(&c, err);
        if (r >= 0)
                r = bundle_read(&c, bundle, config, err);
        if (r >= 0) {
                r = oci_decode_with(&oci_config_type, c.config_name, c.config_text, c.config_len, &options,
                                    &root, &c.arena, err);
                r = r < 0 && !k.invalid ? r : 0; /* out of memory; what is invalid has been reported */
        }
        if (r >= 0 && root) {
                c.config = root;
                r = bundle_documents(&c, err);
                if (r >= 0 && !k.broken)
                        (void)engine_check_all(&c, host, true, row_problem, &k);
        }
        str_free(&k.refused);
        return r < 0 ? r : k.invalid ? 1 : k.cannot ? 2 : 0;
}
