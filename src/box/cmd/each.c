/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One word after the other: see each.h.
 */
#include "box/cmd/each.h"
#include <stdio.h>

int each_word(struct box *box, const char *const *words, const void *data,
              int (*fn)(struct box *box, const char *word, const void *data, struct cfs_error *err),
              struct cfs_error *err)
{
        struct cfs_error one;
        int result = 0;

        for (; *words; words++) {
                int r = fn(box, *words, data, &one);

                if (r >= 0)
                        continue;
                if (result < 0)
                        fprintf(stderr, "cfs-box: %s\n", err->text);
                *err = one;
                result = r;
        }
        return result;
}
