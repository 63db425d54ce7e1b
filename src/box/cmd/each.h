/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands that do the same to each of their words.
 */
#ifndef BOX_CMD_EACH_H
#define BOX_CMD_EACH_H

#include "box/core/box.h"

/*
 * Calls fn(box, word, data) for each of the words (NULL-terminated), also after one has failed, as docker
 * does. The last error is in *err, for main() to print; the ones before are printed here, to standard error.
 *
 * Returns 0, or the last failure as a negative errno.
 */
int each_word(struct box *box, const char *const *words, const void *data,
              int (*fn)(struct box *box, const char *word, const void *data, struct cfs_error *err),
              struct cfs_error *err);

#endif
