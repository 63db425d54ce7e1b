/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report_line(): what a row would do, in words, for `cfs explain`. */
#include "libcfs/walk/problem.h"
#include "base/visible.h"
#include <stdarg.h>
#include <stdio.h>

void report_line(struct report *r, const char *fmt, ...)
{
        char line[2048];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(line, sizeof(line), fmt, ap);
        va_end(ap);
        visible_make(line);
        r->fn(r->data, r->step, r->why, line);
}
