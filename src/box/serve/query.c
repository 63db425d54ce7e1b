/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parameters of a request: libmicrohttpd has split the query into names and values.
 */
#include "box/serve/query.h"
#include "base/cleanup.h"
#include "box/core/time.h"

const char *query_text(const struct request *q, const char *name)
{
        const char *value = NULL;

        if (MHD_lookup_connection_value_n(q->c, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, NULL) ==
            MHD_NO)
                return NULL;
        return value ? value : "";
}

int query_flag(const struct request *q, const char *name, bool *ret, struct cfs_error *err)
{
        const char *value = query_text(q, name);

        if (!value)
                return 0;
        *ret = !*value || STREQ(value, "1") || STREQ(value, "true");
        if (*ret || STREQ(value, "0") || STREQ(value, "false"))
                return 0;
        return err_set(err, CFS_E_INVALID, "query: %s: expected 1 or 0, got `%.60s`", name, value);
}

int query_number(const struct request *q, const char *name, int64_t *ret, struct cfs_error *err)
{
        const char *value = query_text(q, name);

        if (!value || (str_to_i64(value, ret) == 0 && *ret >= 0))
                return 0;
        return err_set(err, CFS_E_INVALID, "query: %s: expected a number, got `%.60s`", name, value);
}

int query_time(const struct request *q, const char *name, int64_t *ret, struct cfs_error *err)
{
        const char *text = query_text(q, name);

        if (!text || time_parse(text, ret))
                return 0;
        return err_set(err, CFS_E_INVALID,
                       "query: %s: expected seconds since 1970, or a time such as 2026-01-31T12:00:00Z",
                       name);
}
