/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON on standard output. */
#include "cli/jsonout.h"
#include "base/cleanup.h"
#include <stdio.h>

int jsonout_print(struct json_writer *w, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        int r = json_write_take(w, &text, NULL, err);

        if (r >= 0)
                printf("%s\n", text);
        return r;
}
