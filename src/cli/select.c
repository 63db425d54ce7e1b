/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The containers that a command is for: one by its ID, or with --regex all whose ID an extended regular
 * expression (regex(7)) matches somewhere. The IDs are collected first, because the command changes what is
 * being listed.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/err.h"
#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct selection {
        regex_t regex;
        char **ids;
        size_t n;
};

static void selection_free(struct selection *s)
{
        for (size_t i = 0; i < s->n; i++)
                free(s->ids[i]);
        free(s->ids);
        regfree(&s->regex);
}

static int add(void *data, const struct cfs_info *info)
{
        struct selection *s = data;
        char **grown;

        if (regexec(&s->regex, info->id, 0, NULL, 0) != 0)
                return 0;
        grown = realloc(s->ids, (s->n + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        s->ids = grown;
        s->ids[s->n] = strdup(info->id);
        if (!s->ids[s->n])
                return -ENOMEM;
        s->n++;
        return 0;
}

static int each_match(const struct cfs_runtime *rt, struct selection *s,
                      int (*fn)(const struct cfs_runtime *rt, const char *id, const void *data,
                                struct cfs_error *err),
                      const void *data, struct cfs_error *err)
{
        size_t failed = 0;
        int r = cfs_list(rt, add, s, err), first = 0;

        if (r < 0)
                return r == -ENOMEM ? err_nomem(err) : r;
        for (size_t i = 0; i < s->n; i++) {
                struct cfs_error own = { 0 };

                r = fn(rt, s->ids[i], data, &own);
                if (r < 0 && failed++ == 0) {
                        first = r;
                        *err = own;
                }
        }
        if (failed > 1 && !err->hint[0])
                return err_hint(err, first, "%zu of %zu containers failed; this is the first one", failed,
                                s->n);
        return first;
}

int select_each(const struct cfs_runtime *rt, const char *container, bool regex,
                int (*fn)(const struct cfs_runtime *rt, const char *id, const void *data,
                          struct cfs_error *err),
                const void *data, struct cfs_error *err)
{
        struct selection s = { .n = 0 };
        int r;

        if (!regex)
                return fn(rt, container, data, err);
        r = regcomp(&s.regex, container, REG_EXTENDED | REG_NOSUB);
        if (r != 0) {
                char why[128];

                (void)regerror(r, &s.regex, why, sizeof(why));
                return err_set(err, CFS_E_INVALID, "invalid regular expression `%s`: %s", container, why);
        }
        r = each_match(rt, &s, fn, data, err);
        selection_free(&s);
        return r;
}
