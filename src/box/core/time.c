/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a time by strptime(3), which has to use up the whole text.
 */
#include "box/core/time.h"
#include "base/cleanup.h"
#include "base/str.h"
#include <time.h>

bool time_parse(const char *text, int64_t *ret)
{
        struct tm tm = { 0 };
        const char *rest;

        if (str_to_i64(text, ret) == 0)
                return true;
        rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
        if (!rest || (*rest && !STREQ(rest, "Z")))
                return false;
        *ret = (int64_t)timegm(&tm);
        return true;
}
