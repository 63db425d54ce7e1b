/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON on standard output. */
#include "cli/jsonout.h"
#include "cli/output.h"
#include "base/cleanup.h"
#include "base/str.h"

int jsonout_print(struct json_writer *w, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL, *whole = NULL;
        int r = json_write_take(w, &text, NULL, err);

        if (r >= 0)
                r = str_printf(&whole, err, "%s\n", text);
        if (r >= 0)
                (void)output_print(whole);
        return r;
}
